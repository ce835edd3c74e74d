"""The cloud around the functions, as far as the runtime needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.clock import Clock
    from local.timeline import Timeline


class Notifications(Protocol):
    """Object-created notifications of a COS stand-in."""

    def subscribe(
        self, bucket: str, callback: Callable[[dict[str, Any]], None], *, prefix: str, suffix: str
    ) -> None: ...


class Host(Protocol):
    """A cloud: its time, its notifications and the variables that point functions at it."""

    @property
    def clock(self) -> Clock: ...
    @property
    def timeline(self) -> Timeline: ...
    @property
    def cos(self) -> Notifications: ...
    def settle(self) -> None: ...
    def environment(self) -> dict[str, str]: ...
