"""Carry acts out: resume, cancel or roll back a refresh activity, put an image back, or alert.

What another function has done meanwhile is not done again: the group is `queued` for the next look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ApiError

if TYPE_CHECKING:
    from ..gateway.autoscaling import AutoScaling
    from ..gateway.cloud import Cloud
    from ..model.act import Act
    from ..model.fleet import Activity
    from ..model.outcome import Outcome
    from ..rules.case import Case

_UNTOUCHED = ("WAITING", "CANCELLED", "NOT_FOUND")


def steer(act: Act, case: Case, cloud: Cloud) -> Outcome:
    """Do what watching a group has found, or only say it; an API error is `failed`."""
    activity = case.activity
    name = activity.activity_id if activity else ""
    if act.kind == "alert" or activity is None:
        return case.ends(
            "attention",
            act.reason,
            status=409,
            activity=name,
            code=act.code,
            remedy=act.remedy,
            urgent=act.urgent,
        )
    autoscaling = cloud.autoscaling(case.fleet.region)
    try:
        if act.kind == "resume":
            autoscaling.resume_instance_refresh(case.group.group_id, name, act.resume_mode)
            reason = f"{act.reason}; {act.resume_mode}"
            return case.ends("resumed", reason, activity=name, code=act.code)
        if act.kind == "restore":
            return _restore(act, case, activity, autoscaling)
        return _stop(act, case, activity, autoscaling)
    except ApiError as error:
        if error.outcome in ("refused", "busy") and _has_moved_on(activity, autoscaling):
            return _overtaken(case, f"{name} has moved on while this was decided")
        reason = f"{act.reason}; {act.kind} failed: {error}"
        return case.ends("failed", reason, activity=name, **error.fields)


def _stop(act: Act, case: Case, activity: Activity, autoscaling: AutoScaling) -> Outcome:
    """Roll a paused activity back, or cancel it; one that has touched nothing is cancelled."""
    group, name = case.group.group_id, activity.activity_id
    if act.while_configured:
        configured = autoscaling.configured_image(case.group.launch_configuration_id)
        if configured != act.while_configured:
            reason = f"{name} began while this was decided, and may bring {case.image_id}"
            return _overtaken(case, reason)
    settings = None
    if act.kind == "rollback":
        settings = _rollback_settings(case, activity, autoscaling)
    if settings is None:
        autoscaling.cancel_instance_refresh(group, name)
        return case.ends("cancelled", act.reason, activity=name, code=act.code)
    rollback = autoscaling.rollback_instance_refresh(group, name, settings)
    return case.ends("rolled_back", act.reason, activity=rollback, code=act.code)


def _rollback_settings(
    case: Case, activity: Activity, autoscaling: AutoScaling
) -> dict[str, Any] | None:
    """Roll back in as many batches as the activity has begun, health checked as it did.

    None if it has touched nothing.
    """
    there = {instance.instance_id for instance in autoscaling.instances([case.group])}
    begun = [
        batch
        for batch in activity.batches
        if any(i.instance_id in there and i.status not in _UNTOUCHED for i in batch.instances)
    ]
    if not begun:
        return None
    return {"RollingUpdateSettings": {"BatchNumber": len(begun)}, **activity.health}


def _restore(act: Act, case: Case, activity: Activity, autoscaling: AutoScaling) -> Outcome:
    """Put the image back, unless the configuration or a group that uses it has moved meanwhile."""
    configuration, before = case.group.launch_configuration_id, case.fleet.activities
    newest = autoscaling.newest_activities((case.group.group_id, *case.shared_with))
    moved = any(now.live or _is_new(now, before.get(now.group_id, now)) for now in newest)
    configured = autoscaling.configured_image(configuration)
    if moved or configured not in (case.configured_image_id, act.image):
        reason = f"{configuration} or a group that uses it has moved meanwhile"
        return _overtaken(case, f"{reason}, and was left as it is")
    if configured != act.image:  # or another group that shares it has put the image back
        autoscaling.set_image(configuration, act.image)
    return case.ends("restored", act.reason, activity=activity.activity_id, code=act.code)


def _has_moved_on(activity: Activity, autoscaling: AutoScaling) -> bool:
    try:
        (now,) = autoscaling.newest_activities([activity.group_id]) or (activity,)
    except ApiError:
        return False
    return (now.activity_id, now.status) != (activity.activity_id, activity.status)


def _is_new(activity: Activity, known: Activity | None) -> bool:
    return known is None or activity.activity_id != known.activity_id


def _overtaken(case: Case, reason: str) -> Outcome:
    return case.ends("queued", reason, status=202)
