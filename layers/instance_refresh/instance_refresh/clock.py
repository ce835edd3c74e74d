"""Time: what it is, how the APIs write it, and how much of it an invocation has left."""

from __future__ import annotations

import re
import threading
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, TypeVar

from .errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

# Kept back to write the outcomes and the answer: a tenth of the limit, within these bounds.
_LEAST, _MOST = 0.5, 3.0


def now() -> datetime:
    """Give the time; everything that judges by the time of day asks here."""
    return datetime.now(timezone.utc)


def moment(value: str) -> datetime:
    """Read a time as the APIs write it: `2026-01-31T08:00:00Z`, or with an offset.

    A fraction of the second is left out: no API documents one, and Python 3.10 doesn't read each.
    """
    seconds = re.sub(r"\.\d+", "", value)
    read = datetime.fromisoformat(seconds.replace("Z", "+00:00"))
    return read if read.tzinfo else read.replace(tzinfo=timezone.utc)


class Deadline:
    """The moment, on the monotonic clock, by which all calls must have ended."""

    def __init__(self, time_limit_in_ms: float) -> None:
        limit = time_limit_in_ms / 1000
        self._end = time.monotonic() + limit - min(max(limit / 10, _LEAST), _MOST)

    def check(self, needed: float = 0) -> float:
        """Give the seconds that are left; an ApiError DeadlineExceeded if no more than needed."""
        left = self._end - time.monotonic()
        if left <= needed:
            raise ApiError("DeadlineExceeded", "the function's time limit is near: not done")
        return left

    def sleep(self, seconds: float) -> None:
        """Wait; an ApiError DeadlineExceeded at once if the deadline comes before its end."""
        self.check(seconds)
        time.sleep(seconds)


def within(seconds: float, do: Callable[[], Result]) -> Result:
    """Do it in a thread of its own, and raise TimeoutError if it takes longer.

    A socket's timeout counts from byte to byte: an answer that drips would outlast any of them.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(do())
        except BaseException as error:  # noqa: BLE001 — raised again by the one who waits
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError
    return results[0]
