"""The record of what was called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WRITES = frozenset(
    {
        "StartInstanceRefresh",
        "ResumeInstanceRefresh",
        "StopInstanceRefresh",
        "CancelInstanceRefresh",
        "RollbackInstanceRefresh",
        "ModifyLaunchConfigurationAttributes",
        "PutObject",
    }
)


@dataclass(frozen=True)
class Call:
    """One call: `params` as they were sent; `code` is empty when it succeeded."""

    service: str
    action: str
    region: str
    params: dict[str, Any]
    code: str
    secret_id: str
