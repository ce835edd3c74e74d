"""Say what a refresh has left behind that no other is going to mend.

Pure: values in, values out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.action import NOT_DEPLOYED, Finding
from ..model.fleet import IN_SERVICE

if TYPE_CHECKING:
    from datetime import datetime

    from ..model.limits import Limits
    from ..model.member import Member


def leftovers(
    member: Member, limits: Limits, now: datetime, *, start_comes: bool
) -> Finding | None:
    """Say what no refresh is going to mend, of a group without a live activity.

    `start_comes` says that one is started as soon as something passes that is in its way now.
    """
    left, ended = _left_behind(member), member.activity.ended if member.activity else None
    if left:
        remedy = "Repair them and take them out of standby (ExitStandby), or terminate them."
        reason = f"instances failed in a refresh and are out of service since: {', '.join(left)}"
        return Finding("StandbyLeft", reason, remedy, instances=left, since=ended)
    unusable = _unusable(member)
    if unusable:
        return unusable
    images = sorted(member.running_images)
    name = member.group.launch_configuration_id
    if len(images) > 1 and not start_comes:
        reason = f"the instances run several images: {', '.join(images)}"
        remedy = "Publish a newer image, or set Force once."
        return Finding("MixedFleet", reason, remedy, since=ended)
    if (
        images
        and member.configured not in images
        and (not start_comes or _ahead(member, limits, now))
    ):
        reason = f"the instances run {images[0]}, but {name} names {member.configured}"
        remedy = "The next scale-out brings the other image: set the one that is meant."
        updated = member.configuration.updated if member.configuration else None
        since = updated + limits.paused if updated and start_comes else updated
        return Finding("ConfigurationDiffers", reason, remedy, since=since)
    out = member.image.created if member.image else None
    behind = member.is_newer or (
        not member.sets_image and len(images) > 0 and not member.all_run_it
    )
    if out and now - out > limits.undeployed and behind and member.group.instances:
        reason = f"{member.image_id} is out since {out:%Y-%m-%d %H:%M:%SZ}, and not everywhere here"
        remedy = "See why the group waits, in this line's notes."
        return Finding(NOT_DEPLOYED, reason, remedy, since=out + limits.undeployed)
    return None


def _unusable(member: Member) -> Finding | None:
    """Say what is wrong with the image that the launch configuration names."""
    what = f"{member.group.launch_configuration_id} names image {member.configured}, which"
    found = member.fleet.images.get(member.configured)
    if found is None or found.state != "NORMAL":
        reason = f"{what} is gone or not NORMAL: no scale-out works"
        return Finding("ImageGone", reason, "Put a usable image into it.", urgent=True)
    if found.deprecated:
        reason = f"{what} was deprecated meanwhile"
        return Finding("ImageWithdrawn", reason, "Publish a newer image of the family.")
    return None


def _left_behind(member: Member) -> tuple[str, ...]:
    """Give the instances that are out of service, and failed in the last refresh that took them."""
    ended = {
        one.instance_id: one.status
        for activity in member.fleet.past.get(member.group_id, ())
        for batch in activity.batches
        for one in batch.instances
        if one.status in ("FAILED", "SUCCESSFUL")
    }
    return tuple(
        one.instance_id
        for one in member.instances or ()
        if one.life_cycle_state != IN_SERVICE and ended.get(one.instance_id) == "FAILED"
    )


def _ahead(member: Member, limits: Limits, now: datetime) -> bool:
    """Say whether the launch configuration is ahead of a group that waits, for longer than a pause.

    A start that was refused for now leaves it so, too, until the next try.
    """
    updated = member.configuration.updated if member.configuration else None
    return updated is not None and now - updated > limits.paused
