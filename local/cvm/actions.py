"""CVM's actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.clock import iso
from local.cvm import errors, rendering
from local.cvm.models import ACCOUNT, Image, Instance
from local.identifiers import well_formed
from local.listing import Listing
from local.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.calls import Action
    from local.region import Region

IMAGES = Listing[Image](
    ids="ImageIds",
    prefix="img",
    codes=errors.IMAGES,
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
    codes=errors.INSTANCES,
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
_NAME_MOST, _DESCRIPTION_MOST = 60, 256
_TIME_FILTERS = ("creation-start-time", "creation-end-time")


def describe_images(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer DescribeImages; ids of no image are left out, unless a fault refuses them."""
    ids = IMAGES.ids_asked(params)
    if ids is None:
        found = IMAGES.select(region.images.values(), params)
    else:
        unknown = [identifier for identifier in ids if identifier not in region.images]
        if unknown and region.faults.unknown_images_refused:
            raise errors.image_not_found(unknown[0])
        found = [region.images[identifier] for identifier in ids if identifier in region.images]
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


def modify_image_attribute(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer ModifyImageAttribute; only the account's own images can be changed."""
    image_id, name = params["ImageId"], params.get("ImageName", "")
    if not well_formed(image_id, "img"):
        raise Refused(errors.IMAGES.malformed, f"`{image_id}` is no img- id.")
    image = region.images.get(image_id)
    if image is None:
        raise errors.image_not_found(image_id)
    if image.image_creator != ACCOUNT:
        code = "UnauthorizedOperation.ImageNotBelongToAccount"
        raise Refused(code, f"The image `{image_id}` is another account's.")
    if any(each.image_name == name for each in region.images.values() if each is not image):
        raise Refused("InvalidImageName.Duplicate", f"There is another image `{name}`.")
    if len(name) > _NAME_MOST or len(params.get("ImageDescription", "")) > _DESCRIPTION_MOST:
        raise Refused("InvalidParameterValue.TooLong", "The name or the description is too long.")
    image.image_name = name or image.image_name
    image.image_description = params.get("ImageDescription", image.image_description)
    image.image_family = params.get("ImageFamily", image.image_family)
    image.image_deprecated = params.get("ImageDeprecated", image.image_deprecated)
    return {}


def architecture_of(instance_type: str) -> str:
    """Tell an instance type's architecture: the SR families are the ARM ones."""
    return "arm" if instance_type.startswith("SR") else "x86_64"


ACTIONS: dict[str, Action] = {
    "DescribeImages": describe_images,
    "DescribeImageFromFamily": describe_image_from_family,
    "DescribeInstances": describe_instances,
    "ModifyImageAttribute": modify_image_attribute,
}
