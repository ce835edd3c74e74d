"""What a policy's statements say of one action on one resource."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

PARTS = 6  # qcs::service:region:account:resource


def allows(documents: Iterable[dict[str, Any]], action: str, resource: str) -> bool:
    """Tell whether a statement allows `as:StartInstanceRefresh` on a resource, and none denies."""
    found = [
        statement["effect"]
        for document in documents
        for statement in document["statement"]
        if any(_is_action(pattern, action) for pattern in _list(statement["action"]))
        if any(_is_resource(pattern, resource) for pattern in _list(statement["resource"]))
    ]
    return "allow" in found and "deny" not in found


def trusts(document: dict[str, Any], service: str) -> bool:
    """Tell whether a role's trust policy lets a service take the role."""
    return any(
        statement["effect"] == "allow"
        and "name/sts:AssumeRole" in _list(statement["action"])
        and service in _list(statement["principal"].get("service", []))
        for statement in document["statement"]
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_action(pattern: str, action: str) -> bool:
    return fnmatchcase(action, pattern.removeprefix("name/"))


def _is_resource(pattern: str, resource: str) -> bool:
    """Compare part by part: an empty region is every one, an empty account the owner's own.

    An action that takes no resource (`resource` is `*`) is denied to any narrower statement.
    """
    if pattern == "*" or resource == "*":
        return pattern == "*"
    patterns, parts = pattern.split(":", PARTS - 1), resource.split(":", PARTS - 1)
    if len(patterns) != PARTS:
        return False
    return all(
        not wanted or fnmatchcase(part, wanted)
        for wanted, part in zip(patterns, parts, strict=True)
    )
