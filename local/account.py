"""All that an account has in the cloud: its regions, buckets and keys, and what was called."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from local.calls import WRITES, Call
from local.cam.access import Access
from local.clock import ScaledClock
from local.cos.store import Store
from local.credentials import Credentials, KeyRing
from local.faults import Faults
from local.identifiers import Identifiers
from local.limits import RateLimits, documented
from local.region import Region
from local.timeline import Timeline
from local.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local.clock import Clock


class Account:
    """The state that all services share; every request is carried out under `lock`.

    `on_call` is called after a call's effect and before its answer is sent, in the thread that
    serves it.
    """

    def __init__(self, clock: Clock | None = None, timing: Timing | None = None) -> None:
        self.clock: Clock = clock or ScaledClock()
        self.timing = timing or Timing()
        self.lock = threading.RLock()
        self.calls: list[Call] = []
        self.on_call: Callable[[Call], object] | None = None
        self.faults = Faults()
        self.keys = KeyRing()
        self.access = Access(self.keys)
        self.limits = documented()
        self.rate_limits = RateLimits(self.limits)
        self.timeline = Timeline(self.clock)
        self.cos = Store(self.timeline, self.lock)
        self._identifiers = Identifiers()
        self._regions: dict[str, Region] = {}

    def region(self, name: str) -> Region:
        """Give a region; it is empty when first asked for."""
        with self.lock:
            if name not in self._regions:
                self._regions[name] = Region(
                    name,
                    timeline=self.timeline,
                    identifiers=self._identifiers,
                    faults=self.faults,
                    timing=self.timing,
                    lock=self.lock,
                )
            return self._regions[name]

    def role(self, allow: Iterable[str] | None = None) -> Credentials:
        """Make temporary credentials; `allow` names the only actions they may call."""
        with self.lock:
            return self.keys.issue(temporary=True, allow=allow)

    def user(self) -> Credentials:
        """Make permanent credentials, which have no token."""
        with self.lock:
            return self.keys.issue(temporary=False, allow=None)

    def revoke(self, credentials: Credentials) -> None:
        """Make credentials invalid from now on."""
        with self.lock:
            self.keys.revoke(credentials)

    def writes(self) -> list[Call]:
        """Give the calls of actions that change something, refused ones included."""
        with self.lock:
            return [call for call in self.calls if call.action in WRITES]

    def settle(self) -> None:
        """Let everything happen that is due by the clock."""
        with self.lock:
            self.timeline.settle()

    def called(self, call: Call) -> None:
        """Tell the listener that there may be of a call."""
        listener = self.on_call
        if listener is not None:
            listener(call)
