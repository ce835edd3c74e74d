"""Asynchronous invocations: queued, and tried again when a run failed."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.scf.invocation import RUN_FAILURES, Invocation

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.scf.instance import Instance
    from local.scf.pool import Pool
    from local.timeline import Timeline

TRIES = 3
BETWEEN_TRIES_S = 60.0
THREADS = 32


@dataclass
class Queued:
    """An event on its way through its tries; `body` is its JSON text."""

    pool: Pool
    request_id: str
    body: str
    try_number: int = 1
    future: Future[Invocation] = field(default_factory=Future)


class Asynchronous:
    """The queue: `run` makes one try, and a failed one is repeated twice, a minute apart."""

    def __init__(
        self,
        run: Callable[[Pool, Instance, str, str, int], Invocation],
        timeline: Timeline,
    ) -> None:
        """Begin with nothing queued."""
        self._run, self._timeline = run, timeline
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="scf")
        self._changed = threading.Condition()
        self._open: dict[str, Queued] = {}
        self._active: set[str] = set()
        self._closed = False

    def submit(self, pool: Pool, request_id: str, body: str) -> Future[Invocation]:
        """Queue an event; the future gives the last try's invocation."""
        event = Queued(pool, request_id, body)
        with self._changed:
            self._open[request_id] = event
        self._begin(event)
        return event.future

    def wait_idle(self, timeout_s: float) -> None:
        """Wait until no try runs or waits for an instance; a TimeoutError after the time."""
        self._wait(self._active, timeout_s, "running")

    def wait_drained(self, timeout_s: float) -> None:
        """Wait until every event's tries are over; a TimeoutError names those that aren't."""
        self._wait(self._open, timeout_s, "pending")

    def close(self) -> None:
        """Start no more tries; futures that are still open are cancelled."""
        with self._changed:
            self._closed = True
            left = list(self._open.values())
        self._threads.shutdown(wait=True, cancel_futures=True)
        for event in left:
            event.future.cancel()

    def _begin(self, event: Queued) -> None:
        with self._changed:
            if self._closed:
                return
            self._active.add(event.request_id)
            self._threads.submit(self._try, event)

    def _try(self, event: Queued) -> None:
        try:
            instance = event.pool.acquire(when_free=lambda: self._begin(event))
            if instance is None:
                return
            done = self._run(event.pool, instance, event.request_id, event.body, event.try_number)
        except BaseException as error:  # noqa: BLE001 - handed on to whoever reads the future
            event.future.set_exception(error)
            self._end(event)
            return
        if done.status in RUN_FAILURES and event.try_number < TRIES:
            self._try_again(event)
        else:
            event.future.set_result(done)
            self._end(event)

    def _try_again(self, event: Queued) -> None:
        event.try_number += 1
        with self._changed:
            # Before anyone sees the queue idle: who then moves the clock must meet this try.
            self._timeline.after(BETWEEN_TRIES_S, lambda: self._begin(event))
            self._active.discard(event.request_id)
            self._changed.notify_all()

    def _end(self, event: Queued) -> None:
        with self._changed:
            self._active.discard(event.request_id)
            del self._open[event.request_id]
            self._changed.notify_all()

    def _wait(self, events: dict[str, Queued] | set[str], timeout_s: float, state: str) -> None:
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while events:
                if not self._changed.wait(deadline - time.monotonic()):
                    names = ", ".join(sorted({e.pool.function.name for e in self._open.values()}))
                    message = f"{len(events)} asynchronous invocations still {state}: {names}"
                    raise TimeoutError(message)
