"""How often an action may be called."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING

from local.contract import SERVICES, Contract
from local.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

# Calls in a second, as each action's page in the API's documents says.
DEFAULT = 20
DOCUMENTED = {
    "DescribeAutoScalingGroups": 40,
    "DescribeAutoScalingInstances": 40,
    "DescribeInstances": 40,
}


def documented() -> dict[str, int]:
    """Give every action's limit."""
    actions = (action for service in SERVICES for action in Contract(service).actions)
    return {action: DOCUMENTED.get(action, DEFAULT) for action in actions}


class RateLimits:
    """Calls in any window of one real second, over the whole account."""

    def __init__(self, limits: dict[str, int], now: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self.now = now
        self._taken: defaultdict[str, deque[float]] = defaultdict(deque)

    def take(self, action: str) -> None:
        """Count a call, or refuse it; a refused call does not count."""
        limit = self.limits.get(action)
        if limit is None:
            return
        now, taken = self.now(), self._taken[action]
        while taken and now - taken[0] >= 1.0:
            taken.popleft()
        if len(taken) >= limit:
            raise Refused(
                "RequestLimitExceeded", f"{action} may be called {limit} times in a second."
            )
        taken.append(now)
