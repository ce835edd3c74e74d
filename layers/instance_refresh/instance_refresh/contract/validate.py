"""Parse what comes in, and check it by validators that are built once from the schemas here."""

from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..errors import InvalidInput
from ..model.problem import Problem, printable
from .quick import is_a, quick, unique_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

    from .quick import Check

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


def check(schema: str, document: Any, what: str) -> Any:
    """Give the document back if it follows the schema, else raise InvalidInput with every problem.

    A problem never quotes the value that it is about.
    """
    if _quick(schema)(document):
        return document
    found = list(islice(_validator(schema).iter_errors(document), _MOST_ERRORS))
    errors = sorted(found, key=lambda error: error.json_path)
    mistyped = {error.json_path for error in errors if error.validator == "type"}
    problems = [
        problem
        for error in errors
        if error.validator == "type" or error.json_path not in mistyped
        for problem in _problems(error)
    ]
    problems = list(dict.fromkeys(problems))
    left = len(problems) - _MOST_PROBLEMS
    if left > 0:
        count = f"{left} more problems" + (" or more" if len(found) == _MOST_ERRORS else "")
        problems = [*problems[:_MOST_PROBLEMS], Problem("", count)]
    raise InvalidInput(what, problems)


@lru_cache
def schema(name: str) -> dict[str, Any]:
    """Read a schema of this folder by its name."""
    document: dict[str, Any] = json.loads(Path(__file__).with_name(f"{name}.json").read_bytes())
    return document


@lru_cache
def _quick(name: str) -> Check:
    return quick(schema(name), lambda urn: schema(urn.rpartition(":")[2].replace("-", "_")))


@lru_cache
def _validator(name: str) -> Validator:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

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


def _problems(error: ValidationError) -> list[Problem]:
    pointer = "".join(f"/{_token(part)}" for part in error.absolute_path)
    rule, value, instance = error.validator, error.validator_value, cast("Any", error.instance)
    rules = cast("dict[str, Any]", error.schema)
    if rule == "additionalProperties":
        extra = [name for name in instance if name not in rules["properties"]]
        return [Problem(f"{pointer}/{_token(name)}", "is not a known field") for name in extra]
    if rule == "required":
        missing = [name for name in cast("list[str]", value) if name not in instance]
        return [Problem(f"{pointer}/{name}", "is required") for name in missing]
    return [Problem(pointer, _message(rule, value, rules))]


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


def _token(part: Any) -> str:
    """Write a JSON Pointer's token; a name that a sender chose is kept short and printable."""
    text = printable(str(part).replace("~", "~0").replace("/", "~1"))
    return text if len(text) <= 64 else f"{text[:64]}…"


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name, count in Counter(names).items() if count > 1)
        message = f"has the field {_token(twice)} twice in one object"
        raise ValueError(message)
    return document


def _no_constant(name: str) -> Any:
    message = f"is not JSON: {name} is no JSON value"
    raise ValueError(message)
