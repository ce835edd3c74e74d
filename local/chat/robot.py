"""A robot of a chat: who may write with it, what it has shown and what it has refused."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Limit(NamedTuple):
    """So many messages in any window of so many seconds; then none for `blocked` seconds."""

    messages: int
    seconds: float
    blocked: float = 0.0


@dataclass(frozen=True)
class Shown:
    """A message as the people in a chat have it: `mentions` are those it calls."""

    text: str
    mentions: tuple[str, ...]
    body: dict[str, Any] = field(repr=False)
    headers: dict[str, str] = field(repr=False, default_factory=dict)


@dataclass
class Robot:
    """A robot; `url` is what its platform shows, `secret` what it signs with, or "".

    `redirect` is where it sends callers instead, if anywhere.
    """

    kind: str
    token: str
    secret: str
    url: str
    shown: list[Shown] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    redirect: str = ""
    _taken: deque[float] = field(default_factory=deque)
    _blocked: float = float("-inf")

    @property
    def setting(self) -> str:
        """Give the channel as a setting names it: its kind, its URL and its secret."""
        return f"{self.kind}+{self.url}{f'#{self.secret}' if self.secret else ''}"

    def within(self, limits: tuple[Limit, ...], now: float) -> bool:
        """Count a message and tell whether the robot may still send it."""
        if now < self._blocked:
            return False
        for limit in limits:
            if sum(1 for at in self._taken if now - at < limit.seconds) >= limit.messages:
                self._blocked = now + limit.blocked
                return False
        self._taken.append(now)
        while len(self._taken) > max((limit.messages for limit in limits), default=0):
            self._taken.popleft()
        return True


class Refused(Exception):
    """A message is refused with one of the platform's codes."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message
