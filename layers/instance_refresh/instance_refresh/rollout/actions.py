"""Act on what is there: a refresh activity, or a launch configuration's image that is put back.

What another function has done meanwhile is not done again: the group is `queued` for the next look,
and who asked is told. A call whose answer was lost is looked up, and not sent again.

What the next delivery sees, wherever this one dies: an activity as it was, or one that has moved on
since it was asked; and once a rollback has ended, a launch configuration that names what no
instance runs, which is put back then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ApiError
from ..model.action import ASKED
from ..rules.start import of_rollback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..gateway.actions import AutoScaling
    from ..gateway.cloud import Cloud
    from ..model.action import Action, Finding
    from ..model.fleet import Activity
    from ..model.member import Member
    from ..model.outcome import Ended, Outcome


def act(member: Member, finding: Finding, cloud: Cloud) -> Outcome:
    """Do what watching a group has found, or what was asked for; an API error is `failed`."""
    action, activity = _subject(member, finding)
    autoscaling = cloud.autoscaling(member.fleet.region)
    try:
        outcome = _call(finding.reason, action, member, activity, autoscaling)
    except ApiError as error:
        outcome = _after(error, finding, member, autoscaling)
    code = outcome.code or ("" if outcome.outcome == "queued" else finding.code)
    return outcome._replace(code=code, notes=finding.notes, since=finding.since)


def _subject(member: Member, finding: Finding) -> tuple[Action, Activity]:
    activity = (finding.action and finding.action.activity) or member.activity
    if activity is None or finding.action is None:
        message = "a finding without an activity or an action is only told"
        raise ValueError(message)
    return finding.action, activity


def _call(
    reason: str, action: Action, member: Member, activity: Activity, autoscaling: AutoScaling
) -> Outcome:
    name = activity.activity_id
    if action.kind == "restore":
        return _restore(reason, action, member, activity, autoscaling)
    if action.kind == "stop":
        autoscaling.stop_instance_refresh(member.group_id, name)
        return member.ends("stopped", reason, activity=name)
    if action.kind == "resume":
        mode = action.resume_mode or "RETRY"
        autoscaling.resume_instance_refresh(member.group_id, name, mode)
        how = f"; {mode} of what failed" if action.resume_mode else ""
        return member.ends("resumed", reason + how, activity=name)
    return _undo(reason, action, member, activity, autoscaling)


def _undo(
    reason: str, action: Action, member: Member, activity: Activity, autoscaling: AutoScaling
) -> Outcome:
    """Roll a paused activity back, or cancel it; one that has touched nothing is cancelled."""
    group, name = member.group_id, activity.activity_id
    if action.while_configured:
        configured = autoscaling.configured_image(member.group.launch_configuration_id)
        if configured != action.while_configured:
            brings = f"may bring {member.image_id}"
            return _overtaken(member, f"{name} began while this was decided, and {brings}")
    settings: Mapping[str, Any] | None = action.settings
    if action.kind == "rollback" and settings is None:
        there = {instance.instance_id for instance in autoscaling.instances([member.group])}
        settings, _ = of_rollback(activity, there) or (None, ())
    if settings is None:
        autoscaling.cancel_instance_refresh(group, name)
        return member.ends("cancelled", reason, activity=name)
    rollback = autoscaling.rollback_instance_refresh(group, name, settings)
    return member.ends("rolled_back", reason, activity=rollback)


def _after(error: ApiError, finding: Finding, member: Member, autoscaling: AutoScaling) -> Outcome:
    """Say what an error means, by what has become of the activity."""
    action, activity = _subject(member, finding)
    name, now = activity.activity_id, None
    refused, asked = error.outcome in ("refused", "busy"), finding.code == ASKED
    if error.fate_unknown or (refused and not asked):
        now = _newest(activity, autoscaling)
    if now and error.fate_unknown and (ended := _done_all_the_same(action, activity, now)):
        reason = f"{finding.reason}; the API's answer was lost, what it did was found"
        return member.ends(ended, reason, activity=now.activity_id)
    if now and refused and (now.activity_id, now.status) != (name, activity.status):
        return _overtaken(member, f"{name} has moved on while this was decided")
    reason = f"{finding.reason}; {action.kind} failed: {error}"
    return member.ends(error.outcome if asked else "failed", reason, activity=name, **error.fields)


def _done_all_the_same(action: Action, activity: Activity, now: Activity) -> Ended | None:
    """Say what a call has done whose answer was lost, by the group's newest activity."""
    if action.kind == "rollback" and now.origin_id == activity.activity_id:
        return "rolled_back"
    same, ended = now.activity_id == activity.activity_id, now.status
    if action.kind == "resume" and same and ended in ("RUNNING", "SUCCESSFUL"):
        return "resumed"
    if action.kind == "stop" and same and now.paused:
        return "stopped"
    undone = action.kind in ("cancel", "rollback") and same and ended == "CANCELLED"
    return "cancelled" if undone else None


def _newest(activity: Activity, autoscaling: AutoScaling) -> Activity | None:
    try:
        return next(iter(autoscaling.newest_activities([activity.group_id])), None)
    except ApiError:
        return None


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


def _is_new(activity: Activity, known: Activity | None) -> bool:
    return known is None or activity.activity_id != known.activity_id


def _overtaken(member: Member, reason: str) -> Outcome:
    return member.ends("queued", reason, status=202)
