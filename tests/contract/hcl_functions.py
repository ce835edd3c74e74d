"""The functions of Terraform's language that the module under deploy/terraform calls."""

from __future__ import annotations

import itertools
import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Failed(Exception):
    """Says what an expression lacks or was refused for."""


def text_of(value: Any) -> str:
    """Write a value as it stands in a text."""
    if value is None:
        message = "null can't be a part of a text"
        raise Failed(message)
    return json.dumps(value) if isinstance(value, bool | int | float) else str(value)


def _regex(pattern: str, text: str) -> Any:
    found = re.search(pattern.replace("$", r"\Z"), text)
    if found is None:
        message = f"{text} is not of the form {pattern}"
        raise Failed(message)
    return list(found.groups()) or found[0]


def _jsonencode(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


def _one_of(values: tuple[Any, ...]) -> Any:
    return next(value for value in values if value not in (None, ""))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "alltrue": all,
    "basename": lambda path: Path(path).name,
    "coalesce": lambda *values: _one_of(values),
    "concat": lambda *lists: [item for items in lists for item in items],
    "contains": lambda values, value: value in values,
    "fileset": lambda folder, pattern: sorted(p.name for p in Path(folder).glob(pattern)),
    "floor": math.floor,
    "join": lambda separator, values: separator.join(values),
    "jsondecode": json.loads,
    "jsonencode": _jsonencode,
    "keys": sorted,
    "length": len,
    "lookup": lambda values, key, default: values.get(key, default),
    "merge": lambda *values: {key: item for value in values for key, item in value.items()},
    "nonsensitive": lambda value: value,
    "regex": _regex,
    "setintersection": lambda first, *sets: sorted(set(first).intersection(*sets)),
    "setproduct": lambda *sets: [list(values) for values in itertools.product(*sets)],
    "tolist": list,
    "tostring": text_of,
}
