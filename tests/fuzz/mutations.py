"""Change a document as chance has it: the same chance gives the same change."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    Place = tuple[Any, Any]

MOST = 2 * 1024 * 1024  # characters that a part may grow to
# Fields whose text is JSON itself.
JSON_TEXTS = ("body", "Message", "instance_refresh")
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2.0, 0.5, 1e308, 2**31, 2**63, 10**30, float("nan"), float("inf"),
    "", " ", "0", "\n", "\0", "\ud800", "é", "💥", "x" * 300, "x" * 70_000, "'\"\\", "%s{0}$(x)",
    "../../etc", "asg-9dn1a5y6", "asg-9dn1a5y6\n", "img-base0003", "ap-guangzhou", "ap-shanghai",
    [], {}, [[]], [{}], {"": ""},
)  # fmt: skip
NAMES = (
    "AutoScalingGroupId", "AutoScalingGroupIds", "Tags", "ImageId", "ImageFamily", "Region",
    "Force", "DryRun", "RefreshMode", "RefreshSettings", "Records", "body", "headers", "builds",
    "httpMethod", "isBase64Encoded", "Message", "Time", "TriggerName", "", "\ud800", "x" * 300,
)  # fmt: skip


def mutate(document: Any, chance: Random) -> Any:
    """Give a copy of the document with a few changes, at any depth."""
    holder = {"": copy.deepcopy(document)}
    for _ in range(chance.randrange(1, 4)):
        parent, key = chance.choice(_places(holder))
        value = parent[key]
        if key in JSON_TEXTS and isinstance(value, str) and chance.random() < 0.8:
            parent[key] = mutate_text(value, chance)
        else:
            chance.choice(_CHANGES)(parent, key, chance)
    return holder.get("")


def mutate_text(text: str, chance: Random) -> str:
    """Change the JSON that a text is, or only the text."""
    if chance.random() < 0.8:
        try:
            return json.dumps(mutate(json.loads(text), chance))
        except (ValueError, RecursionError):
            pass
    return _splice(text, chance)


def _places(value: Any) -> list[Place]:
    """List every place of a document, as its container and its key there."""
    found: list[Place] = []
    waiting = [value]
    while waiting and len(found) < 2_000:
        container = waiting.pop()
        keys = container if isinstance(container, dict) else range(len(container))
        for key in keys:
            found.append((container, key))
            if isinstance(container[key], (dict, list)):
                waiting.append(container[key])
    return found


def _drop(parent: Any, key: Any, _: Random) -> None:
    if key != "":
        del parent[key]


def _replace(parent: Any, key: Any, chance: Random) -> None:
    parent[key] = copy.deepcopy(chance.choice(VALUES))


def _rename(parent: Any, key: Any, chance: Random) -> None:
    if isinstance(parent, dict) and key != "":
        parent[chance.choice(NAMES)] = parent.pop(key)


def _add(parent: Any, key: Any, chance: Random) -> None:
    value, new = parent[key], copy.deepcopy(chance.choice(VALUES))
    if isinstance(value, dict):
        value[chance.choice(NAMES)] = new
    elif isinstance(value, list):
        value.insert(chance.randrange(len(value) + 1), new)


def _repeat(parent: Any, key: Any, chance: Random) -> None:
    value, times = parent[key], chance.choice((2, 3, 50, 1_100))
    if isinstance(value, (list, str)) and len(json.dumps(value)) * times < MOST:
        parent[key] = value * times
    elif isinstance(parent, list) and len(json.dumps(value)) < MOST:
        parent.append(copy.deepcopy(value))


def _deepen(parent: Any, key: Any, chance: Random) -> None:
    value = parent[key]
    for _ in range(chance.choice((1, 2, 20, 300))):
        value = {"a": value} if chance.random() < 0.2 else [value]
    parent[key] = value


def _swap(parent: Any, key: Any, chance: Random) -> None:
    other = chance.choice([*parent] if isinstance(parent, dict) else range(len(parent)))
    parent[key], parent[other] = parent[other], parent[key]


def _retype(parent: Any, key: Any, _: Random) -> None:
    value = parent[key]
    if isinstance(value, str):
        parent[key] = int(value) if value.isdecimal() and len(value) < 99 else list(value[:9])
    else:
        parent[key] = str(value)[:1_000]


def _edit(parent: Any, key: Any, chance: Random) -> None:
    if isinstance(parent[key], str):
        parent[key] = _splice(parent[key], chance)


def _splice(text: str, chance: Random) -> str:
    at = chance.randrange(len(text) + 1)
    to = min(len(text), at + chance.choice((0, 1, 1, 8)))
    piece = chance.choice(
        (*(v for v in VALUES if isinstance(v, str)), text[:50], "{", "]", '"', ",")
    )
    return text[:at] + piece + text[to:]


_CHANGES: tuple[Callable[[Any, Any, Random], None], ...] = (
    _drop, _replace, _replace, _rename, _add, _repeat, _deepen, _swap, _retype, _edit, _edit,
)  # fmt: skip
