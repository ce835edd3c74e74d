"""Watch a group between the writes: what its refresh activity, or what one left behind, needs.

Pure: values in, values out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..model.act import NOT_DEPLOYED, Act
from ..model.request import REPLACE, RESET
from .preflight import may_follow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ..model.act import Code, Kind, PausedAction, ResumeMode
    from ..model.fleet import Activity
    from ..model.limits import Limits
    from ..model.policy import Policy
    from .case import Case


_KINDS: dict[PausedAction, Kind] = {
    "alert": "alert",
    "retry": "resume",
    "continue": "resume",
    "rollback": "rollback",
    "cancel": "cancel",
}


def live(
    case: Case,
    limits: Limits,
    now: datetime,
    rejected_below: Sequence[str] = (),
    *,
    newer_waits: bool = False,
) -> Act | None:
    """Say what the group's live activity needs now, None for time.

    `rejected_below` are the groups of lower rings that have rejected the image that it brings;
    `newer_waits` says that a newer one comes when the rings below have it.
    """
    activity = case.activity
    if activity is None or not activity.live:
        return None
    if not activity.paused:
        return _stuck(activity, limits, now)
    if activity.status == "MANUAL_PAUSE":
        return _paused_by_person(activity, limits, now)
    frozen = _frozen(activity, case.policy, limits, now)
    guard = frozen and _guard(frozen, activity, case.policy, limits, now)
    baked = _baked(case, now)
    what = activity.description
    objection = _objection(case, rejected_below, newer_waits=newer_waits)
    if objection is None:
        watched = f"{what}: the batch was watched for {case.policy.bake}"
        return Act("resume", "Baked", watched) if baked else guard
    if guard and guard.kind in objection.permits:
        return guard
    if frozen:
        code, remedy = objection.code or frozen.code, objection.remedy or frozen.remedy
        return frozen._replace(
            code=code, reason=f"{frozen.reason}; {objection.reason}", remedy=remedy
        )
    if baked and objection.code:
        return Act("alert", objection.code, f"{what}; {objection.reason}", objection.remedy)
    return None


class _Objection(NamedTuple):
    """Why a paused activity must not go on; without a code where that passes by itself."""

    reason: str
    code: Code | None = None
    remedy: str = ""
    permits: tuple[Kind, ...] = ("rollback", "cancel")


def _objection(
    case: Case, rejected_below: Sequence[str], *, newer_waits: bool
) -> _Objection | None:
    if case.policy.hold:
        return _Objection(f"held by its tag: {case.policy.hold}", permits=())
    if case.activity and case.activity.kind != "NORMAL":
        return None
    name = case.configured_image_id
    image = case.fleet.images.get(name)
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
        newer = f"{case.image_id} is newer and waits for its ring"
        return _Objection(f"it isn't resumed, as {newer}")
    return None


def paused_since(activity: Activity) -> datetime | None:
    """Give the end of the batch that the pause follows."""
    last = activity.last_batch
    return last.ended if last else activity.created


def bake_over(case: Case, now: datetime) -> bool:
    """Say whether an automatic pause has lasted for the bake time."""
    activity, bake = case.activity, case.policy.bake
    if activity is None or activity.status != "AUTO_PAUSE" or not bake:
        return False
    since = paused_since(activity)
    return since is not None and now - since >= bake


def _baked(case: Case, now: datetime) -> bool:
    """Say whether the bake is over, the batch's instances run and are well, the window is open.

    Where none of them is in the group any more (new ones took their places), all that have the
    image must be well.
    """
    last = case.activity and case.activity.last_batch
    if not last or not bake_over(case, now) or not _open(case.policy, now):
        return False
    batch = {instance.instance_id for instance in last.instances}
    members = case.fleet.instances.get(case.group.group_id, ())
    watched = [one for one in members if one.instance_id in batch]
    watched = watched or [one for one in members if one.image_id == case.configured_image_id]
    return all(one in case.running and one.health in ("HEALTHY", "") for one in watched)


def _open(policy: Policy, now: datetime) -> bool:
    return policy.window is None or policy.window.open_at(now)


def _stuck(activity: Activity, limits: Limits, now: datetime) -> Act | None:
    last = activity.last_progress
    if last is None or now - last <= limits.stuck:
        return None
    reason = f"{activity.description} without progress since {last:%Y-%m-%d %H:%M:%SZ}"
    remedy = "Look at the instances of the running batch; stop the activity if they don't come up."
    running = tuple(i.instance_id for b in activity.batches if b.runs for i in b.instances)
    return Act("alert", "RefreshStuck", reason, remedy, instances=running, urgent=True)


def _paused_by_person(activity: Activity, limits: Limits, now: datetime) -> Act | None:
    since = paused_since(activity)
    if since is None or now - since <= limits.paused:
        return None
    reason = f"{activity.description}, paused by a person since {since:%Y-%m-%d %H:%M:%SZ}"
    remedy = "Resume, roll back or cancel it: meanwhile the group doesn't scale or heal."
    return Act("alert", "PausedByPerson", reason, remedy)


def _frozen(activity: Activity, policy: Policy, limits: Limits, now: datetime) -> Act | None:
    """Say that a group is frozen, once its pause is beyond its limit; a bake is meant."""
    since = paused_since(activity)
    limit = limits.failed if activity.status == "FAILED_PAUSE" else limits.paused
    if activity.status == "AUTO_PAUSE":
        limit += policy.bake
    if since is None or now - since <= limit:
        return None
    failed = _failed(activity)
    reason = (
        f"{activity.description}, paused since {since:%Y-%m-%d %H:%M:%SZ}:"
        " the group doesn't scale or heal"
    )
    if failed:
        reason += f"; failed: {', '.join(failed)}"
    remedy = "Resume, roll back or cancel the activity, or set the tag for the action to take."
    return Act("alert", "RefreshPaused", reason, remedy, instances=failed, urgent=True)


def _failed(activity: Activity) -> tuple[str, ...]:
    seen = (instance for batch in activity.batches for instance in batch.instances)
    return tuple(instance.instance_id for instance in seen if instance.status == "FAILED")


def _guard(act: Act, activity: Activity, policy: Policy, limits: Limits, now: datetime) -> Act:
    """Don't leave a group frozen: alert, or do what the tag or the setting says."""
    action = policy.paused_action or limits.paused_action
    if action == "rollback" and activity.kind == "ROLLBACK":
        action = "retry"  # a rollback can't be rolled back
    if action == "rollback" and activity.mode == REPLACE:
        action = "cancel"  # replaced instances can't be rolled back
    kind = _KINDS[action]
    if (kind == "resume" or activity.status == "AUTO_PAUSE") and not _open(policy, now):
        return act  # it waits for its window
    mode: ResumeMode = "CONTINUE" if action == "continue" else "RETRY"
    return act._replace(kind=kind, resume_mode=mode)


