"""The clocks a local cloud can run on."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone
from typing import Protocol


class Clock(Protocol):
    """A clock: `now` is an aware datetime in UTC, `advance` moves it on at once."""

    def now(self) -> datetime: ...
    def advance(self, seconds: float) -> None: ...


class ManualClock:
    """A clock that stands still until it is advanced."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 1, tzinfo=timezone.utc)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock on; the cloud catches up when it is next asked anything."""
        with self._lock:
            self._now += timedelta(seconds=seconds)


class ScaledClock:
    """A clock that starts at the real time and runs `speed` times as fast."""

    def __init__(self, speed: float = 60.0, start: datetime | None = None) -> None:
        self.speed = speed
        self._start = start or datetime.now(timezone.utc)
        self._origin = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._origin) * self.speed)

    def advance(self, seconds: float) -> None:
        """Skip some time."""
        self._start += timedelta(seconds=seconds)


def iso(moment: datetime | None) -> str | None:
    """Write a time as the API does, in whole seconds; None stays None."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
