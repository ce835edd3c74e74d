"""Whose turn it is: rings one after another, in their windows, no more at a time than allowed.

Pure: values in, values out. A family is the members that follow one image family.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple
from zlib import crc32

from ..model.action import Start
from .decide import keep_shared_together
from .preflight import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from ..model.member import Member
    from .decide import Decision

    Decisions = Mapping[str, Decision]

WaitCode = Literal["RingWaits", "WindowClosed", "Held", "CapReached"]
RING_WAITS: WaitCode = "RingWaits"
HELD: WaitCode = "Held"
_MOST_NAMED = 20  # every waiting group says it


class Wait(NamedTuple):
    """Why a group's turn has not come."""

    code: WaitCode
    reason: str


FULL = Wait("CapReached", "as many groups are refreshing as MAX_REFRESHING allows")


def families(members: Iterable[Member], now: datetime) -> list[list[Member]]:
    """Give those that follow one, family by family, in an order that is another each hour."""
    by_name: dict[str, list[Member]] = {}
    for member in (m for m in members if m.policy.family):
        by_name.setdefault(member.policy.family, []).append(member)
    return [by_name[name] for name in sorted(by_name, key=lambda name: turn(name, now))]


def converged(decision: Decision) -> bool:
    """Say whether a group runs the image, or a newer one, and is idle.

    A group without instances holds nobody up.
    """
    if isinstance(decision, Start):
        return False
    done = ("already_current", "superseded")
    return getattr(decision, "outcome", "") in done or decision.code == EMPTY


def _baked(member: Member, now: datetime) -> bool:
    """Say whether the last activity ended at least the bake time ago."""
    activity, bake = member.activity, member.policy.bake
    if not bake or activity is None or activity.ended is None:
        return True
    return now - activity.ended >= bake


def unknown_ends(family: Sequence[Member], known: Mapping[str, Decision | None]) -> list[Member]:
    """Give the converged members whose last activity's end decides whether a higher ring moves.

    `known` has None for a group that is to be started, as far as is known.
    """
    moving = [
        m
        for m in family
        if m.is_live or known[m.group_id] is None or isinstance(known[m.group_id], Start)
    ]
    highest = max((m.policy.ring for m in moving), default=-1)
    return [
        m
        for m in family
        if m.policy.bake and m.policy.ring < highest and m.group_id not in m.fleet.activities
        if (decision := known[m.group_id]) is not None and converged(decision)
    ]


def unfinished(family: Iterable[Member], decided: Decisions, now: datetime) -> list[Member]:
    """Give those of the lowest ring that is not done who are not: every ring above waits for it."""
    waiting = [m for m in family if not (converged(decided[m.group_id]) and _baked(m, now))]
    lowest = min((m.policy.ring for m in waiting), default=0)
    return [m for m in waiting if m.policy.ring == lowest]


def waits(family: Sequence[Member], decided: Decisions, now: datetime) -> dict[str, Wait | None]:
    """Say for each group why its turn has not come, None if it has."""
    below = unfinished(family, decided, now)
    ring = below[0].policy.ring if below else 0
    named = ", ".join(m.group_id for m in below[:_MOST_NAMED])
    if len(below) > _MOST_NAMED:
        named += f", and {len(below) - _MOST_NAMED} more"
    return {m.group_id: _wait(m, ring, f"ring {ring}: {named}", now) for m in family}


def _wait(member: Member, ring: int, below: str, now: datetime) -> Wait | None:
    policy = member.policy
    if policy.hold:
        return Wait(HELD, f"held by its tag: {policy.hold}")
    if policy.ring > ring:
        return Wait(RING_WAITS, f"ring {policy.ring} waits for {below}")
    if policy.unread_below:
        unread = f"{policy.unread_below}, whose tags can't be read"
        return Wait(RING_WAITS, f"ring {policy.ring} waits for {unread}")
    if policy.window and not policy.window.open_at(now):
        opens = policy.window.opens_after(now)
        return Wait("WindowClosed", f"its maintenance window opens at {opens:%Y-%m-%d %H:%M %Z}")
    return None


def gate(
    family: Sequence[Member], decided: Decisions, now: datetime, free: int
) -> dict[str, Decision]:
    """Let those start whose turn it is, `free` of them at most; the others are `queued`.

    Groups whose shared launch configuration is given the image start together, and count as one.
    """
    why = waits(family, decided, now)
    turns = {m.group_id: queued(decided[m.group_id], why[m.group_id]) for m in family}
    turns = keep_shared_together(family, turns)
    entered: set[str] = set()
    for member in sorted(family, key=lambda m: (m.policy.ring, turn(m.group_id, now))):
        decision = turns[member.group_id]
        if not isinstance(decision, Start) or decision.place in ("", *entered):
            continue
        if len(entered) < free:
            entered.add(decision.place)
        else:
            turns[member.group_id] = queued(decision, FULL)
    return turns


def turn(name: str, now: datetime) -> int:
    """Give a place in the order, another each hour: no start that is always refused keeps it."""
    return crc32(f"{now:%Y-%m-%d %H} {name}".encode(errors="replace"))


def places(decisions: Iterable[Decision]) -> int:
    """Count what the starts take under MAX_REFRESHING."""
    return len({one.place for one in decisions if isinstance(one, Start)} - {""})


def queued(decision: Decision, wait: Wait | None) -> Decision:
    if wait is None or not isinstance(decision, Start):
        return decision
    return decision.ends("queued", wait.reason, status=202, code=wait.code)
