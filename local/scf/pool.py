"""A function's instances: those that run an event, and those kept warm for the next."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from local.scf.instance import Instance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from local.scf.function import Function


class Pool:
    """The instances of one function, at most its reserved concurrency at a time."""

    def __init__(self, function: Function, opt: Sequence[Path], python: str) -> None:
        """Begin without an instance."""
        self.function = function
        self._opt, self._python = opt, python
        self._lock = threading.Lock()
        self._warm: list[Instance] = []
        self._busy: dict[Instance, Function] = {}
        self._waiting: deque[Callable[[], None]] = deque()
        self._closed = False

    def acquire(self, when_free: Callable[[], None] | None = None) -> Instance | None:
        """Take a warm instance or start one; at the limit, or once closed, return None.

        Then `when_free` is kept, and called once, when a place may be free.
        """
        with self._lock:
            limit = self.function.concurrency
            if self._closed or (limit is not None and len(self._busy) >= limit):
                if when_free is not None:
                    self._waiting.append(when_free)
                return None
            instance = self._take_warm() or Instance(
                self._python,
                self.function.code,
                self.function.environment(self._opt, self._python),
            )
            self._busy[instance] = self.function
            return instance

    def release(self, instance: Instance) -> None:
        """Keep an instance warm, unless it ended or its function was replaced meanwhile."""
        with self._lock:
            current = self._busy.pop(instance) is self.function and not self._closed
            if current and instance.alive():
                self._warm.append(instance)
            else:
                instance.close()
            waiting = self._waiting.popleft() if self._waiting else None
        if waiting is not None:
            waiting()

    def replace(self, function: Function) -> None:
        """Start the next events with another function; those that run end with the old one."""
        with self._lock:
            self.function = function
            self._close_warm()

    def kill(self) -> None:
        """Kill every instance: a running event ends as a crash, the next one starts cold."""
        with self._lock:
            self._close_warm()
            for instance in self._busy:
                instance.kill()

    def close(self) -> None:
        """Kill every instance, forget who waits for one and start no more."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
        self.kill()

    def _close_warm(self) -> None:
        for instance in self._warm:
            instance.close()
        self._warm.clear()

    def _take_warm(self) -> Instance | None:
        while self._warm:
            instance = self._warm.pop()
            if instance.alive():
                return instance
            instance.close()
        return None
