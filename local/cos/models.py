"""What COS holds, and who is told of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@dataclass(frozen=True)
class Object:
    """A stored object; `metadata` holds the x-cos-meta- headers."""

    bucket: str
    region: str
    key: str
    body: bytes = field(repr=False)
    content_type: str
    metadata: dict[str, str]
    etag: str
    last_modified: datetime
    request_id: str


@dataclass(frozen=True)
class Subscription:
    """Which objects' events a callback wants."""

    bucket: str
    callback: Callable[[dict[str, Any]], None]
    prefix: str
    suffix: str
    events: str

    def wants(self, item: Object, event: str) -> bool:
        """Tell whether the callback is to be told."""
        return (
            item.bucket == self.bucket
            and item.key.startswith(self.prefix)
            and item.key.endswith(self.suffix)
            and fnmatchcase(event, self.events)
        )
