"""Say whether a document follows a JSON Schema, without loading `jsonschema`.

Only for what follows: `jsonschema`, which takes 60 ms of a cold start, is loaded to explain what
doesn't. It knows the keywords that the schemas here use; tests hold the two against each other.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[Any], bool]

Schema = dict[str, Any]
ANNOTATIONS = frozenset({"$schema", "$id", "$comment", "$defs", "title"})
_CLASSES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def quick(root: Schema, named: Callable[[str], Schema], pointer: str = "") -> Check:
    """Make the check of a schema, or of the one that a JSON Pointer names in it.

    `named` gives the schema of a URN that a reference names.
    """
    rules = root
    for token in pointer.split("/")[1:]:
        rules = rules[token]

    def check(rules: Schema) -> Check:
        checks: list[Check] = [
            partial(_KEYWORDS[keyword], expected(keyword, rules))
            for keyword in rules
            if keyword not in ANNOTATIONS
        ]
        return partial(_all_hold, checks)

    def expected(keyword: str, rules: Schema) -> Any:
        """Give what a keyword expects, with checks in the place of schemas."""
        value = rules[keyword]
        if keyword == "$ref":
            urn, _, pointer = value.partition("#")
            return quick(named(urn) if urn else root, named, pointer)
        if keyword in ("items", "not"):
            return check(value)
        if keyword in ("allOf", "anyOf", "oneOf"):
            return [check(one) for one in value]
        if keyword == "properties":
            return {name: check(one) for name, one in value.items()}
        if keyword == "additionalProperties":  # false, wherever it is here
            return rules["properties"].keys()
        return value

    return check(rules)


def is_a(kind: str, value: Any) -> bool:
    """Say whether a value is of a JSON type; 2.0 is no integer here, as the API takes none."""
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _CLASSES[kind])


def unique_items(value: Any) -> bool:
    """Say whether a list has no text twice: the lists that must not hold texts alone."""
    texts = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    return len({*texts}) == len(texts)


def _all_hold(checks: list[Check], value: Any) -> bool:
    return all(check(value) for check in checks)


def _has_type(kinds: str | list[str], value: Any) -> bool:
    return any(is_a(kind, value) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _properties_hold(checks: dict[str, Check], value: Any) -> bool:
    return not isinstance(value, dict) or all(
        checks[name](item) for name, item in value.items() if name in checks
    )


_KEYWORDS: dict[str, Callable[[Any, Any], bool]] = {
    "$ref": lambda check, value: check(value),
    "not": lambda check, value: not check(value),
    "allOf": _all_hold,
    "anyOf": lambda checks, value: any(check(value) for check in checks),
    "oneOf": lambda checks, value: sum(check(value) for check in checks) == 1,
    "type": _has_type,
    "enum": lambda texts, value: isinstance(value, str) and value in texts,
    "const": lambda text, value: isinstance(value, str) and value == text,
    "properties": _properties_hold,
    "additionalProperties": lambda names, value: (
        not isinstance(value, dict) or value.keys() <= names
    ),
    "required": lambda names, value: not isinstance(value, dict) or value.keys() >= {*names},
    "items": lambda check, value: not isinstance(value, list) or all(map(check, value)),
    "minItems": lambda least, value: not isinstance(value, list) or len(value) >= least,
    "maxItems": lambda most, value: not isinstance(value, list) or len(value) <= most,
    "uniqueItems": lambda wanted, value: not wanted or unique_items(value),
    "minLength": lambda least, value: not isinstance(value, str) or len(value) >= least,
    "maxLength": lambda most, value: not isinstance(value, str) or len(value) <= most,
    "pattern": lambda form, value: not isinstance(value, str) or bool(re.search(form, value)),
    "minimum": lambda least, value: not is_a("number", value) or value >= least,
    "maximum": lambda most, value: not is_a("number", value) or value <= most,
}
