"""Decide, for each group, what is to be done, and if nothing why. Pure: values in, values out.

The rules are tried from top to bottom. One that needs what was not read yet gives None, so that the
same rules say, while the cloud is looked at, which groups are still open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.action import Start
from ..model.fleet import FAMILY_TAG
from ..model.member import attempt_of
from ..model.outcome import Outcome, Refusal
from ..model.request import CLOCKS_DIFFER
from .preflight import EMPTY, allows, refusal, refusal_fields, refused
from .restore import ended_badly, restore
from .start import start_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from ..model.action import Finding
    from ..model.fleet import Activity, Fleet, Image
    from ..model.limits import Limits
    from ..model.member import Member
    from ..model.request import Request

    Decision = Start | Finding | Outcome
    Rule = Callable[[Member], Outcome | Finding | Start | None]


def in_progress(member: Member) -> Outcome | None:
    """A live activity is never disturbed, nor is its launch configuration."""
    activity = member.activity
    if activity is None or not activity.live:
        return None
    what = activity.description
    remedy = (
        "Resume, roll back or cancel it: a paused group doesn't scale." if activity.paused else ""
    )
    if not member.sets_image:
        if activity.kind == "ROLLBACK" and member.request.names_image:
            reason = f"the image is being rolled back here: {what}"
            return member.ends(
                "rejected",
                reason,
                activity=activity.activity_id,
                status=409,
                remedy=remedy,
                since=activity.created,
            )
        return member.ends("in_progress", what, activity=activity.activity_id, remedy=remedy)
    family = member.group.tags.get(FAMILY_TAG)
    if family and member.image and member.image.family == family:
        reason = f"{what}; the schedule starts the family's newest image after it"
        return member.ends(
            "queued", reason, activity=activity.activity_id, status=202, remedy=remedy
        )
    remedy = remedy or "Send the request again when the activity has ended."
    reason = f"{what}, of another image; nothing was changed"
    return member.ends("busy", reason, activity=activity.activity_id, status=409, remedy=remedy)


def superseded(member: Member) -> Outcome | None:
    """An image older than what the group runs, or is to run, doesn't replace it."""
    image, request = member.image, member.request
    if request.force or image is None:
        return None
    known, created = member.fleet.images.values(), image.created
    newer = [one for one in known if one.created and created and one.created > created]
    has = [found for found in newer if found.image_id in member.running_images]
    has += [found for found in newer if _is_to_run(found, member)]
    if not has:
        return None
    reason = (
        f"image {image.image_id} ({image.created:%Y-%m-%d %H:%M:%SZ}) is older than"
        f" {has[0].image_id} ({has[0].created:%Y-%m-%d %H:%M:%SZ})"
    )
    remedy = "Set Force to go back to the older image."
    if FAMILY_TAG in member.group.tags:
        remedy = "To go back, deprecate the newer image, then set Force."
    return member.ends("superseded", reason, remedy=remedy)


def _is_to_run(image: Image, member: Member) -> bool:
    """Say whether a newer image is to come: the family's, or what the launch configuration names.

    The launch configuration has no say where its attempt ended badly.
    """
    if image.withdrawn:
        return False
    if image.image_id == member.configured:
        seen = member.instances is not None and member.group_id in member.fleet.activities
        if seen and not ended_badly(member):
            return True
    followed = member.request.image_family if member.request.for_followers else None
    return image.family == followed and image.usable and allows(image, member.allowed)


def spent(member: Member) -> Outcome | None:
    """A command, or a Force, is done once an event.

    The first activity begun since it was asked answers it; so does, for a wish, a launch
    configuration that was changed since, where every instance runs the image already.
    """
    asked, activity, request = member.request.asked_at, member.activity, member.request
    if asked is None or (not request.force and request.names_image):
        return None
    if activity and activity.created and activity.created >= asked - CLOCKS_DIFFER:
        name = activity.activity_id
        done = f"refresh activity {name}, {activity.status}, began after this was asked"
        succeeded = activity.kind == "NORMAL" and activity.status == "SUCCESSFUL"
        brought = member.all_run_it and not member.sets_image
        if brought if request.names_image else succeeded:
            return member.ends("already_current", done, activity=name)
        remedy = "Send a new request."
        return member.ends("rejected", done, activity=name, status=409, remedy=remedy)
    if request.names_image and _only_set_since(asked, member):
        name = member.group.launch_configuration_id
        reason = f"{name} was changed when this was asked, or since: that may be all it was to do"
        remedy = "If it is not, send a new request, ten seconds after the change."
        return member.ends("rejected", reason, status=409, remedy=remedy)
    return None


def _only_set_since(asked: datetime, member: Member) -> bool:
    """Say whether the launch configuration was changed since then, and every instance runs it."""
    configuration = member.configuration
    if configuration is None or member.sets_image or not member.all_run_it:
        return False
    updated, created = configuration.updated, configuration.created
    return updated is not None and updated >= asked - CLOCKS_DIFFER and updated != created


def current(member: Member) -> Outcome | Start | None:
    """Where all run the image, at most the launch configuration is set, unless it is forced."""
    if not member.all_run_it:
        return None
    if member.sets_image:
        return start_of(member, refreshes=False)
    if member.request.force:
        return None
    reason = f"all {len(member.running)} instances in service run {member.image_id}"
    remedy = "Set Force to reinstall them all the same."
    return member.ends("already_current", reason, remedy=remedy)


def rejected(member: Member) -> Outcome | None:
    """What failed, was rolled back or cancelled here is not tried again by itself."""
    if member.activity is None or member.instances is None or member.request.force:
        return None
    return failed_here(member)


