"""A request and a reply, as the services see them: plain data, whatever server carries them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Request:
    """An HTTP request; path and query are as they came over the wire, still percent-encoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    client: str = "127.0.0.1"


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Service(Protocol):
    """One of the services behind the server."""

    def action(self, request: Request) -> str:
        """Name the action that a request asks for."""

    def answer(self, request: Request) -> Reply:
        """Carry a request out."""

    def refuse(self, request: Request, kind: str) -> Reply:
        """Answer as if the service had failed in a way that `local.faults` names."""
