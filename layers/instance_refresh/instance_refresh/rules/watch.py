"""Say what a live refresh activity needs now: a resume, an undoing, or a person.

Pure: values in, values out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from ..model.action import Action, Finding
from ..model.request import REPLACE, RESET
from .preflight import may_follow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ..model.action import Code, PausedAction, ResumeMode
    from ..model.fleet import Activity
    from ..model.limits import Limits
    from ..model.member import Member

HOOKS = ("IN_LAUNCHING_HOOK", "IN_TERMINATING_HOOK")
# How long a lifecycle hook may hold an instance at most: CreateLifecycleHook's HeartbeatTimeout.
_LONGEST_HOOK = timedelta(seconds=7200)
_MOST_TRIES = 2
_MOST_NOTES = 20


def live(
    member: Member,
    limits: Limits,
    now: datetime,
    rejected_below: Sequence[str] = (),
    *,
    newer_waits: bool = False,
) -> Finding | None:
    """Say what the group's live activity needs now; None where it only needs time.

    `rejected_below` are the groups of lower rings that have rejected the image that it brings;
    `newer_waits` says that a newer one comes when the rings below have it.
    """
    activity = member.activity
    if activity is None or not activity.live:
        return None
    if not activity.paused:
        return _stuck(member, activity, limits, now)
    if activity.status == "MANUAL_PAUSE":
        return _paused_by_person(activity, limits, now)
    frozen = _frozen(member, activity, limits, now)
    guard = frozen and _guard(frozen, activity, member, limits, now)
    baked = _baked(member, now)
    objection = _objection(member, limits, rejected_below, newer_waits=newer_waits)
    if objection is None:
        watched = f"{activity.description}: the batch was watched for {member.policy.bake}"
        return Finding("Baked", watched, action=Action("resume")) if baked else guard
    if guard and guard.action and guard.action.kind in objection.permits:
        return guard
    if frozen:
        code, remedy = objection.code or frozen.code, objection.remedy or frozen.remedy
        return frozen._replace(
            code=code, reason=f"{frozen.reason}; {objection.reason}", remedy=remedy
        )
    if baked and objection.code:
        reason = f"{activity.description}; {objection.reason}"
        since = activity.paused_since and activity.paused_since + member.policy.bake
        return Finding(objection.code, reason, objection.remedy, since=since)
    return None


class _Objection(NamedTuple):
    """Why a paused activity must not go on; without a code where that passes by itself."""

    reason: str
    code: Code | None = None
    remedy: str = ""
    permits: tuple[str, ...] = ("rollback", "cancel")


def _objection(
    member: Member, limits: Limits, rejected_below: Sequence[str], *, newer_waits: bool
) -> _Objection | None:
    if member.policy.hold:
        return _Objection(f"held by its tag: {member.policy.hold}", permits=())
    if not limits.refreshing:
        return _Objection("it isn't resumed while MAX_REFRESHING is 0")
    if member.activity and member.activity.kind != "NORMAL":
        return None
    name = member.configured
    image = member.fleet.images.get(name)
    remedy = "Roll the activity back or cancel it"
    if image is None or image.withdrawn:
        reason = f"it isn't resumed, as image {name} is gone or was withdrawn"
        return _Objection(reason, "ImageWithdrawn", f"{remedy}, or lift the image's deprecation.")
    if rejected_below:
        reason = f"it isn't resumed, as {', '.join(rejected_below)} rejected image {name}"
        return _Objection(reason, "RejectedBelow", f"{remedy}, or set Force where it was rejected.")
    if image.state != "NORMAL":
        return _Objection(f"it isn't resumed while image {name} is {image.state}")
    if newer_waits:
        newer = f"{member.image_id} is newer and waits for its ring"
        return _Objection(f"it isn't resumed, as {newer}")
    return None


def bake_over(member: Member, now: datetime) -> bool:
    """Say whether an automatic pause has lasted for the bake time."""
    activity, bake = member.activity, member.policy.bake
    if activity is None or activity.status != "AUTO_PAUSE" or not bake:
        return False
    since = activity.paused_since
    return since is not None and now - since >= bake


def _baked(member: Member, now: datetime) -> bool:
    """Say whether the bake is over, the batch's instances run and are well, the window is open.

    Where new ones took the places of all of them, all that run the configured image must be well.
    """
    last = member.activity and member.activity.last_batch
    if not last or not bake_over(member, now) or not _open(member, now):
        return False
    batch = {instance.instance_id for instance in last.instances}
    seen = member.instances or ()
    watched = [one for one in seen if one.instance_id in batch]
    watched = watched or [one for one in seen if one.image_id == member.configured]
    return all(one.is_running and one.health in ("HEALTHY", "") for one in watched)


def _open(member: Member, now: datetime) -> bool:
    window = member.policy.window
    return window is None or window.open_at(now)


def seems_stuck(activity: Activity | None, limits: Limits, now: datetime) -> bool:
    """Say whether a running activity has made no progress for its limit; no hook is thought of."""
    if activity is None or not activity.live or activity.paused:
        return False
    last = activity.last_progress
    return last is not None and now - last > limits.stuck


def _stuck(member: Member, activity: Activity, limits: Limits, now: datetime) -> Finding | None:
    last = activity.last_progress
    if last is None or not seems_stuck(activity, limits, now):
        return None
    hooked = any(one.life_cycle_state in HOOKS for one in member.instances or ())
    if hooked and now - last <= limits.stuck + _LONGEST_HOOK:
        return None
    reason = f"{activity.description} without progress since {last:%Y-%m-%d %H:%M:%SZ}"
    remedy = "Look at the instances of the running batch; stop the activity if they don't come up."
    found = _urgent("RefreshStuck", reason, remedy, member, activity.unfinished_instances)
    return found._replace(since=last + limits.stuck + (_LONGEST_HOOK if hooked else timedelta(0)))


def _paused_by_person(activity: Activity, limits: Limits, now: datetime) -> Finding | None:
    since = activity.paused_since
    if since is None or now - since <= limits.paused:
        return None
    reason = f"{activity.description}, paused by a person since {since:%Y-%m-%d %H:%M:%SZ}"
    remedy = "Resume, roll back or cancel it: meanwhile the group doesn't scale or heal."
    return Finding("PausedByPerson", reason, remedy, since=since + limits.paused)


def seems_frozen(member: Member, limits: Limits, now: datetime) -> bool:
    """Say whether the platform's pause has lasted longer than its limit, to which a bake adds."""
    since = frozen_since(member, limits)
    return since is not None and now > since


