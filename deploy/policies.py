"""The roles' policies, limited to the regions, ids and the bucket of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy.variables import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping


def filled_in(policy: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Fill in a policy's resources; a variable with commas gives one resource a value."""
    for statement in policy["statement"]:
        resources = []
        for resource in statement.get("resource", []):
            texts = [resource]
            for name in PLACEHOLDER.findall(resource):
                parts = [part.strip() for part in environ[name].split(",") if part.strip()] or [""]
                texts = [text.replace(f"${{{name}}}", part) for text in texts for part in parts]
            resources += texts
        if resources:
            statement["resource"] = resources
    return policy