def newer_image(case: Case) -> Act | None:
    """A paused activity of an older image gives way to the newest, where nothing runs in it."""
    activity = case.activity
    if activity is None or activity.status not in ("AUTO_PAUSE", "FAILED_PAUSE"):
        return None
    seen = case.configured_image_id in case.fleet.images  # or nothing says which one is newer
    if not seen or not case.is_newer or not may_follow(case):
        return None
    if any(batch.runs for batch in activity.batches):
        return None
    reason = (
        f"refresh activity {activity.activity_id} of {case.configured_image_id} is"
        f" {activity.progress}, and {case.image_id} is newer"
    )
    kind: Kind = "cancel"
    if _failed(activity) and activity.kind == "NORMAL" and activity.mode == RESET:
        kind = "rollback"  # a cancel would leave them in standby for good
    return Act(kind, "NewerImage", reason, while_configured=case.configured_image_id)


def leftovers(case: Case, limits: Limits, now: datetime, *, start_comes: bool) -> Act | None:
    """Say what no refresh is going to mend, of a group without a live activity.

    `start_comes` says that one is started as soon as something passes that is in its way now.
    """
    standby = tuple(
        instance.instance_id
        for instance in case.fleet.instances.get(case.group.group_id, ())
        if instance.life_cycle_state == "STANDBY"
    )
    if standby:
        remedy = "Repair them and take them out of standby (ExitStandby), or terminate them."
        reason = f"instances were left in standby: {', '.join(standby)}"
        return Act("alert", "StandbyLeft", reason, remedy, instances=standby)
    images = sorted(case.running_images)
    configured = case.configured_image_id
    name = case.group.launch_configuration_id
    found = case.fleet.images.get(configured)
    if found is None or found.state != "NORMAL":
        reason = f"{name} names image {configured}, which is gone or not NORMAL: no scale-out works"
        return Act("alert", "ImageGone", reason, "Put a usable image into it.", urgent=True)
    if found.deprecated:
        reason = f"{name} names image {configured}, which was deprecated meanwhile"
        return Act("alert", "ImageWithdrawn", reason, "Publish a newer image of the family.")
    if len(images) > 1 and not start_comes:
        reason = f"the instances run several images: {', '.join(images)}"
        return Act("alert", "MixedFleet", reason, "Publish a newer image, or set Force once.")
    if images and images[0] != configured and not start_comes:
        reason = f"the instances run {images[0]}, but {name} names {configured}"
        remedy = "The next scale-out brings the other image: set the one that is meant."
        return Act("alert", "ConfigurationDiffers", reason, remedy)
    out = case.image.created if case.image else None
    behind = case.is_newer or not (case.sets_image or case.all_on_image)
    if out and now - out > limits.undeployed and behind and case.group.instances:
        reason = f"{case.image_id} is out since {out:%Y-%m-%d %H:%M:%SZ}, and not everywhere here"
        return Act("alert", NOT_DEPLOYED, reason, "See why the group waits, in this line's notes.")
    return None
