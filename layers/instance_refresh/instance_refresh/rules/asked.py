"""Decide what is done where a request asks for another action than a start.

What the API is bound to refuse is not sent, and what was done for an event is not done again for
its second delivery. A rule that needs what was not read yet gives None.
Pure: values in, values out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model.action import ASKED, Action, Finding
from ..model.fleet import FAMILY_TAG
from ..model.outcome import Outcome
from ..model.policy import HOLD_TAG
from ..model.request import BRAKES, CLOCKS_DIFFER, REPLACE
from .preflight import refusal, refusal_fields
from .restore import restore
from .start import of_rollback

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from ..model.fleet import Activity
    from ..model.limits import Limits
    from ..model.member import Member
    from ..model.request import Verb
    from .decide import Decision

    Found = Outcome | Finding | None


def asked(members: Sequence[Member], limits: Limits) -> dict[str, Decision]:
    """Say what becomes of every group; where tags would set more going than is meant, none goes."""
    decided: dict[str, Decision] = {m.group_id: known for m in members if (known := action_of(m))}
    going = [m for m in members if isinstance(decided[m.group_id], Finding) and m.request.tags]
    most = going[0].request.max_groups or limits.groups if going else 0
    if len(going) > most and going[0].request.action not in BRAKES:
        text = f"its tags would set {len(going)} groups going, {most} are allowed"
        why = refusal_fields([refusal("TooManyGroups", text)])
        decided |= {m.group_id: m.ends("refused", **why) for m in going}
    return decided


def action_of(member: Member) -> Found:
    """Say what becomes of a group; None where what was read does not tell."""
    if member.allowed.groups and member.group_id not in member.allowed.groups:
        reason = f"group {member.group_id} is none that may be changed"
        return _refused(member, None, "GroupNotAllowed", reason)
    return _RULES[member.request.action](member)


def _stop(member: Member) -> Found:
    """The batch that runs ends, and no other begins; an end or a pause is what was asked for.

    It is sent as long as the activity runs: whether a stop was sent before, no answer tells.
    """
    activity = _named(member)
    if isinstance(activity, Outcome):
        return activity
    if activity is None:
        reason, remedy = "no refresh of the group is going on", _hold_too(member)
        return member.ends("stopped", reason, remedy=remedy)
    if not activity.live or activity.paused:
        remedy = "" if activity.status == "MANUAL_PAUSE" else _hold_too(member)
        reason = f"{activity.description}: nothing goes on"
        return _done(member, activity, "stopped", reason, remedy=remedy)
    return _later(member, activity) or _to_do(
        activity, "stop", "it pauses when the batch that runs has ended"
    )


def _hold_too(member: Member) -> str:
    """Only a pause that a person has made is left to people."""
    if FAMILY_TAG not in member.group.tags or HOLD_TAG in member.group.tags:
        return ""
    return "Hold the group, too: the schedule goes on with one that follows a family."


def _resume(member: Member) -> Found:
    """A pause that has ended since it was asked was this one's: the next is another's."""
    if member.group_id not in member.fleet.activities:
        return None
    activity = _named(member)
    if isinstance(activity, Outcome):
        return activity
    if activity is None:
        return _nothing_live(member, activity)
    if later := _later(member, activity):
        return later
    if _has_gone_on(activity, member.request.asked_at):
        reason = f"{activity.description}, and has gone on since this was asked"
        return _done(member, activity, "resumed", reason)
    if not activity.live:
        return _nothing_live(member, activity)
    if not activity.paused:
        return _refused(member, activity, "NotPaused", activity.description)
    return _to_do(activity, "resume", resume_mode=member.request.resume_mode)


def _has_gone_on(activity: Activity, asked_at: datetime | None) -> bool:
    """Say whether a batch has ended or begun since then.

    A pause begins with the end of a batch, so that one had ended when a resume was asked for.
    """
    last = activity.ended or activity.last_progress
    if asked_at is None or last is None:
        return False
    return last > (asked_at + CLOCKS_DIFFER if activity.paused else asked_at - CLOCKS_DIFFER)


def _cancel(member: Member) -> Found:
    if member.group_id not in member.fleet.activities:
        return None
    activity = _named(member)
    if isinstance(activity, Outcome):
        return activity
    if activity and activity.status == "CANCELLED":
        return _done(member, activity, "cancelled", f"{activity.description} already")
    if activity is None or not activity.live:
        return _nothing_live(member, activity)
    if later := _later(member, activity):
        return later
    return _batch_runs(member, activity) or _to_do(activity, "cancel")


def _roll_back(member: Member) -> Found:
    """Where none is named the newest activity is meant, and never one that is hidden behind it."""
    if member.group_id not in member.fleet.activities:
        return None
    if _is_rolled_back(member):
        return _rolled_back(member)
    activity = _named(member)
    if isinstance(activity, Outcome):
        return activity
    if activity is None:
        reason = f"group {member.group_id} was never refreshed"
        return _refused(member, None, "NothingToRollBack", reason)
    if why_not := _later(member, activity) or _not_rolled_back(member, activity):
        return why_not
    if member.instances is None:
        return None
    there = {one.instance_id for one in member.instances}
    rollback = of_rollback(activity, there, member.request)
    if rollback is None:
        reason = f"{activity.description}, and has touched no instance that is still there"
        return _refused(member, activity, "NothingToRollBack", reason)
    settings, clamped = rollback
    notes = _of_rollback(member, activity, clamped)
    return _to_do(activity, "rollback", notes=notes, settings=settings)


def _not_rolled_back(member: Member, activity: Activity) -> Outcome | None:
    """Only a paused activity, or the newest that succeeded, can be rolled back, and no rollback."""
    newest = member.activity or activity
    if activity.kind == "ROLLBACK":
        return _refused(member, activity, "RollbackOfRollback", activity.description)
    if activity.mode == REPLACE:
        return _refused(member, activity, "InstancesReplaced", activity.description)
    if newest.live and newest.activity_id != activity.activity_id:
        remedy = "Cancel it or roll it back first."
        return _done(member, newest, "busy", newest.description, status=409, remedy=remedy)
    if activity.live and not activity.paused:
        return _refused(member, activity, "BatchRuns", activity.description)
    if not activity.paused and activity.activity_id != _newest_success(member):
        return _refused(member, activity, "NotRolledBack", activity.description)
    return None


def _of_rollback(member: Member, activity: Activity, clamped: tuple[str, ...]) -> tuple[str, ...]:
    """Say what the launch configuration names meanwhile: the API puts back instances' images."""
    names = f"{member.group.launch_configuration_id} names {member.configured} until it has ended"
    again = f"a request with OriginRefreshActivityId {activity.activity_id}"
    back = f"then the next tick, or {again}, puts back what the instances run"
    return (*member.request.notes, *clamped, f"{names}; {back}")


