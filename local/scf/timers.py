"""Timer triggers: cron expressions on the cloud's clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.scf.cron import Cron

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, tzinfo

    from local.timeline import Timeline

MESSAGE_LIMIT = 4 * 1024


@dataclass(frozen=True)
class Timer:
    """A function's timer; `message` is the text that its events carry."""

    function: str
    name: str
    cron: Cron
    message: str


class Timers:
    """The timers of all functions; each time one fires, `invoke` gets function and event."""

    def __init__(self, timeline: Timeline, invoke: Callable[[str, object], object]) -> None:
        """Begin without a timer."""
        self._timeline, self._invoke = timeline, invoke
        self._names: set[tuple[str, str]] = set()
        self._closed = False

    def add(self, function: str, name: str, cron: str, message: str, zone: tzinfo) -> None:
        """Fire for every time of the cron expression from now on."""
        if (function, name) in self._names or len(message.encode()) > MESSAGE_LIMIT:
            problem = f"timer {name}: its name is taken, or its message is longer than 4 KB"
            raise ValueError(problem)
        timer = Timer(function, name, Cron(cron, zone), message)
        self._names.add((function, name))
        self._plan(timer, self._timeline.now())

    def close(self) -> None:
        """Fire no more."""
        self._closed = True

    def _plan(self, timer: Timer, after: datetime) -> None:
        moment = timer.cron.after(after)
        if moment is not None:
            self._timeline.at(moment, lambda: self._fire(timer, moment))

    def _fire(self, timer: Timer, moment: datetime) -> None:
        if self._closed:
            return
        event = {
            "Type": "Timer",
            "TriggerName": timer.name,
            "Time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "Message": timer.message,
        }
        self._invoke(timer.function, event)
        self._plan(timer, moment)
