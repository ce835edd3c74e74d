"""Whose turn it is: rings one after another, in their windows, no more at a time than allowed.

Pure: values in, values out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple
from zlib import crc32

from .decide import keep_shared_together
from .preflight import EMPTY
from .start import Start

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from ..model.act import Act
    from ..model.policy import Policy
    from .case import Case
    from .decide import Decision

WaitCode = Literal["RingWaits", "WindowClosed", "Held", "CapReached"]
RING_WAITS: WaitCode = "RingWaits"
HELD: WaitCode = "Held"
_MOST_NAMED = 20  # every waiting group says it


class Wait(NamedTuple):
    """Why a group's turn has not come."""

    code: WaitCode
    reason: str


_FULL = Wait("CapReached", "as many groups are refreshing as MAX_REFRESHING allows")


class Member(NamedTuple):
    """A group of a family, what was decided for it and what else it needs."""

    case: Case
    decision: Decision
    act: Act | None = None

    @property
    def policy(self) -> Policy:
        return self.case.policy

    @property
    def group_id(self) -> str:
        return self.case.group.group_id

    @property
    def converged(self) -> bool:
        """Say whether it runs the image (or a newer one) and is idle.

        A group without instances holds nobody up.
        """
        if isinstance(self.decision, Start):
            return False
        done = ("already_current", "superseded")
        return self.decision.outcome in done or self.decision.code == EMPTY

    def baked(self, now: datetime) -> bool:
        """Say whether its last activity ended at least its bake time ago."""
        activity = self.case.activity
        if not self.policy.bake or activity is None or activity.ended is None:
            return True
        return now - activity.ended >= self.policy.bake


def unknown_ends(members: Sequence[Member]) -> list[Member]:
    """Give the converged members whose last activity's end decides whether a higher ring moves."""
    moving = [m for m in members if isinstance(m.decision, Start) or m.case.is_live]
    highest = max((m.policy.ring for m in moving), default=-1)
    below = [m for m in members if m.policy.ring < highest and m.converged and m.policy.bake]
    return [m for m in below if m.group_id not in m.case.fleet.activities]


def unfinished(members: Sequence[Member], now: datetime) -> list[Member]:
    """Give those of the lowest ring that is not done who are not: every ring above waits for it."""
    waiting = [m for m in members if not (m.converged and m.baked(now))]
    lowest = min((m.policy.ring for m in waiting), default=0)
    return [m for m in waiting if m.policy.ring == lowest]


def waits(members: Sequence[Member], now: datetime) -> dict[str, Wait | None]:
    """Say for each group why its turn has not come, None if it has."""
    below = unfinished(members, now)
    return {member.group_id: _wait(member, below, now) for member in members}


def gate(members: Sequence[Member], now: datetime, free: int) -> list[Member]:
    """Let those start whose turn it is, `free` of them at most; the others are `queued`.

    Groups whose shared launch configuration is given the image start together, and count as one.
    """
    why = waits(members, now)
    turns = {m.group_id: _queued(m.decision, why[m.group_id]) for m in members}
    turns = keep_shared_together([member.case for member in members], turns)
    entered: set[str] = set()
    for member in sorted(members, key=lambda m: (m.policy.ring, turn(m.group_id, now))):
        decision = turns[member.group_id]
        if not isinstance(decision, Start) or decision.place in ("", *entered):
            continue
        if len(entered) < free:
            entered.add(decision.place)
        else:
            turns[member.group_id] = _queued(decision, _FULL)
    return [member._replace(decision=turns[member.group_id]) for member in members]


def turn(name: str, now: datetime) -> int:
    """Give a place in the order, another each hour: no start that is always refused keeps it."""
    return crc32(f"{now:%Y-%m-%d %H} {name}".encode(errors="replace"))


def places(members: Iterable[Member]) -> set[str]:
    """Give what the starts take under MAX_REFRESHING."""
    starts = [member.decision for member in members if isinstance(member.decision, Start)]
    return {start.place for start in starts} - {""}


def _queued(decision: Decision, wait: Wait | None) -> Decision:
    if wait is None or not isinstance(decision, Start):
        return decision
    return decision.ends("queued", wait.reason, status=202, code=wait.code)


def _wait(member: Member, below: Sequence[Member], now: datetime) -> Wait | None:
    policy = member.policy
    ring = below[0].policy.ring if below else 0
    if policy.hold:
        return Wait(HELD, f"held by its tag: {policy.hold}")
    if policy.ring > ring:
        names = ", ".join(m.group_id for m in below[:_MOST_NAMED])
        more = f", and {len(below) - _MOST_NAMED} more" if len(below) > _MOST_NAMED else ""
        return Wait(RING_WAITS, f"ring {policy.ring} waits for ring {ring}: {names}{more}")
    if policy.window and not policy.window.open_at(now):
        return Wait("WindowClosed", "its maintenance window is closed")
    return None
