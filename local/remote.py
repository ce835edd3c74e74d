"""Clouds that are already there: a running stand-in, or the real one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local.clock import ScaledClock
from local.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SERVICES = {"AS_ENDPOINT": "as", "CVM_ENDPOINT": "cvm", "COS_ENDPOINT": "cos"}
CREDENTIALS = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Unusable(Exception):
    """What was asked for can't be run; its text tells the user what to change."""


@dataclass(frozen=True)
class Role:
    """Credentials from the environment; never shown."""

    secret_id: str
    secret_key: str
    token: str

    def __repr__(self) -> str:
        return "Role(...)"


class Remote:
    """A cloud that is already there, reached by the endpoints in the variables."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.clock = ScaledClock(speed=1.0)
        self.timeline = Timeline(self.clock)
        self.cos = self
        self._variables = dict(variables)

    def environment(self) -> dict[str, str]:
        """Give the variables that point a function at this cloud."""
        return self._variables

    def settle(self) -> None:
        """Let everything happen that is due by the clock."""
        self.timeline.settle()

    def subscribe(
        self, bucket: str, callback: Callable[[dict[str, Any]], None], *, prefix: str, suffix: str
    ) -> None:
        """Refuse: a remote cloud can't reach this machine."""
        raise NotImplementedError


TEMPORARY = "set them to temporary credentials: the functions accept no others."
PRINTED = "export the lines that `make cloud` printed."


def role_from(environ: Mapping[str, str], remedy: str) -> Role:
    """Take credentials from the variables that SCF gives a role's credentials in."""
    missing = [name for name in CREDENTIALS if not environ.get(name)]
    if missing:
        message = f"Credentials are missing ({', '.join(missing)}): {remedy}"
        raise Unusable(message)
    return Role(*(environ[name] for name in CREDENTIALS))


def tencent_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Give the endpoints that the user has set; the functions know the real cloud's own."""
    return {name: environ[name] for name in SERVICES if environ.get(name)}


def loopback(endpoint: str) -> str:
    """Check that a stand-in's endpoint is on this machine."""
    try:
        address = urlsplit(endpoint)
        here = address.scheme in ("http", "https") and address.hostname in LOOPBACK
        usable = here and bool(address.port)
    except ValueError:
        usable = False
    if not usable:
        message = f"--endpoint {endpoint}: give the URL of a stand-in, http://127.0.0.1:PORT."
        raise Unusable(message)
    return endpoint.rstrip("/")
