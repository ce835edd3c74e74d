"""What is told of a tick: what changed something or needs someone, and a count of all.

Pure: values in, values out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model.action import NOT_DEPLOYED
from ..model.outcome import Outcome
from .preflight import passes
from .rings import HELD, RING_WAITS, converged, unfinished

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from ..model.action import Finding
    from ..model.member import Member
    from .decide import Decision
    from .rings import Decisions

_MOST_NAMED = 10
_QUIET = ("already_current", "in_progress", "queued", "superseded")
WAVE_HELD = "WaveHeld"
_BAD_ENDS = ("RolledBack", "RefreshEnded")
_NEEDS_SOMEONE = ("rejected", "refused", "failed", "attention")


def states(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Count groups by their outcome, and those that are queued by why they wait."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        state = outcome.code if outcome.outcome == "queued" and outcome.code else outcome.outcome
        counts[state] = counts.get(state, 0) + 1
    return counts


def progress(
    families: Iterable[Sequence[Member]], decided: Decisions, ends: Mapping[str, Outcome]
) -> dict[str, dict[str, Any]]:
    """Count, for each family, its groups by how far they are; `share` is of those that are done."""
    counts: dict[str, dict[str, Any]] = {}
    for family in families:
        done = sum(converged(decided[m.group_id]) for m in family)
        counts[family[0].policy.family] = {
            "image": family[0].image_id,
            "groups": len(family),
            "done": done,
            "refreshing": sum(m.is_live or ends[m.group_id].outcome == "started" for m in family),
            "waiting": sum(ends[m.group_id].outcome == "queued" for m in family),
            "failed": sum(ends[m.group_id].outcome in _NEEDS_SOMEONE for m in family),
            "share": round(done / len(family), 3),
        }
    return counts


def to_go(families: Iterable[Sequence[Member]], decided: Decisions) -> dict[str, str]:
    """Say, for each family that is not done, how many groups are to go, and who is next."""
    said: dict[str, str] = {}
    for family in families:
        left = [m for m in family if m.is_live or not converged(decided[m.group_id])]
        if left:
            name, ring = left[0].policy.family, min(m.policy.ring for m in left)
            names = [m.group.name or m.group_id for m in left if m.policy.ring == ring]
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            named = ", ".join(names[:_MOST_NAMED]) + more
            said[name] = (
                f"{name}: {len(left)} of {len(family)} groups to go; in ring {ring}: {named}"
            )
    return said


def worth_telling(end: Outcome) -> bool:
    """Something was changed or needs someone; what passes by itself is only counted."""
    if end.code == HELD:
        return True
    passing = all(map(passes, end.refusals)) if end.refusals else end.retryable
    return end.outcome not in _QUIET and not (end.outcome == "refused" and passing)


def told(finding: Finding, member: Member, decision: Outcome) -> Outcome:
    """Make one line of a group's two: what is wrong, and what was decided.

    What is wrong is a note of a decision that someone must mend, unless the group is frozen; what
    was decided is a note where it says why the group waits. Who waits long for a lower ring is told
    of once a family, by `held_rings`.
    """
    if finding.code == NOT_DEPLOYED and decision.code == RING_WAITS:
        return decision
    speaks_against = decision.outcome in ("rejected", "refused")
    if speaks_against and not finding.urgent and worth_telling(decision):
        return decision._replace(notes=(*decision.notes, f"{finding.reason}: {finding.remedy}"))
    why = (decision.reason,) if speaks_against or decision.code else ()
    return member.ends(
        "attention",
        finding.reason,
        status=409,
        activity=member.activity.activity_id if member.activity else "",
        code=finding.code,
        remedy=finding.remedy,
        urgent=finding.urgent,
        since=finding.since,
        notes=(*finding.notes, *why),
    )


def held_rings(
    families: Iterable[Sequence[Member]],
    decided: Decisions,
    ends: Mapping[str, Outcome],
    overdue: frozenset[str],
    now: datetime,
) -> Iterable[Outcome]:
    """Say, once a family, which groups stop the rings above for long, or until someone acts.

    `overdue` are the groups that have waited longer than they may.
    """
    for family in families:
        waiting = [m for m in family if getattr(decided[m.group_id], "code", "") == RING_WAITS]
        below = [
            _lasting(ends[m.group_id], decided[m.group_id])
            for m in unfinished(family, decided, now)
        ]
        stopped = [
            end
            for end in below
            if worth_telling(end) and (end.outcome in _NEEDS_SOMEONE or end.code == HELD)
        ]
        if not stopped and any(m.group_id in overdue for m in waiting):
            stopped = below
        if waiting and stopped:
            name = waiting[0].policy.family
            names = ", ".join(f"{_named(e)}{e.outcome}: {e.reason})" for e in stopped)
            yield Outcome(
                "attention",
                f"family {name}: {len(waiting)} groups of higher rings wait for {names}",
                stopped[0].region,
                image=stopped[0].image,
                code=WAVE_HELD,
                family=name,
                since=stopped[0].since,
                remedy="See what is said of the groups that are named.",
            )


def _lasting(end: Outcome, decision: Decision) -> Outcome:
    """Give what lasts of a group whose launch configuration was just put back."""
    return decision if end.outcome == "restored" and isinstance(decision, Outcome) else end


def _named(end: Outcome) -> str:
    return f"{end.group_name} ({end.group}, " if end.group_name else f"{end.group} ("


def one_event(lines: Iterable[Outcome]) -> tuple[Outcome, ...]:
    """Make one line of those that the same event gave: the others are notes of the first.

    The end of a refresh comes before that its image is rejected since, and either before that a
    family's higher rings wait since.
    """
    kept = dict(enumerate(lines))
    warns = [(n, one) for n, one in kept.items() if one.level != "INFO"]
    bad = [(n, one) for n, one in warns if one.code in _BAD_ENDS]
    ends = {one.group: n for n, one in bad}
    began = {(one.family, one.since): n for n, one in reversed(bad)}
    for number, line in warns:
        since, main = (line.family, line.since), None
        if line.outcome == "rejected":
            main = ends.get(line.group)
        elif line.code == WAVE_HELD:
            main = began.get(since)
        began.setdefault(since, number if main is None else main)
        if main is not None:
            del kept[number]
            others = (note for note in kept[main].notes if note not in line.reason)
            kept[main] = kept[main]._replace(notes=(line.reason, *others))
    return tuple(kept.values())
