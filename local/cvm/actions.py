"""CVM's actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.clock import iso
from local.cvm import rendering
from local.cvm.models import Image, Instance
from local.listing import Codes, Listing
from local.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.region import Region

    Action = Callable[[Region, Mapping[str, Any]], dict[str, Any]]

_FILTER_CODES = {
    "filter_name": "InvalidFilter",
    "filters": "InvalidFilterValue.LimitExceeded",
    "filter_values": "InvalidFilterValue.LimitExceeded",
    "ids": "InvalidParameterValue.LimitExceeded",
}

IMAGES = Listing[Image](
    ids="ImageIds",
    prefix="img",
    codes=Codes(
        conflict="InvalidParameter.InvalidParameterCoexistImageIdsFilters",
        malformed="InvalidImageId.Malformed",
        limit="InvalidParameterValue.InvalidParameterValueLimit",
        **_FILTER_CODES,
    ),
    filters={
        "image-id": lambda item: [item.image_id],
        "image-type": lambda item: [item.image_type],
        "image-name": lambda item: [item.image_name],
        "platform": lambda item: [item.platform],
        "dedicated-cluster-id": lambda item: [item.dedicated_cluster_id],
        "cdc-cache-status": lambda item: [item.cdc_cache_status, f"{item.cdc_cache_status}_ALL"],
    },
    tags=lambda item: item.tags,
    vague=["image-name", "platform"],
)

INSTANCES = Listing[Instance](
    ids="InstanceIds",
    prefix="ins",
    codes=Codes(
        conflict="InvalidParameterCombination",
        malformed="InvalidInstanceId.Malformed",
        limit="InvalidParameterValueLimit",
        **_FILTER_CODES,
    ),
    filters={
        "zone": lambda item: [item.zone],
        "project-id": lambda item: [str(item.project_id)],
        "host-id": lambda _: [],
        "dedicated-cluster-id": lambda _: [],
        "vpc-id": lambda item: [item.vpc_id],
        "subnet-id": lambda item: [item.subnet_id],
        "instance-id": lambda item: [item.instance_id],
        "uuid": lambda item: [rendering.machine_uuid(item)],
        "security-group-id": lambda item: item.security_group_ids,
        "instance-name": lambda item: [item.instance_name],
        "instance-charge-type": lambda item: [item.instance_charge_type],
        "instance-state": lambda item: [item.instance_state],
        "private-ip-address": lambda item: [item.private_ip_address],
        "public-ip-address": lambda _: [],
        "ipv6-address": lambda _: [],
    },
    tags=lambda item: item.tags,
)
_TIME_FILTERS = ("creation-start-time", "creation-end-time")


def describe_images(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer DescribeImages; an id that the region has no image of is an error."""
    ids = IMAGES.ids_asked(params)
    if ids is None:
        found = IMAGES.select(region.images.values(), params)
    else:
        for identifier in ids:
            if identifier not in region.images:
                raise Refused("InvalidImageId.NotFound", f"The image `{identifier}` is not found.")
        found = [region.images[identifier] for identifier in ids]
    if kind := params.get("InstanceType"):
        wanted = architecture_of(kind)
        found = [image for image in found if image.architecture == wanted]
    page = IMAGES.page(found, params)
    return {"TotalCount": len(found), "ImageSet": [rendering.image(image) for image in page]}


def describe_image_from_family(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer DescribeImageFromFamily: the newest usable image, or null."""
    image = region.newest_of_family(params.get("ImageFamily", ""))
    return {"Image": rendering.image(image) if image else None}


def describe_instances(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer DescribeInstances; ids of no instance are left out."""
    ids = INSTANCES.ids_asked(params)
    if ids is None:
        found = _created_within(list(region.instances.values()), params)
        others = [f for f in params.get("Filters", []) if f["Name"] not in _TIME_FILTERS]
        found = INSTANCES.select(found, {**params, "Filters": others})
    else:
        found = [region.instances[item] for item in ids if item in region.instances]
    page = INSTANCES.page(found, params)
    return {"TotalCount": len(found), "InstanceSet": [rendering.instance(item) for item in page]}


def _created_within(items: list[Instance], params: Mapping[str, Any]) -> list[Instance]:
    for each in params.get("Filters", []):
        if each["Name"] in _TIME_FILTERS:
            first = each["Name"] == "creation-start-time"
            # Documented as `2023-06-01 00:00:00`, of no named zone: read as UTC.
            values = [value.replace(" ", "T") for value in each["Values"]]
            items = [
                item
                for item in items
                if any(((iso(item.created_time) or "") >= value) is first for value in values)
            ]
    return items


def architecture_of(instance_type: str) -> str:
    """Tell an instance type's architecture: the SR families are the ARM ones."""
    return "arm" if instance_type.startswith("SR") else "x86_64"


ACTIONS: dict[str, Action] = {
    "DescribeImages": describe_images,
    "DescribeImageFromFamily": describe_image_from_family,
    "DescribeInstances": describe_instances,
}
