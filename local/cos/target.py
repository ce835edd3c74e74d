"""Which object a request names: its bucket is in the host, or begins the path, or is the only one.

The vendor's SDK sends the one with its own endpoint or `Endpoint`, the others with `Domain`: a path
in that is not part of what the SDK signs, nor is the port.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from local.cos.errors import CosRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.http import Request

_HOST = re.compile(r"(?P<bucket>[a-z0-9-]+-\d+)\.(?P<endpoint>[a-z0-9.-]+)(:\d+)?")
_ENDPOINT = re.compile(r"cos\.(?P<region>[a-z0-9-]+)\.(myqcloud\.com|tencentcos\.cn)")


@dataclass(frozen=True)
class Target:
    """An object's place; `region` is empty where there is no such bucket."""

    bucket: str
    region: str
    key: str


def of(request: Request, buckets: Mapping[str, str]) -> Target:
    """Find the target; `buckets` maps each bucket to its region."""
    path = unquote(request.path).removeprefix("/")
    host = _HOST.fullmatch(request.headers.get("host", ""))
    own = _ENDPOINT.fullmatch(host["endpoint"]) if host else None
    if host and own:
        return Target(host["bucket"], own["region"], path)
    if host and host["bucket"] in buckets:
        return Target(host["bucket"], buckets[host["bucket"]], path)
    first, _, rest = path.partition("/")
    if first in buckets:
        return Target(first, buckets[first], rest)
    if len(buckets) == 1:
        (bucket,) = buckets
        return Target(bucket, buckets[bucket], path)
    raise CosRefused("NoSuchBucket", "Neither the host nor the path names a bucket.")
