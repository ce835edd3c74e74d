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
    from ..model.member import Member


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
    "ActivityNotFound": RefusalRule(
        "Name a refresh activity of this group, or none: then its newest is meant.", 404
    ),
    "NoLiveActivity": RefusalRule("Nothing is left to do: see how the newest one has ended."),
    "NotPaused": RefusalRule("It goes on by itself; StopInstanceRefresh pauses it."),
    "BatchRuns": RefusalRule(
        "Stop it with StopInstanceRefresh; when the batch has ended, send the request again."
    ),
    "NothingToRollBack": RefusalRule(
        "Where an activity is paused, cancel it; else nothing is left to do."
    ),
    "NotRolledBack": RefusalRule(
        "Name the newest successful one, or start a refresh with the image that is meant."
    ),
    "RollbackOfRollback": RefusalRule("Start a refresh with the image that is meant."),
    "InstancesReplaced": RefusalRule(
        "Replaced instances are gone: start a refresh with the image that is meant."
    ),
    "TooManyGroups": RefusalRule(
        "Name the groups by their ids, or set MaxGroups to as many as are meant."
    ),
}


def refused(member: Member) -> Outcome | None:
    """Collect every reason; none gives None."""
    refusals = [*image_refusals(member), *_group(member), *_launch_configuration(member)]
    if not refusals:
        return None
    return member.ends("refused", **refusal_fields(refusals))


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


def allows(image: Image, allowed: Allowed) -> bool:
    """Say whether an image may be brought: the account's own, the platform's, a listed creator's.

    Any account can share an image with this one, unasked and under any family's name.
    """
    if image.kind in ("PRIVATE_IMAGE", "PUBLIC_IMAGE") or "*" in allowed.creators:
        return True
    return image.creator in allowed.creators


def region_refused(region: str) -> Outcome:
    """Refuse a region that the settings don't allow."""
    reason = refusal("RegionNotAllowed", f"region {region} is not one that is served")
    return Outcome("refused", region=region, **refusal_fields([reason]))


def image_refusals(member: Member) -> Iterator[Refusal]:
    """Say what speaks against the image, whatever the group does just now."""
    image = member.image
    if image is not None:
        yield from _usable(member, image)
        yield from _fits(member, image)
    elif member.request.image_family and not member.image_id:
        family = member.request.image_family
        yield refusal("ImageFamilyEmpty", f"family {family} has no usable image")
    else:
        where = member.fleet.region
        yield refusal("ImageNotFound", f"image {member.image_id or '(none)'} is not in {where}")


def passes(one: Refusal) -> bool:
    """Say whether it passes without someone's doing; an empty group is as it is meant to be."""
    return REFUSALS[one.code].retryable or one.code == EMPTY


def may_follow(member: Member) -> bool:
    """Say whether the image could be started once the group's live activity is over."""
    found = (*_group(member), *_launch_configuration(member))
    lasting = (one for one in found if not passes(one))
    return not any(image_refusals(member)) and not any(lasting)


def _usable(member: Member, image: Image) -> Iterator[Refusal]:
    if image.state.endswith("FAILED"):
        yield refusal("ImageCreationFailed", f"image {image.image_id} is {image.state}")
    elif image.state != "NORMAL":
        progress = "" if image.progress is None else f" ({image.progress}%)"
        yield refusal("ImageNotNormal", f"image {image.image_id} is {image.state}{progress}")
    if image.deprecated:
        yield refusal("ImageDeprecated", f"image {image.image_id} is deprecated")
    if member.request.names_image and not allows(image, member.allowed):
        reason = f"image {image.image_id} is {image.creator}'s, whose images are not allowed"
        yield refusal("ImageCreatorNotAllowed", reason)


def _fits(member: Member, image: Image) -> Iterator[Refusal]:
    before = member.fleet.images.get(member.configured)
    if before and image.architecture and before.architecture not in ("", image.architecture):
        yield refusal(
            "ImageArchitecture",
            f"image {image.image_id} is {image.architecture}, the group is {before.architecture}",
        )
    # Replaced instances get their disks from the launch configuration.
    resets = member.request.refresh_mode == RESET
    disks = [instance.system_disk for instance in member.running if resets]
    if member.configuration:
        disks.append(member.configuration.system_disk)
    smallest = min((disk for disk in disks if disk), default=0)
    if smallest and image.size > smallest:
        yield refusal(
            "ImageTooLarge",
            f"image {image.image_id} has {image.size} GiB, the smallest system disk {smallest} GiB",
        )


def _group(member: Member) -> Iterator[Refusal]:
    group = member.group
    if member.allowed.groups and group.group_id not in member.allowed.groups:
        yield refusal("GroupNotAllowed", f"group {group.group_id} is not one that may be refreshed")
    # CVM_ABNORMAL says that the launch configuration is abnormal, which a new image can mend.
    mended = group.status == "CVM_ABNORMAL" and _mends(member)
    if group.status not in ("NORMAL", "") and not mended:
        yield refusal("GroupAbnormal", f"group {group.group_id} is {group.status}")
    if group.in_activity:
        yield refusal("GroupInActivity", f"group {group.group_id} is in a scaling activity")
    if not group.instances:
        yield refusal(EMPTY, f"group {group.group_id} has no instance")
    elif not (group.in_service if member.instances is None else member.running):
        yield refusal("NoneInService", f"no instance of group {group.group_id} runs in service")
    for one in member.instances or ():
        behind = one.life_cycle_state == IN_SERVICE and one.image_id not in ("", member.image_id)
        if one.machine_state in _CHANGING and behind:
            yield refusal("InstanceChanging", f"instance {one.instance_id} is {one.machine_state}")


def _mends(member: Member) -> bool:
    configuration = member.configuration
    return (
        configuration is not None
        and configuration.status == "IMAGE_ABNORMAL"
        and member.sets_image
        and member.image is not None
    )


def _launch_configuration(member: Member) -> Iterator[Refusal]:
    configuration = member.configuration
    name = member.group.launch_configuration_id
    if configuration is None:
        yield refusal("LaunchConfigurationNotFound", f"launch configuration {name} is gone")
        return
    if configuration.status not in ("NORMAL", "") and not _mends(member):
        yield refusal(
            "LaunchConfigurationAbnormal", f"launch configuration {name} is {configuration.status}"
        )
    if not (member.shared_with and member.sets_image):
        return
    asked = {group.group_id for group in member.fleet.groups}
    outside = [group for group in member.shared_with if group not in asked]
    if outside:
        yield refusal(
            "LaunchConfigurationShared",
            f"launch configuration {name} is also used by {', '.join(outside)}",
        )
