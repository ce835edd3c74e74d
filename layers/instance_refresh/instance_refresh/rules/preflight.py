"""What speaks against refreshing a group now, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..model.fleet import IN_SERVICE
from ..model.outcome import Outcome, Refusal
from ..model.request import RESET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.fleet import Image
    from ..model.limits import Allowed
    from .case import Case


EMPTY = "GroupEmpty"
_CHANGING = ("PENDING", "STARTING", "STOPPING", "REBOOTING")


class RefusalRule(NamedTuple):
    remedy: str
    status: int = 409
    retryable: bool = False


REFUSALS: dict[str, RefusalRule] = {
    "GroupNotFound": RefusalRule(
        "Check the ids and the Region: there is no such group there.", 404
    ),
    "NoGroupMatches": RefusalRule("Give at least one scaling group these tags.", 404),
    "NoFollower": RefusalRule(
        "Tag the groups that are to follow: instance-refresh:image-family.", 404
    ),
    "ImageWithoutFamily": RefusalRule(
        "Name the groups in the manifest, or give the image a family."
    ),
    "GroupNotAllowed": RefusalRule("Add the group to ALLOWED_GROUPS, or leave it out.", 403),
    "RegionNotAllowed": RefusalRule("Add the region to ALLOWED_REGIONS, or leave it out.", 403),
    "GroupAbnormal": RefusalRule("Mend what the console shows as abnormal in the group first."),
    "GroupInActivity": RefusalRule("Wait until the group's scaling activity ends.", retryable=True),
    EMPTY: RefusalRule("Scale the group out first: nothing in it can be refreshed."),
    "NoneInService": RefusalRule(
        "Wait until an instance runs in service, or repair one.", retryable=True
    ),
    "InstanceChanging": RefusalRule("Wait until the instance runs again.", retryable=True),
    "LaunchConfigurationNotFound": RefusalRule(
        "Give the group a launch configuration that exists."
    ),
    "LaunchConfigurationAbnormal": RefusalRule(
        "Mend the launch configuration, or name another image."
    ),
    "LaunchConfigurationShared": RefusalRule(
        "Ask for all the groups that use it in one request, or give the group one of its own."
    ),
    "ImageNotFound": RefusalRule("Use an image of this region, or copy the image to it."),
    "ImageFamilyEmpty": RefusalRule(
        "Publish an image of this family that is NORMAL and not deprecated."
    ),
    "ImageNotNormal": RefusalRule("Wait until the image is NORMAL.", retryable=True),
    "ImageCreationFailed": RefusalRule("Build the image again and publish the new one."),
    "ImageDeprecated": RefusalRule("Publish a newer image, or lift its deprecation."),
    "ImageArchitecture": RefusalRule("Use an image of the group's architecture."),
    "ImageTooLarge": RefusalRule("Use an image that fits the system disk."),
    "ImageCreatorNotAllowed": RefusalRule(
        "Add the creator to IMAGE_CREATORS, or use another image."
    ),
}


def refused(case: Case) -> Outcome | None:
    """Collect every reason; none gives None."""
    refusals = [*image_refusals(case), *_group(case), *_launch_configuration(case)]
    if not refusals:
        return None
    return case.ends("refused", **refusal_fields(refusals))


def refusal(code: str, reason: str) -> Refusal:
    return Refusal(code, reason, REFUSALS[code].remedy)


def refusal_fields(refusals: list[Refusal]) -> dict[str, Any]:
    """Turn reasons into the fields of one outcome; retryable only if every one passes by itself."""
    rules = [REFUSALS[refusal.code] for refusal in refusals]
    return {
        "reason": "; ".join(refusal.reason for refusal in refusals),
        "remedy": " ".join(dict.fromkeys(refusal.remedy for refusal in refusals)),
        "code": refusals[0].code,
        "status": rules[0].status,
        "retryable": all(rule.retryable for rule in rules),
        "refusals": tuple(refusals),
    }


def region_refused(region: str, allowed: Allowed) -> Outcome | None:
    """Refuse a region that the settings don't allow."""
    if not allowed.regions or region in allowed.regions:
        return None
    reason = refusal("RegionNotAllowed", f"region {region} is not one that is served")
    return Outcome("refused", region=region, **refusal_fields([reason]))


