"""Roles and policies."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]


@dataclass
class Policy:
    """A policy of the account's own."""

    policy_id: int
    name: str
    document: Document
    description: str


@dataclass
class Role:
    """A role, and the ids of the policies that are attached to it."""

    role_id: str
    name: str
    trust: Document
    description: str
    attached: list[int] = field(default_factory=list)


def text(document: Document) -> str:
    """Write a document as the API gives it."""
    return json.dumps(document, separators=(",", ":"))
