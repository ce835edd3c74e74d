"""Keep calls apart, so that the platform's limit a second is not passed by our own doing."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..deadline import Deadline


class Pace:
    """Lets one call pass every `interval` seconds, whichever thread asks."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self, deadline: Deadline) -> None:
        """Wait for the next turn; an ApiError DeadlineExceeded if it comes too late."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            if turn - now < deadline.left():
                self._next = turn + self._interval
        deadline.sleep(turn - now)
