"""Parameters in the form of a query string: `Filters.0.Name=zone&Filters.0.Values.0=...`."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from local.refused import Refused


def nested(query: str) -> dict[str, Any]:
    """Read dotted names into nested dicts, all values texts, list indices still keys."""
    params: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        *path, last = name.split(".")
        place = params
        for part in path:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise Refused("InvalidParameter", f"`{name}` is given twice, in two ways.")
        place[last] = value
    return params
