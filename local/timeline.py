"""What the simulated cloud is going to do, in the order of its clock."""

from __future__ import annotations

import heapq
import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from local.clock import Clock


class Timeline:
    """Events that run lazily: `settle` catches up with the clock, each event at its own time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._number = itertools.count()
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []
        self._at: datetime | None = None

    def now(self) -> datetime:
        """Give the running event's time, or the clock's when none is running."""
        return self._at or self._clock.now()

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        """Let an event happen some simulated seconds from now."""
        moment = self.now() + timedelta(seconds=seconds)
        heapq.heappush(self._events, (moment, next(self._number), event))

    def settle(self) -> None:
        """Run all events that are due, and those that become due by them."""
        until = self._clock.now()
        try:
            while self._events and self._events[0][0] <= until:
                self._at, _, event = heapq.heappop(self._events)
                event()
        finally:
            self._at = None
