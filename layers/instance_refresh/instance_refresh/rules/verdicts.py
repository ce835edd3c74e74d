"""Say what is to be done with each group of a pass, all of them seen together.

Pure: values in, values out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..model.action import NOT_DEPLOYED, Finding, Start
from ..model.outcome import Outcome
from . import watch
from .decide import decide, failed_here
from .leftovers import leftovers
from .report import told
from .restore import restore
from .rings import FULL, RING_WAITS, families, gate, places, queued, waits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ..model.limits import Limits
    from ..model.member import Member
    from .decide import Decision
    from .rings import Decisions, Wait


class Verdicts(NamedTuple):
    """By group: whether it starts (`decided`), and what is done to it now or how it ended (`todo`).

    `overdue` are the groups that have waited longer than they may.
    """

    decided: Mapping[str, Decision]
    todo: Mapping[str, Decision]
    overdue: frozenset[str] = frozenset()


def verdicts(
    members: Sequence[Member], limits: Limits, now: datetime, elsewhere: int = 0
) -> Verdicts:
    """Let groups start in turn, and see to all else that they need.

    `elsewhere` followers that are not among the members are refreshing, too.
    """
    decided = in_turn(members, decide(members, limits), limits, now, elsewhere)
    others = [member for member in members if member.request.watched]
    found = {
        member.group_id: finding
        for some in (*families(members, now), others)
        for member, finding in _findings(some, decided, limits, now)
    }
    decided = _without_starts_on_restored(members, decided, found)
    todo = {m.group_id: _todo(m, decided[m.group_id], found.get(m.group_id)) for m in members}
    overdue = (name for name, finding in found.items() if finding.code == NOT_DEPLOYED)
    return Verdicts(decided, todo, frozenset(overdue))


def in_turn(
    members: Sequence[Member],
    decided: Decisions,
    limits: Limits,
    now: datetime,
    elsewhere: int = 0,
) -> dict[str, Decision]:
    """Let groups that follow a family start when their turn has come; the others are queued.

    Where nothing may refresh, no group starts, whether it follows one or not.
    """
    if not limits.refreshing:
        return {name: queued(one, FULL) for name, one in decided.items()}
    turns = dict(decided)
    live = sum(m.is_live and not m.request.watched for m in members)
    free = limits.refreshing - elsewhere - live
    for family in families(members, now):
        turns |= (started := gate(family, decided, now, free))
        free -= places(started.values())
    return turns


def _findings(
    family: Sequence[Member], decided: Decisions, limits: Limits, now: datetime
) -> list[tuple[Member, Finding]]:
    """Say what the groups of a family need besides a start."""
    turns = waits(family, decided, now)
    rejecting = [m for m in family if getattr(decided[m.group_id], "outcome", "") == "rejected"]
    found = []
    for member in family:
        decision, finding = decided[member.group_id], None
        if isinstance(decision, Outcome) and member.is_live:
            below = [m.group_id for m in rejecting if _rejects_below(m, decided, member)]
            finding = _of_live(member, turns[member.group_id], below, limits, now)
        elif isinstance(decision, Outcome):
            finding = _of_idle(member, decision, limits, now)
        allowed = member.allowed.groups
        if finding and finding.action and allowed and member.group_id not in allowed:
            reason = f"{finding.reason}; the group is none of ALLOWED_GROUPS"
            finding = finding._replace(action=None, reason=reason)
        if finding:
            found.append((member, finding))
    return found


def _of_live(
    member: Member, wait: Wait | None, rejected_below: list[str], limits: Limits, now: datetime
) -> Finding | None:
    """Let a newer image take a paused activity's place, or say what the activity needs."""
    found = watch.newer_image(member) if wait is None and limits.refreshing else None
    if found and not failed_here(member):
        return found
    newer_waits = member.is_newer and wait is not None and wait.code == RING_WAITS
    return watch.live(member, limits, now, rejected_below, newer_waits=newer_waits)


def _of_idle(member: Member, decision: Outcome, limits: Limits, now: datetime) -> Finding | None:
    """Put the launch configuration back, or report what no refresh to come will mend."""
    held, others = member.policy.hold, member.request.watched
    restores = limits.restore == "all" or (limits.restore == "followers" and not others)
    if restores and not held and (undone := restore(member)):
        return undone
    if others:
        return None
    refused_for_now = decision.outcome == "refused" and decision.retryable
    comes = refused_for_now or (decision.outcome == "queued" and not held)
    return leftovers(member, limits, now, start_comes=comes)


def _rejects_below(one: Member, decided: Decisions, member: Member) -> bool:
    """Say whether one of a lower ring rejects what the member's launch configuration names."""
    image = getattr(decided[one.group_id], "image", "")
    return one.policy.ring < member.policy.ring and image == member.configured


def _without_starts_on_restored(
    members: Sequence[Member], decided: Decisions, found: Mapping[str, Finding]
) -> dict[str, Decision]:
    """Queue each start whose launch configuration this pass puts back."""
    restored = {
        member.group.launch_configuration_id
        for member in members
        if (finding := found.get(member.group_id)) and finding.action
        if finding.action.kind == "restore"
    }
    return {
        name: one.ends("queued", f"{one.launch_configuration} is being restored", status=202)
        if isinstance(one, Start) and one.launch_configuration in restored
        else one
        for name, one in decided.items()
    }


def _todo(member: Member, decision: Decision, finding: Finding | None) -> Decision:
    if finding is None or not isinstance(decision, Outcome):
        return decision
    return finding if finding.action else told(finding, member, decision)
