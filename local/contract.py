"""The parameters that each action takes, and the check of what a call sends against them.

`contracts/<service>.json` says it in a few signs: `Filter[]` is a list of Filter objects, and a
closing `!` marks a parameter that must be there.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from local.refused import Refused

SERVICES = ("as", "cvm", "tag", "sts", "scf", "cam")
_TEXT = ("string", "datetime_iso")
_SIGNED, _UNSIGNED = range(-(2**63), 2**63), range(2**64)


class Contract:
    """One service's supported actions."""

    def __init__(self, service: str) -> None:
        text = files("local").joinpath(f"contracts/{service}.json").read_text("utf-8")
        content = json.loads(text)
        self.service: str = content["service"]
        self.version: str = content["version"]
        self.actions: dict[str, str] = content["actions"]
        self.objects: dict[str, dict[str, str]] = content["objects"]
        self._enums: dict[str, dict[str, list[str]]] = content["enums"]

    def check(self, action: str, params: Any) -> dict[str, Any]:
        """Check a call's parameters and give them without those that are null."""
        return self._object(params, self.actions[action], "")

    def read_text(self, action: str, params: Any) -> Any:
        """Turn the texts of a query string into the types that the action takes."""
        return self._typed(params, self.actions[action])

    def _object(self, value: Any, name: str, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _wrong_type(path or "the body", name)
        members = self.objects[name]
        value = {key: item for key, item in value.items() if item is not None}
        for key in value:
            if key not in members:
                raise Refused("UnknownParameter", f"The parameter `{path}{key}` is not known.")
        for key, kind in members.items():
            if kind.endswith("!") and key not in value:
                raise Refused("MissingParameter", f"The parameter `{path}{key}` is missing.")
        return {
            key: self._value(item, members[key].rstrip("!"), f"{path}{key}", self._enum(name, key))
            for key, item in value.items()
        }

    def _enum(self, name: str, key: str) -> list[str] | None:
        return self._enums.get(name, {}).get(key)

    def _value(self, value: Any, kind: str, path: str, enum: list[str] | None) -> Any:
        if kind.endswith("[]"):
            if not isinstance(value, list):
                raise _wrong_type(path, "list")
            items = enumerate(value)
            return [self._value(item, kind[:-2], f"{path}.{at}", enum) for at, item in items]
        if kind in self.objects:
            return self._object(value, kind, f"{path}.")
        if not _is(value, kind):
            raise _wrong_type(path, kind)
        if enum is not None and value not in enum:
            raise Refused("InvalidParameterValue", f"`{path}` is none of {', '.join(enum)}.")
        return value

    def _typed(self, value: Any, kind: str) -> Any:
        kind = kind.rstrip("!")
        if kind.endswith("[]") and isinstance(value, dict):
            order = sorted(value, key=lambda at: (not at.isdecimal(), at.zfill(9)))
            return [self._typed(value[at], kind[:-2]) for at in order]
        if kind in self.objects and isinstance(value, dict):
            members = self.objects[kind]
            return {key: self._typed(item, members.get(key, "")) for key, item in value.items()}
        if kind in ("int64", "uint64") and isinstance(value, str) and _integer(value):
            return int(value)
        if kind == "bool" and isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        return value


def _integer(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and text.isascii()


def _is(value: Any, kind: str) -> bool:
    if kind in _TEXT:
        return isinstance(value, str)
    if kind == "bool":
        return isinstance(value, bool)
    within = _UNSIGNED if kind == "uint64" else _SIGNED
    return isinstance(value, int) and not isinstance(value, bool) and value in within


def _wrong_type(path: str, kind: str) -> Refused:
    return Refused("InvalidParameter", f"The type of `{path.rstrip('.')}` is not {kind}.")
