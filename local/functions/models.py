"""What is deployed: layer versions, functions and triggers."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

Pair = tuple[str, int]  # a layer's name and version


@dataclass(frozen=True)
class Package:
    """A zip, and its SHA-256 as the API gives it: of the bytes, in hexadecimal."""

    data: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        return sha256(self.data).hexdigest()


@dataclass
class LayerVersion:
    name: str
    number: int
    package: Package
    runtimes: list[str]
    description: str
    license: str
    added: datetime
    waits: int = 0  # how many looks see it Publishing


@dataclass
class Trigger:
    """A trigger; `desc` is its description as the API gives it back."""

    kind: str
    name: str
    desc: dict[str, Any]
    enabled: bool
    qualifier: str
    argument: str
    description: str
    added: datetime
    modified: datetime
    url: str = ""


@dataclass
class Deployed:
    """A function; what the API takes and gives back unread is in `settings`."""

    name: str
    region: str
    package: Package
    handler: str
    runtime: str
    role: str
    memory: int
    timeout: int
    description: str
    variables: dict[str, str]
    layers: list[Pair]
    settings: dict[str, Any]
    added: datetime
    modified: datetime
    triggers: list[Trigger] = field(default_factory=list)
    state: str = "Creating"
    waits: int = 1  # how many looks see it in `state` before it is Active