def image_refusals(case: Case) -> Iterator[Refusal]:
    """Say what speaks against the image, whatever the group does just now."""
    image = case.image
    if image is not None:
        yield from _usable(case, image)
        yield from _fits(case, image)
    elif case.request.image_family and not case.image_id:
        family = case.request.image_family
        yield refusal("ImageFamilyEmpty", f"family {family} has no usable image")
    else:
        where = case.fleet.region
        yield refusal("ImageNotFound", f"image {case.image_id or '(none)'} is not in {where}")


def passes(one: Refusal) -> bool:
    """Say whether it passes without someone's doing; an empty group is as it is meant to be."""
    return REFUSALS[one.code].retryable or one.code == EMPTY


def may_follow(case: Case) -> bool:
    """Say whether the image could be started once the group's live activity is over."""
    found = (*_group(case), *_launch_configuration(case))
    lasting = (one for one in found if not passes(one))
    return not any(image_refusals(case)) and not any(lasting)


def _usable(case: Case, image: Image) -> Iterator[Refusal]:
    if image.state.endswith("FAILED"):
        yield refusal("ImageCreationFailed", f"image {image.image_id} is {image.state}")
    elif image.state != "NORMAL":
        progress = "" if image.progress is None else f" ({image.progress}%)"
        yield refusal("ImageNotNormal", f"image {image.image_id} is {image.state}{progress}")
    if image.deprecated:
        yield refusal("ImageDeprecated", f"image {image.image_id} is deprecated")
    if not case.allows_creator(image):
        reason = f"image {image.image_id} was made by {image.creator}, an account not allowed"
        yield refusal("ImageCreatorNotAllowed", reason)


def _fits(case: Case, image: Image) -> Iterator[Refusal]:
    before = case.fleet.images.get(case.configured_image_id)
    if before and image.architecture and before.architecture not in ("", image.architecture):
        yield refusal(
            "ImageArchitecture",
            f"image {image.image_id} is {image.architecture}, the group is {before.architecture}",
        )
    # Replaced instances get their disks from the launch configuration.
    resets = case.request.refresh_mode == RESET
    disks = [instance.system_disk for instance in case.running if resets]
    if case.launch_configuration:
        disks.append(case.launch_configuration.system_disk)
    smallest = min((disk for disk in disks if disk), default=0)
    if smallest and image.size > smallest:
        yield refusal(
            "ImageTooLarge",
            f"image {image.image_id} has {image.size} GiB, the smallest system disk {smallest} GiB",
        )


def _group(case: Case) -> Iterator[Refusal]:
    group = case.group
    if not case.may_be_refreshed:
        yield refusal("GroupNotAllowed", f"group {group.group_id} is not one that may be refreshed")
    # CVM_ABNORMAL says that the launch configuration is abnormal, which a new image can mend.
    mended = group.status == "CVM_ABNORMAL" and _mends(case)
    if group.status not in ("NORMAL", "") and not mended:
        yield refusal("GroupAbnormal", f"group {group.group_id} is {group.status}")
    if group.in_activity:
        yield refusal("GroupInActivity", f"group {group.group_id} is in a scaling activity")
    read = group.group_id in case.fleet.instances
    if not group.instances:
        yield refusal(EMPTY, f"group {group.group_id} has no instance")
    elif not (case.running if read else group.in_service):
        yield refusal("NoneInService", f"no instance of group {group.group_id} runs in service")
    for one in case.fleet.instances.get(group.group_id, ()):
        behind = one.life_cycle_state == IN_SERVICE and one.image_id not in ("", case.image_id)
        if one.machine_state in _CHANGING and behind:
            yield refusal("InstanceChanging", f"instance {one.instance_id} is {one.machine_state}")


def _mends(case: Case) -> bool:
    configuration = case.launch_configuration
    return (
        configuration is not None
        and configuration.status == "IMAGE_ABNORMAL"
        and case.sets_image
        and case.image is not None
    )


def _launch_configuration(case: Case) -> Iterator[Refusal]:
    configuration = case.launch_configuration
    name = case.group.launch_configuration_id
    if configuration is None:
        yield refusal("LaunchConfigurationNotFound", f"launch configuration {name} is gone")
        return
    if configuration.status not in ("NORMAL", "") and not _mends(case):
        yield refusal(
            "LaunchConfigurationAbnormal", f"launch configuration {name} is {configuration.status}"
        )
    asked = {group.group_id for group in case.fleet.groups}
    outside = [group for group in case.shared_with if group not in asked]
    if outside and case.sets_image:
        yield refusal(
            "LaunchConfigurationShared",
            f"launch configuration {name} is also used by {', '.join(outside)}",
        )
