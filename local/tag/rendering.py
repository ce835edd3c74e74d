"""Tag's objects in the shape of its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.refused import Refused


def failed_resource(resource: str, error: Refused) -> dict[str, Any]:
    """Render a `FailedResource`."""
    return {"Resource": resource, "Code": error.code, "Message": error.message}
