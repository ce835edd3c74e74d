"""Act on what is there: resume, cancel or roll back a refresh activity, or put an image back.

What another function has done meanwhile is not done again: the group is `queued` for the next look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ApiError

if TYPE_CHECKING:
    from ..gateway.actions import AutoScaling
    from ..gateway.cloud import Cloud
    from ..model.action import Action, Finding
    from ..model.fleet import Activity
    from ..model.member import Member
    from ..model.outcome import Outcome

_UNTOUCHED = ("WAITING", "CANCELLED", "NOT_FOUND")


def act(member: Member, finding: Finding, cloud: Cloud) -> Outcome:
    """Do what watching a group has found; an API error is `failed`."""
    activity, action = member.activity, finding.action
    if activity is None or action is None:
        message = "a finding without an activity or an action is only told"
        raise ValueError(message)
    autoscaling, name = cloud.autoscaling(member.fleet.region), activity.activity_id
    try:
        if action.kind == "resume":
            mode = action.resume_mode or "RETRY"
            autoscaling.resume_instance_refresh(member.group_id, name, mode)
            how = f"; {mode} of what failed" if action.resume_mode else ""
            outcome = member.ends("resumed", finding.reason + how, activity=name)
        elif action.kind == "restore":
            outcome = _restore(finding.reason, action, member, activity, autoscaling)
        else:
            outcome = _stop(finding.reason, action, member, activity, autoscaling)
    except ApiError as error:
        if error.outcome in ("refused", "busy") and _has_moved_on(activity, autoscaling):
            return _overtaken(member, f"{name} has moved on while this was decided")
        reason = f"{finding.reason}; {action.kind} failed: {error}"
        outcome = member.ends("failed", reason, activity=name, **error.fields)
    code = outcome.code or ("" if outcome.outcome == "queued" else finding.code)
    return outcome._replace(code=code, notes=finding.notes)


def _stop(
    reason: str, action: Action, member: Member, activity: Activity, autoscaling: AutoScaling
) -> Outcome:
    """Roll a paused activity back, or cancel it; one that has touched nothing is cancelled."""
    group, name = member.group_id, activity.activity_id
    if action.while_configured:
        configured = autoscaling.configured_image(member.group.launch_configuration_id)
        if configured != action.while_configured:
            brings = f"may bring {member.image_id}"
            return _overtaken(member, f"{name} began while this was decided, and {brings}")
    settings = None
    if action.kind == "rollback":
        settings = _rollback_settings(member, activity, autoscaling)
    if settings is None:
        autoscaling.cancel_instance_refresh(group, name)
        return member.ends("cancelled", reason, activity=name)
    rollback = autoscaling.rollback_instance_refresh(group, name, settings)
    return member.ends("rolled_back", reason, activity=rollback)


def _rollback_settings(
    member: Member, activity: Activity, autoscaling: AutoScaling
) -> dict[str, Any] | None:
    """Roll back in as many batches as the activity has begun, health checked as it did.

    None if it has touched nothing.
    """
    there = {instance.instance_id for instance in autoscaling.instances([member.group])}
    begun = [
        batch
        for batch in activity.batches
        if any(i.instance_id in there and i.status not in _UNTOUCHED for i in batch.instances)
    ]
    if not begun:
        return None
    return {"RollingUpdateSettings": {"BatchNumber": len(begun)}, **activity.health}


def _restore(
    reason: str, action: Action, member: Member, activity: Activity, autoscaling: AutoScaling
) -> Outcome:
    """Put the image back, unless the configuration or a group that uses it has moved meanwhile."""
    configuration, before = member.group.launch_configuration_id, member.fleet.activities
    newest = autoscaling.newest_activities((member.group_id, *member.shared_with))
    moved = any(now.live or _is_new(now, before.get(now.group_id, now)) for now in newest)
    configured = autoscaling.configured_image(configuration)
    if moved or configured not in (member.configured, action.image):
        moved_on = f"{configuration} or a group that uses it has moved meanwhile"
        return _overtaken(member, f"{moved_on}, and was left as it is")
    if configured != action.image:  # or another group that shares it has put the image back
        autoscaling.set_image(configuration, action.image)
    return member.ends("restored", reason, activity=activity.activity_id)


def _has_moved_on(activity: Activity, autoscaling: AutoScaling) -> bool:
    try:
        (now,) = autoscaling.newest_activities([activity.group_id]) or (activity,)
    except ApiError:
        return False
    return (now.activity_id, now.status) != (activity.activity_id, activity.status)


def _is_new(activity: Activity, known: Activity | None) -> bool:
    return known is None or activity.activity_id != known.activity_id


def _overtaken(member: Member, reason: str) -> Outcome:
    return member.ends("queued", reason, status=202)