def frozen_since(member: Member, limits: Limits) -> datetime | None:
    """Give when a pause of the platform's is beyond its limit; None where there is none."""
    activity = member.activity
    if activity is None or activity.status not in ("AUTO_PAUSE", "FAILED_PAUSE"):
        return None
    limit = limits.failed
    if activity.status == "AUTO_PAUSE":
        limit = limits.paused + member.policy.bake
    return activity.paused_since and activity.paused_since + limit


def _frozen(member: Member, activity: Activity, limits: Limits, now: datetime) -> Finding | None:
    if not seems_frozen(member, limits, now):
        return None
    failed = activity.failed_instances
    reason = (
        f"{activity.description}, paused since {activity.paused_since:%Y-%m-%d %H:%M:%SZ}:"
        " the group doesn't scale or heal"
    )
    if failed:
        reason += f"; failed: {', '.join(failed)}"
    remedy = "Resume, roll back or cancel the activity, or set the tag for the action to take."
    found = _urgent("RefreshPaused", reason, remedy, member, failed)
    return found._replace(since=frozen_since(member, limits))


def _urgent(
    code: Code, reason: str, remedy: str, member: Member, instances: tuple[str, ...]
) -> Finding:
    notes = platform_words(member, instances)
    return Finding(code, reason, remedy, instances=instances, urgent=True, notes=notes)


