"""Explain what is wrong with a document that doesn't follow its schema: every problem, at once.

`jsonschema`, which takes 60 ms of a cold start, is loaded here and for nothing else.
"""

from __future__ import annotations

import json
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from ..model.problem import Problem
from .validate import is_a, resolved, schema, token, unique_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.protocols import Validator

    from .validate import Schema

_IN_WORDS = {
    "object": "an object",
    "array": "a list",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_MOST_PROBLEMS, _MOST_ERRORS = 50, 1000


def problems(name: str, document: Any) -> list[Problem]:
    """Give every problem of a document by a schema's name; none quotes the value it is about."""
    found = list(islice(validator(name).iter_errors(document), _MOST_ERRORS))
    errors = sorted(found, key=lambda error: error.json_path)
    mistyped = {error.json_path for error in errors if error.validator == "type"}
    listed = [
        problem
        for error in errors
        if error.validator == "type" or error.json_path not in mistyped
        for problem in _problems(error, name)
    ]
    listed = list(dict.fromkeys(listed))
    left = len(listed) - _MOST_PROBLEMS
    if left > 0:
        count = f"{left} more problems" + (" or more" if len(found) == _MOST_ERRORS else "")
        listed = [*listed[:_MOST_PROBLEMS], Problem("", count)]
    return listed


@lru_cache
def validator(name: str) -> Validator:
    """Make the validator of a schema, once."""

    def unique(_: Any, wanted: bool, value: Any, __: Any) -> Iterator[ValidationError]:
        """Compare in one pass: jsonschema's own compares each entry with each."""
        if wanted and not unique_items(value):
            yield ValidationError("not unique")

    types = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: is_a("integer", value)
    )
    strict: Any = extend(  # type: ignore[no-untyped-call]  # the stubs leave its types out
        Draft202012Validator, {"uniqueItems": unique}, type_checker=types
    )

    # A schema that names its dialect would be checked by jsonschema's own class, not this one.
    own, request = (
        {keyword: rule for keyword, rule in schema(one).items() if keyword != "$schema"}
        for one in (name, "request")
    )
    registry = Registry().with_resource(request["$id"], DRAFT202012.create_resource(request))
    validator: Validator = strict(own, registry=registry)
    return validator


def _problems(error: ValidationError, name: str) -> list[Problem]:
    pointer = "".join(f"/{token(part)}" for part in error.absolute_path)
    rule, value, instance = error.validator, error.validator_value, cast("Any", error.instance)
    rules = cast("dict[str, Any]", error.schema)
    if rule == "additionalProperties":
        extra = [one for one in instance if one not in rules["properties"]]
        homes = _homes(schema(name), schema(name))
        return [Problem(f"{pointer}/{token(one)}", _unknown(homes.get(one))) for one in extra]
    if rule == "required":
        missing = [one for one in cast("list[str]", value) if one not in instance]
        return [Problem(f"{pointer}/{one}", "is required") for one in missing]
    return [Problem(pointer, _message(rule, value, rules))]


def _unknown(home: str | None) -> str:
    if home is None:
        return "is not a known field"
    return f"is not a known field here: it belongs in {home or 'the top'}"


def _homes(rules: Schema, root: Schema, pointer: str = "") -> dict[str, str]:
    """Give the pointer of the object that each field of a schema belongs in, the outmost first."""
    found = _homes(*resolved(rules["$ref"], root), pointer) if "$ref" in rules else {}
    fields: Schema = rules.get("properties", {})
    found = {**dict.fromkeys(fields, pointer), **found}
    for field, inner in fields.items():
        found = {**_homes(inner, root, f"{pointer}/{field}"), **found}
    return found


def _message(rule: Any, value: Any, rules: dict[str, Any]) -> str:
    """Say what is expected, in the schema's own words where it has some."""
    words = rules.get("$comment")
    if rule == "type":
        kinds = [value] if isinstance(value, str) else value
        return f"must be {' or '.join(_IN_WORDS[kind] for kind in kinds)}"
    if rule == "enum":
        return f"must be one of {', '.join(map(str, value))}"
    if rule in ("minimum", "maximum"):
        return f"must be at {'least' if rule == 'minimum' else 'most'} {value}"
    if rule in ("minItems", "maxItems"):
        return f"must have at {'least' if rule == 'minItems' else 'most'} {value} entries"
    if rule in ("minLength", "maxLength"):
        return f"must have at {'least' if rule == 'minLength' else 'most'} {value} characters"
    if rule == "uniqueItems":
        return "must not have the same entry twice"
    return words or f"must follow {rule} {json.dumps(value)[:80]}"
