"""Parse what comes in, and check it against the schemas here, each made into a check once.

Whether a document follows its schema is said without `jsonschema`, by the keywords that the schemas
here use; `explain` says what is wrong with one that doesn't. Tests hold the two against each other.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidInput
from ..model.problem import Problem, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[Any], bool]

Schema = dict[str, Any]
ANNOTATIONS = frozenset({"$schema", "$id", "$comment", "$defs", "title"}) | {
    "then"
}  # "if" reads it
_CLASSES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def parse(text: str | bytes, what: str) -> Any:
    """Parse JSON; an InvalidInput says where it isn't. Names given twice are refused."""
    try:
        return json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_constant)
    except UnicodeDecodeError:
        message = "is not UTF-8"
    except json.JSONDecodeError as error:
        message = f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        message = "is nested too deep"
    except ValueError as error:
        message = str(error)
    raise InvalidInput(what, [Problem("", message)])


def check(name: str, document: Any, what: str) -> Any:
    """Give the document back if it follows the schema, or raise InvalidInput with all problems."""
    if follows(name)(document):
        return document
    from .explain import problems

    raise InvalidInput(what, problems(name, document))


@lru_cache
def schema(name: str) -> Schema:
    """Read a schema of this folder by its name."""
    document: Schema = json.loads(Path(__file__).with_name(f"{name}.json").read_bytes())
    return document


def resolved(reference: str, root: Schema) -> tuple[Schema, Schema]:
    """Give what a `$ref` names (`urn:instance-refresh:request#/$defs/fields`), and its root."""
    urn, _, pointer = reference.partition("#")
    rules = root = schema(urn.rpartition(":")[2].replace("-", "_")) if urn else root
    for part in pointer.split("/")[1:]:
        rules = rules[part]
    return rules, root


@lru_cache
def follows(name: str) -> Check:
    """Make what says whether a document follows a schema."""
    return _check(schema(name), schema(name))


def _check(rules: Schema, root: Schema) -> Check:
    checks = [
        partial(KEYWORDS[keyword], _expected(keyword, rules, root))
        for keyword in rules
        if keyword not in ANNOTATIONS
    ]
    return partial(KEYWORDS["allOf"], checks)


def _expected(keyword: str, rules: Schema, root: Schema) -> Any:
    """Give what a keyword expects, with checks in the place of schemas."""
    value = rules[keyword]
    if keyword == "$ref":
        return _check(*resolved(value, root))
    if keyword == "if":
        return _check(value, root), _check(rules["then"], root)
    if keyword in ("items", "not"):
        return _check(value, root)
    if keyword in ("allOf", "anyOf", "oneOf"):
        return [_check(one, root) for one in value]
    if keyword == "properties":
        return {name: _check(one, root) for name, one in value.items()}
    if keyword == "additionalProperties":  # false, wherever it is here
        return rules["properties"].keys()
    if keyword == "type":
        return [value] if isinstance(value, str) else value
    return value


def is_a(kind: str, value: Any) -> bool:
    """Say whether a value is of a JSON type; 2.0 is no integer here, as the API takes none."""
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _CLASSES[kind])


def unique_items(value: Any) -> bool:
    """Say whether a list has no text twice: the lists that must not hold texts alone."""
    texts = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    return len({*texts}) == len(texts)


KEYWORDS: dict[str, Callable[[Any, Any], bool]] = {
    "$ref": lambda check, value: check(value),
    "not": lambda check, value: not check(value),
    "if": lambda checks, value: not checks[0](value) or checks[1](value),
    "allOf": lambda checks, value: all(check(value) for check in checks),
    "anyOf": lambda checks, value: any(check(value) for check in checks),
    "oneOf": lambda checks, value: sum(check(value) for check in checks) == 1,
    "type": lambda kinds, value: any(is_a(kind, value) for kind in kinds),
    "enum": lambda texts, value: isinstance(value, str) and value in texts,
    "const": lambda text, value: isinstance(value, str) and value == text,
    "properties": lambda checks, value: (
        not isinstance(value, dict)
        or all(checks[name](item) for name, item in value.items() if name in checks)
    ),
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


def token(part: Any) -> str:
    """Write a JSON Pointer's token; a name that a sender chose is kept short and printable."""
    text = printable(str(part).replace("~", "~0").replace("/", "~1"))
    return text if len(text) <= 64 else f"{text[:64]}…"


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name, count in Counter(names).items() if count > 1)
        message = f"has the field {token(twice)} twice in one object"
        raise ValueError(message)
    return document


def _no_constant(name: str) -> Any:
    message = f"is not JSON: {name} is no JSON value"
    raise ValueError(message)
