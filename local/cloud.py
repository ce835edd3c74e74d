"""A whole cloud on loopback: Auto Scaling, CVM, Tag and COS behind one port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.account import Account
from local.api import Api, is_call
from local.calls import Call
from local.control import PATH, Control
from local.cos.actions import CosActions
from local.functions.plane import Functions
from local.server import HOST, Server

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from local.clock import Clock
    from local.http import Request, Service
    from local.timing import Timing

__all__ = ["Call", "Cloud"]


class Cloud(Account):
    """An account's cloud; used as a context manager it serves until the block ends.

    Every request first catches up with the clock.
    """

    def __init__(
        self, clock: Clock | None = None, port: int = 0, timing: Timing | None = None
    ) -> None:
        super().__init__(clock, timing)
        self._functions: dict[str, Functions] = {}
        self._api = Api(self, self.functions)
        self._cos_actions = CosActions(self)
        self._control = Control(self.faults)
        self._server = Server(self._service, self.faults, port)

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop serving."""
        self.stop()

    def stop(self) -> None:
        """Stop serving; once stopped, it does nothing."""
        for functions in self._functions.values():
            functions.close()
        self._functions.clear()
        self._server.stop()

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self._server.port}"

    def environment(self) -> dict[str, str]:
        """Give the variables that point the functions at this cloud."""
        return dict.fromkeys(("AS_ENDPOINT", "CVM_ENDPOINT", "COS_ENDPOINT"), self.endpoint)

    def functions(self, region: str) -> Functions:
        """Give what is deployed in a region; nothing is, when first asked for."""
        with self.lock:
            if region not in self._functions:
                self._functions[region] = Functions(
                    self, region, store=self.cos, access=self.access, now=self.timeline.now
                )
            return self._functions[region]

    def _service(self, request: Request) -> Service:
        if request.path == PATH and "authorization" not in request.headers:
            return self._control
        return self._api if is_call(request) else self._cos_actions
