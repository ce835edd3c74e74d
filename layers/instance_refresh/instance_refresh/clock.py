"""Time: what it is, how the APIs write it, how much is left, and trying again within that."""

from __future__ import annotations

import random
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
_TRIES = 6
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0  # seconds


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


def retry(call: Callable[[], Result], deadline: Deadline, *, repeat: bool = True) -> Result:
    """Call, and give its result or raise the last try's ApiError.

    A throttled call is sent again; one whose fate is unknown (network, 5xx, InternalError, an
    answer that can't be read) only if it may be repeated.
    """
    for tries in range(1, _TRIES):
        try:
            return call()
        except ApiError as error:
            throttled = error.code.startswith("RequestLimitExceeded")
            if not (throttled or (repeat and error.fate_unknown)):
                raise
            wait(tries, deadline, error)
    return call()


def wait(tries: int, deadline: Deadline, error: ApiError) -> None:
    """Wait after so many tries; raise the error of the last if the deadline comes first."""
    most = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (tries - 1))
    try:
        deadline.sleep(random.uniform(most / 2, most))
    except ApiError:
        raise error from None
