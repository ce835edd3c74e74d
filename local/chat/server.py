"""All robots behind one port, with the faults that a test injects by a robot's kind."""

from __future__ import annotations

import base64
import secrets
import threading
import time
from typing import TYPE_CHECKING, Protocol

from local.chat import dingtalk, events, feishu, slack, wecom
from local.chat.robot import Refused, Robot, Shown
from local.faults import Faults
from local.http import Reply, Request
from local.server import HOST, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from local.chat.robot import Limit


class Platform(Protocol):
    """How a platform's robots check what is sent, and how they answer."""

    PATH: str
    LIMITS: tuple[Limit, ...]
    THROTTLED: str

    def check(self, robot: Robot, request: Request, /) -> Shown: ...
    def accepted(self) -> Reply: ...
    def refused(self, error: Refused) -> Reply: ...
    def unknown(self) -> Reply: ...


PLATFORMS: Mapping[str, Platform] = {
    "wecom": wecom,
    "dingtalk": dingtalk,
    "feishu": feishu,
    "lark": feishu,
    "slack": slack,
    "cloudevents": events,
}


class Chat:
    """Used as a context manager it serves until the block ends.

    `now` is the clock of the limits; signatures' stamps are real time, as everywhere. `on_shown` is
    called after each message that a robot shows.
    """

    def __init__(self, now: Callable[[], float] = time.time, port: int = 0) -> None:
        self.faults = Faults()
        self.on_shown: Callable[[Robot, Shown], object] | None = None
        self._now = now
        self._lock = threading.Lock()
        self._robots: dict[str, Robot] = {}
        self._server = Server(lambda _: self, self.faults, port)

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
        self._server.stop()

    def robot(self, kind: str, *, signed: bool = True) -> Robot:
        """Add a robot; where its platform knows signatures it has a secret, unless told not to."""
        token = secrets.token_hex(16)
        secret = _secret(kind) if signed or kind == "cloudevents" else ""
        path = PLATFORMS[kind].PATH.format(token)
        made = Robot(kind, token, secret, f"http://{HOST}:{self._server.port}{path}")
        with self._lock:
            self._robots[path] = made
        return made

    def action(self, request: Request) -> str:
        """Name the kind of robot that a request is for, as faults are set by it."""
        robot = self._find(request)
        return robot.kind if robot else ""

    def answer(self, request: Request) -> Reply:
        """Show a message in its chat, or refuse it."""
        robot = self._find(request)
        if robot is None:
            return _platform_at(request.path).unknown()
        if robot.redirect:
            return Reply(307, b"", {"Location": robot.redirect})
        platform = PLATFORMS[robot.kind]
        with self._lock:
            try:
                if not robot.within(platform.LIMITS, self._now()):
                    raise Refused(platform.THROTTLED)
                shown = platform.check(robot, request)
            except Refused as error:
                robot.refused.append(error.code)
                return platform.refused(error)
            robot.shown.append(shown)
            if self.on_shown is not None:
                self.on_shown(robot, shown)
            return platform.accepted()

    def refuse(self, request: Request, kind: str) -> Reply:
        """Answer with a fault's error, without any effect."""
        robot = self._find(request)
        if robot is not None and kind == "throttle":
            platform = PLATFORMS[robot.kind]
            return platform.refused(Refused(platform.THROTTLED))
        return Reply(502 if kind == "http_502" else 500, b"<html>upstream error</html>")

    def _find(self, request: Request) -> Robot | None:
        """Find the robot of a path, whatever parameters are added to its own."""
        for path, robot in list(self._robots.items()):
            place, _, own = path.partition("?")
            if request.path == place and (not own or own in request.query.split("&")):
                return robot
        return None


def _platform_at(path: str) -> Platform:
    """Tell whose a path is, to answer as its platform does where there is no such robot."""
    starts = {each.PATH.partition("{")[0].partition("?")[0]: each for each in PLATFORMS.values()}
    return next((each for start, each in starts.items() if path.startswith(start)), events)


def _secret(kind: str) -> str:
    if kind == "dingtalk":
        return f"SEC{secrets.token_hex(32)}"
    if kind in ("feishu", "lark"):
        return secrets.token_urlsafe(16)
    if kind == "cloudevents":
        return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    return ""
