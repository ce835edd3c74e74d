"""Say whether a document follows a JSON Schema, without loading `jsonschema`.

Only for what follows: `jsonschema`, which takes 60 ms of a cold start, is loaded to explain what
doesn't. It knows the keywords that the schemas here use; tests hold the two against each other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Schema = dict[str, Any]
ANNOTATIONS = frozenset({"$schema", "$id", "$comment", "$defs", "title"})


class Quick:
    """A schema; `named` gives the schema of a URN that a reference names."""

    def __init__(self, root: Schema, named: Callable[[str], Schema]) -> None:
        self.root, self._named = root, named

    def follows(self, value: Any) -> bool:
        """Say whether the document follows the schema."""
        return self.holds(self.root, value)

    def holds(self, rules: Schema, value: Any) -> bool:
        return all(
            _KEYWORDS[keyword](self, expected, value, rules)
            for keyword, expected in rules.items()
            if keyword not in ANNOTATIONS
        )

    def ref(self, reference: str, value: Any, _: Schema) -> bool:
        urn, pointer = (*reference.split("#"), "")[:2]
        inside = Quick(self._named(urn), self._named) if urn else self
        target = inside.root
        for token in pointer.split("/")[1:]:
            target = target[token]
        return inside.holds(target, value)

    def properties(self, expected: Schema, value: Any, _: Schema) -> bool:
        return not isinstance(value, dict) or all(
            self.holds(expected[name], item) for name, item in value.items() if name in expected
        )

    def items(self, expected: Schema, value: Any, _: Schema) -> bool:
        return not isinstance(value, list) or all(self.holds(expected, item) for item in value)

    def count(self, expected: list[Schema], value: Any) -> int:
        return sum(self.holds(rules, value) for rules in expected)


def _is(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


_TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def whole(value: Any) -> bool:
    """Say whether it is an integer; 2.0 is none here, as the API takes none."""
    return _is("integer", value)


def _number(value: Any) -> bool:
    return _is("number", value)


def unique_items(value: Any) -> bool:
    """Say whether a list has no text twice: the lists that must not hold texts alone."""
    texts = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    return len({*texts}) == len(texts)


_KEYWORDS: dict[str, Callable[[Quick, Any, Any, Schema], bool]] = {
    "$ref": Quick.ref,
    "properties": Quick.properties,
    "items": Quick.items,
    "allOf": lambda s, e, v, _: s.count(e, v) == len(e),
    "anyOf": lambda s, e, v, _: s.count(e, v) > 0,
    "oneOf": lambda s, e, v, _: s.count(e, v) == 1,
    "not": lambda s, e, v, _: not s.holds(e, v),
    "type": lambda _, e, v, __: any(_is(k, v) for k in ([e] if isinstance(e, str) else e)),
    "enum": lambda _, e, v, __: isinstance(v, str) and v in e,
    "const": lambda _, e, v, __: isinstance(v, str) and v == e,
    "required": lambda _, e, v, __: not isinstance(v, dict) or all(name in v for name in e),
    "additionalProperties": lambda _, __, v, rules: (
        not isinstance(v, dict) or v.keys() <= rules["properties"].keys()
    ),
    "minimum": lambda _, e, v, __: not _number(v) or v >= e,
    "maximum": lambda _, e, v, __: not _number(v) or v <= e,
    "minItems": lambda _, e, v, __: not isinstance(v, list) or len(v) >= e,
    "maxItems": lambda _, e, v, __: not isinstance(v, list) or len(v) <= e,
    "minLength": lambda _, e, v, __: not isinstance(v, str) or len(v) >= e,
    "maxLength": lambda _, e, v, __: not isinstance(v, str) or len(v) <= e,
    "pattern": lambda _, e, v, __: not isinstance(v, str) or re.search(e, v) is not None,
    "uniqueItems": lambda _, __, v, ___: unique_items(v),
}
