"""What is going to happen to resources and functions, in the order of the cloud's clock."""

from __future__ import annotations

import heapq
import itertools
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from local.clock import Clock


class Timeline:
    """Events that run lazily: `settle` catches up with the clock, each event at its own time.

    Any thread may add an event; `settle` is for one at a time, and an event must not wait for
    another thread.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._number = itertools.count()
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []
        self._running = threading.local()  # whose `at` is the time of the event that runs here

    def now(self) -> datetime:
        """Give the time of the event that this thread runs, or else the clock's."""
        at: datetime | None = getattr(self._running, "at", None)
        return at or self._clock.now()

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        """Let an event happen some simulated seconds from now."""
        self.at(self.now() + timedelta(seconds=seconds), event)

    def at(self, moment: datetime, event: Callable[[], None]) -> None:
        """Let an event happen at a moment."""
        with self._lock:
            heapq.heappush(self._events, (moment, next(self._number), event))

    def settle(self) -> None:
        """Run all events that are due, and those that become due by them."""
        until = self._clock.now()
        try:
            while event := self._next(until):
                event()
        finally:
            self._running.at = None

    def _next(self, until: datetime) -> Callable[[], None] | None:
        with self._lock:
            if not self._events or self._events[0][0] > until:
                return None
            self._running.at, _, event = heapq.heappop(self._events)
            return event
