"""Send a call again that was throttled, or whose fate is unknown."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

from ..errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..deadline import Deadline

Result = TypeVar("Result")
_TRIES = 6
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0


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
