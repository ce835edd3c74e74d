"""Tag's actions: a resource that can't be changed is told of in the answer, the others are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.refused import Refused
from local.regions import REGIONS
from local.tag import errors, models, rendering

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.account import Account
    from local.region import Region

AT_ONCE = 10

# Service and kind of resource -> where a region has them.
KINDS: dict[tuple[str, str], Callable[[Region], Mapping[str, Any]]] = {
    ("as", "auto-scaling-group"): lambda region: region.groups,
    ("as", "launch-configuration"): lambda region: region.launch_configurations,
    ("cvm", "instance"): lambda region: region.instances,
    ("cvm", "image"): lambda region: region.images,
}


def tag_resources(account: Account, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer TagResources; a key that is there already gets the new value."""
    _at_most("Tag", params["Tags"])
    wanted = {each["TagKey"]: each["TagValue"] for each in params["Tags"]}
    if len(wanted) < len(params["Tags"]):
        raise errors.key_refused("Duplicate", "A key is given twice.")
    models.check(wanted)

    def change(tags: dict[str, str]) -> None:
        models.check({**tags, **wanted})
        tags.update(wanted)

    return _changed(account, params, change)


def untag_resources(account: Account, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer UnTagResources; a key that is not there is no error."""
    _at_most("Tag", params["TagKeys"])

    def change(tags: dict[str, str]) -> None:
        for key in params["TagKeys"]:
            tags.pop(key, None)

    return _changed(account, params, change)


def _changed(
    account: Account, params: Mapping[str, Any], change: Callable[[dict[str, str]], None]
) -> dict[str, Any]:
    _at_most("Resource", params["ResourceList"])
    failed = []
    for resource in params["ResourceList"]:
        try:
            change(_tags_of(account, resource))
        except Refused as error:
            failed.append(rendering.failed_resource(resource, error))
    return {"FailedResources": failed}


def _tags_of(account: Account, text: str) -> dict[str, str]:
    resource = models.read(text)
    found = KINDS.get((resource.service, resource.kind))
    if found is None:
        raise errors.bad_resource("ResourcePrefixInvalid", text)
    if resource.region not in REGIONS:
        raise errors.bad_resource("RegionInvalid", text)
    items = found(account.region(resource.region))
    if resource.identifier not in items:
        raise errors.bad_resource("ResourceIdInvalid", text)
    tags: dict[str, str] = items[resource.identifier].tags
    return tags


def _at_most(what: str, items: list[Any]) -> None:
    if len(items) > AT_ONCE:
        raise errors.too_many_at_once(what, AT_ONCE)


ACTIONS = {"TagResources": tag_resources, "UnTagResources": untag_resources}
