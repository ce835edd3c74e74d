"""The record of what was called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.region import Region

    Action = Callable[[Region, Mapping[str, Any]], dict[str, Any]]

WRITES = frozenset(
    {
        "StartInstanceRefresh",
        "ResumeInstanceRefresh",
        "StopInstanceRefresh",
        "CancelInstanceRefresh",
        "RollbackInstanceRefresh",
        "ModifyLaunchConfigurationAttributes",
        "ModifyAutoScalingGroup",
        "ModifyDesiredCapacity",
        "ScaleOutInstances",
        "EnableAutoScalingGroup",
        "DisableAutoScalingGroup",
        "EnterStandby",
        "ExitStandby",
        "CreateLifecycleHook",
        "CompleteLifecycleAction",
        "ModifyImageAttribute",
        "TagResources",
        "UnTagResources",
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