def failed_here(member: Member) -> Outcome | None:
    """Say how the last attempt at the image ended, None if there was none or it went well."""
    image, last = member.image, _last_try(member)
    if image is None or last is None:
        return None
    activity, attempt = last
    if attempt is None:
        return None
    if image.created and attempt.created and attempt.created < image.created:
        return None
    how = "was rolled back" if activity.kind == "ROLLBACK" else f"ended {activity.status}"
    reason = f"the last attempt here since image {image.image_id} was made {how}: "
    return member.ends(
        "rejected",
        reason + f"refresh activity {activity.activity_id}",
        activity=activity.activity_id,
        status=409,
        since=activity.ended,
        remedy="Publish a newer image, or set Force to try this one again.",
    )


def _last_try(member: Member) -> tuple[Activity, Activity | None] | None:
    """Give the newest activity that may have brought the image, and the attempt that ended badly.

    One begun since the launch configuration names another image brought that one, and is passed
    over: after a command each Sunday, what failed before it still has. Unless all run that other
    image: then the platform may have put it back when the attempt had failed.
    """
    fleet = member.fleet
    past = fleet.past.get(member.group_id, (member.activity,) if member.activity else ())
    known = {**{one.activity_id: one for one in past}, **fleet.origins}
    updated = member.configuration.updated if member.configuration else None
    for one in past[::-1]:
        attempt = attempt_of(one, known)
        began = (attempt or one).created
        since = member.sets_image and updated and began and began >= updated
        if not since or (attempt and member.running_images == {member.configured}):
            return one, attempt
    return None


def put_back(member: Member) -> Finding | None:
    """A command reinstalls no image that failed here: the launch configuration goes back first."""
    if member.instances is None:
        return None
    found = restore(member)
    return found if found and found.action else None


def nothing_asked(member: Member) -> Outcome:
    """A group that is only watched is not started."""
    return member.ends("already_current", "nothing is asked of it")


WISH: tuple[Rule, ...] = (in_progress, refused, superseded, spent, current, rejected)
COMMAND: tuple[Rule, ...] = (in_progress, refused, spent, put_back)
WATCHED: tuple[Rule, ...] = (in_progress, nothing_asked)


def settled(member: Member) -> Outcome | Finding | Start | None:
    """Give what the first rule that knows says of a group; None where it is to be started."""
    rules = WISH if member.request.names_image else COMMAND
    for rule in WATCHED if member.request.watched else rules:
        known = rule(member)
        if known is not None:
            return known
    return None


def decide(members: Sequence[Member], limits: Limits) -> dict[str, Decision]:
    """Decide every group, by its id; where tags would start more than is meant, none is touched."""
    decided: dict[str, Decision] = {m.group_id: settled(m) or start_of(m) for m in members}
    if any(m.shared_with for m in members):
        decided = keep_shared_together(members, decided)
    starts = [m for m in members if isinstance(decided[m.group_id], Start) and m.request.tags]
    most = starts[0].request.max_groups or limits.groups if starts else 0
    if len(starts) > most:
        text = f"its tags would start {len(starts)} groups, {most} are allowed"
        why = refusal_fields([refusal("TooManyGroups", text)])
        written = [m for m in members if not isinstance(decided[m.group_id], Outcome)]
        decided |= {m.group_id: m.ends("refused", **why) for m in written}
    return decided


def keep_shared_together(
    members: Iterable[Member], decided: Mapping[str, Decision]
) -> dict[str, Decision]:
    """Refuse a start that changes a launch configuration of a group that does not start now."""
    return {member.group_id: _unless_shared(member, decided) for member in members}


def _unless_shared(member: Member, decided: Mapping[str, Decision]) -> Decision:
    decision = decided[member.group_id]
    if not isinstance(decision, Start) or not decision.sets_image:
        return decision
    held = [group for group in member.shared_with if _must_not_move(decided.get(group))]
    if not held:
        return decision
    reason = (
        f"launch configuration {decision.launch_configuration} is also used by"
        f" {', '.join(held)}, which must not move now"
    )
    why = refusal("LaunchConfigurationShared", reason)
    if all(group in decided for group in held):  # asked for together already
        why = why._replace(
            remedy="See why those groups must not move, or give the group one of its own."
        )
    return member.ends("refused", **refusal_fields([why]))


def _must_not_move(other: Decision | None) -> bool:
    """Say whether a group must not move; one without instances has nothing to move."""
    return not isinstance(other, Start) and getattr(other, "code", "") != EMPTY


def absent(request: Request, fleet: Fleet) -> tuple[Outcome, ...]:
    """Give the outcomes of what the request names and the fleet doesn't have."""
    missing = {
        group: refusal("GroupNotFound", f"there is no scaling group {group}")
        for group in fleet.missing
    }
    if not fleet.groups and not missing:
        missing[""] = _no_group(request, fleet.region)
    return tuple(
        Outcome("refused", region=fleet.region, group=group, **refusal_fields([reason]))
        for group, reason in missing.items()
    )


def _no_group(request: Request, region: str) -> Refusal:
    if request.tags:
        wanted = ", ".join(f"{key}={value}" for key, value in request.tags)
        return refusal("NoGroupMatches", f"no scaling group has the tags {wanted}")
    if request.image_family:
        reason = f"no scaling group follows the image family {request.image_family}"
        return refusal("NoFollower", reason)
    reason = f"image {request.image_id} is not in {region}, or belongs to no family to follow"
    return refusal("ImageWithoutFamily", reason)
