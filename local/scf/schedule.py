"""What is to happen at a time of the cloud's clock."""

from __future__ import annotations

import heapq
import itertools
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from local.clock import Clock


class Schedule:
    """Actions in the order of their times; `run_due` runs those whose time has come."""

    def __init__(self, clock: Clock) -> None:
        """Begin empty."""
        self._clock = clock
        self._lock = threading.Lock()
        self._running = threading.RLock()
        self._number = itertools.count()
        self._actions: list[tuple[datetime, int, Callable[[], None]]] = []

    def at(self, moment: datetime, action: Callable[[], None]) -> None:
        """Run an action once the clock has reached a moment."""
        with self._lock:
            heapq.heappush(self._actions, (moment, next(self._number), action))

    def run_due(self) -> None:
        """Run all that is due, in order, and what becomes due by that."""
        with self._running:
            while action := self._next_due():
                action()

    def _next_due(self) -> Callable[[], None] | None:
        with self._lock:
            if self._actions and self._actions[0][0] <= self._clock.now():
                return heapq.heappop(self._actions)[2]
        return None