def paused_action(member: Member, limits: Limits) -> PausedAction:
    """Give what is done to the activity's pause once it is beyond its limit."""
    default = limits.paused_action if member.policy.family else limits.others_action
    action, activity = member.policy.paused_action or default, member.activity
    if action == "rollback" and activity and activity.kind == "ROLLBACK":
        return "retry"  # a rollback can't be rolled back
    if action == "rollback" and activity and activity.mode == REPLACE:
        return "cancel"  # replaced instances can't be rolled back
    return action


def _guard(
    frozen: Finding, activity: Activity, member: Member, limits: Limits, now: datetime
) -> Finding:
    """Don't leave a group frozen: alert, or do what the tag or the setting says.

    A retry that didn't help is not tried for ever.
    """
    action = paused_action(member, limits)
    if action == "alert":
        return frozen
    resumes = action in ("retry", "continue")
    if (resumes or activity.status == "AUTO_PAUSE") and not _open(member, now):
        return frozen  # it waits for its window
    if action == "retry" and _tries(member, activity) > _MOST_TRIES:
        reason = f"{frozen.reason}; it was retried {_MOST_TRIES} times"
        return frozen._replace(reason=reason)
    if not resumes:
        return frozen._replace(action=Action("rollback" if action == "rollback" else "cancel"))
    mode: ResumeMode = "CONTINUE" if action == "continue" else "RETRY"
    return frozen._replace(action=Action("resume", mode if frozen.instances else None))


def _tries(member: Member, activity: Activity) -> int:
    """Count how often the batch was tried: each try is a scaling activity of its own."""
    failed = {*activity.failed_instances}
    begun = [b.started for b in activity.batches if b.started and failed & {*b.instance_ids}]
    seen = [
        one
        for one in member.fleet.scaling_activities.get(member.group_id, ())
        if one.started and begun and one.started >= min(begun)
    ]
    counts = (sum(name in one.instances for one in seen) for name in failed)
    return max(counts, default=0)


def platform_words(member: Member, instances: Sequence[str]) -> tuple[str, ...]:
    """Collect what the activity, its scaling activities and CVM say of the instances."""
    activity, fleet = member.activity, member.fleet
    if activity is None or not instances:
        return ()
    seen = [one for b in activity.batches for one in b.instances if one.instance_id in instances]
    said = [f"{one.instance_id}: {one.message}" for one in seen if one.message]
    last = {one.scaling_activity_id for one in seen}
    for found in fleet.scaling_activities.get(member.group_id, ()):
        if found.activity_id in last:
            said += [
                f"{found.activity_id}: {text}" for text in (found.message, *found.hooks) if text
            ]
    for name in instances:
        machine = fleet.machines.get(name)
        if machine and machine.operation and machine.operation_state != "SUCCESS":
            state = f"{machine.operation} {machine.operation_state} {machine.operation_message}"
            said.append(f"{name}: {state.strip()}")
    if fleet.unread:
        said.append(f"what the platform says of it could not be read: {fleet.unread}")
    more = len(said) - _MOST_NOTES
    return (*said[:_MOST_NOTES], f"and {more} more") if more > 0 else tuple(said)


def newer_image(member: Member) -> Finding | None:
    """Undo a paused activity of an older image, where no batch runs: then the newest can start."""
    activity = member.activity
    if activity is None or activity.status not in ("AUTO_PAUSE", "FAILED_PAUSE"):
        return None
    seen = member.configured in member.fleet.images  # or nothing says which one is newer
    if not seen or not member.is_newer or not may_follow(member):
        return None
    if any(batch.runs for batch in activity.batches):
        return None
    reason = (
        f"refresh activity {activity.activity_id} of {member.configured} is"
        f" {activity.progress}, and {member.image_id} is newer"
    )
    # A cancel would leave what failed out of service for good.
    undo = activity.failed_instances and activity.kind == "NORMAL" and activity.mode == RESET
    action = Action("rollback" if undo else "cancel", while_configured=member.configured)
    return Finding("NewerImage", reason, action=action)