def _is_rolled_back(member: Member) -> bool:
    """Say whether the newest activity is the rollback of what it names, or began since then."""
    newest, request = member.activity, member.request
    if newest is None or newest.kind != "ROLLBACK":
        return False
    if request.activity_id:
        return newest.origin_id == request.activity_id
    at, created = request.asked_at, newest.created
    return at is not None and created is not None and created >= at - CLOCKS_DIFFER


def _rolled_back(member: Member) -> Found:
    """Once it has ended, the launch configuration goes back to what the instances run."""
    rollback = member.activity
    if rollback is None or (member.instances is None and not rollback.live):
        return None
    undone = restore(member)
    if undone and undone.action:
        return undone
    left = undone and {"code": undone.code, "remedy": undone.remedy, "notes": (undone.reason,)}
    return _done(member, rollback, "rolled_back", rollback.description, **(left or {}))


def _hold(member: Member) -> Found:
    reason = member.request.reason
    if member.group.tags.get(HOLD_TAG) == reason:
        return member.ends("held", f"held already: {reason}")
    return Finding(ASKED, reason, action=Action("hold"))


def _release(member: Member) -> Found:
    if HOLD_TAG not in member.group.tags:
        return member.ends("released", "nothing holds it")
    reason = f"it was held: {member.group.tags[HOLD_TAG]}"
    return Finding(ASKED, reason, action=Action("release"))


_RULES: dict[Verb, Callable[[Member], Found]] = {
    "StopInstanceRefresh": _stop,
    "ResumeInstanceRefresh": _resume,
    "RollbackInstanceRefresh": _roll_back,
    "CancelInstanceRefresh": _cancel,
    "Hold": _hold,
    "Release": _release,
}


def _named(member: Member) -> Activity | Outcome | None:
    """Give the activity that the request names, or the group's newest, None if it has none."""
    wanted, newest = member.request.activity_id, member.activity
    known = (*member.fleet.past.get(member.group_id, ()), *((newest,) if newest else ()))
    if wanted is None:
        return newest
    found = next((one for one in known if one.activity_id == wanted), None)
    reason = f"{wanted} is no refresh activity of group {member.group_id}"
    return found or _refused(member, None, "ActivityNotFound", reason)


def _newest_success(member: Member) -> str | None:
    newest = member.activity
    past = member.fleet.past.get(member.group_id) or ((newest,) if newest else ())
    found = [one.activity_id for one in past if one.status == "SUCCESSFUL"]
    return found[-1] if found else None


def _later(member: Member, activity: Activity) -> Outcome | None:
    """What began after it was asked is not what was meant."""
    at, created = member.request.asked_at, activity.created
    if at is None or created is None or created <= at + CLOCKS_DIFFER:
        return None
    reason = f"refresh activity {activity.activity_id} began after this was asked"
    return _done(member, activity, "rejected", reason, status=409, remedy="Send a new request.")


def _batch_runs(member: Member, activity: Activity) -> Outcome | None:
    """A cancel waits for the batch that runs, and a new activity has none."""
    runs = any(batch.runs for batch in activity.batches)
    if not runs and (activity.paused or activity.status == "INIT"):
        return None
    return _refused(member, activity, "BatchRuns", activity.description)


def _nothing_live(member: Member, newest: Activity | None) -> Outcome:
    ended = f"; {newest.description}" if newest else ""
    reason = f"no refresh of group {member.group_id} is going on{ended}"
    return _refused(member, newest, "NoLiveActivity", reason)


def _refused(member: Member, activity: Activity | None, code: str, reason: str) -> Outcome:
    name = activity.activity_id if activity else ""
    return member.ends("refused", activity=name, **refusal_fields([refusal(code, reason)]))


def _done(member: Member, activity: Activity, outcome: Any, reason: str, **fields: Any) -> Outcome:
    return member.ends(outcome, reason, activity=activity.activity_id, **fields)


def _to_do(
    activity: Activity, kind: Any, then: str = "", notes: tuple[str, ...] = (), **fields: Any
) -> Finding:
    reason = f"{activity.description}; {then}" if then else activity.description
    return Finding(ASKED, reason, action=Action(kind, activity=activity, **fields), notes=notes)
