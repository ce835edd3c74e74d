"""Whose turn it is: rings one after another, in their windows, no more at a time than allowed.

Pure: values in, values out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple
from zlib import crc32

from . import outcome as o
from .decide import hold_shared
from .start import Start

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from .case import Case
    from .decide import Decision
    from .policy import Policy

WaitCode = Literal["RingWaits", "WindowClosed", "Held", "CapReached"]


class Wait(NamedTuple):
    """Why a group's turn has not come."""

    code: WaitCode
    reason: str


_FULL = Wait("CapReached", "as many groups are refreshing as MAX_REFRESHING allows")


class Member(NamedTuple):
    """A group of a family, with what was decided for it and what its tags say."""

    case: Case
    policy: Policy
    decision: Decision

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
        done = (o.ALREADY_CURRENT, o.SUPERSEDED)
        return self.decision.outcome in done or self.decision.code == "GroupEmpty"

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
    return [m for m in members if m.policy.ring < highest and m.converged and m.policy.bake]


def holders(members: Sequence[Member], now: datetime) -> list[Member]:
    """Give the members of the lowest ring that is not done: every ring above waits for them."""
    waiting = [m for m in members if not (m.converged and m.baked(now))]
    lowest = min((m.policy.ring for m in waiting), default=0)
    return [m for m in waiting if m.policy.ring == lowest]


def waits(members: Sequence[Member], now: datetime) -> dict[str, Wait | None]:
    """Say for each group why its turn has not come, None if it has."""
    held_by = holders(members, now)
    ring = held_by[0].policy.ring if held_by else 0
    return {member.group_id: _wait(member, ring, held_by, now) for member in members}


def gate(members: Sequence[Member], now: datetime, free: int) -> dict[str, Decision]:
    """Let those start whose turn it is, `free` of them at most; the others are `queued`.

    Groups whose shared launch configuration is given the image start together, and count as one.
    """
    why = waits(members, now)
    turns = {m.group_id: _queued(m.decision, why[m.group_id]) for m in members}
    turns = hold_shared([member.case for member in members], turns)
    entered: set[str] = set()
    for member in sorted(members, key=lambda m: (m.policy.ring, place(m.group_id, now))):
        decision = turns[member.group_id]
        if not isinstance(decision, Start):
            continue
        if decision.sets_image and decision.launch_configuration in entered:
            continue
        if free > 0:
            free -= 1
            entered.add(decision.launch_configuration)
        else:
            turns[member.group_id] = _queued(decision, _FULL)
    return turns


def place(name: str, now: datetime) -> int:
    """Give a place in the order, another each hour: no start that is always refused keeps it."""
    return crc32(f"{now:%Y-%m-%d %H} {name}".encode())


def _queued(decision: Decision, wait: Wait | None) -> Decision:
    if wait is None or not isinstance(decision, Start):
        return decision
    return decision.ends(o.QUEUED, wait.reason, status=202, code=wait.code)


def _wait(member: Member, ring: int, held_by: Iterable[Member], now: datetime) -> Wait | None:
    policy = member.policy
    if policy.hold:
        return Wait("Held", f"held by its tag: {policy.hold}")
    if policy.ring > ring:
        names = ", ".join(m.group_id for m in held_by)
        return Wait("RingWaits", f"ring {policy.ring} waits for ring {ring}: {names}")
    if policy.window and not policy.window.open_at(now):
        return Wait("WindowClosed", "its maintenance window is closed")
    return None
