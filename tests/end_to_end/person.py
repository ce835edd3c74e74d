"""What a person does through the API while the functions are at work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from tests.contract.local_cloud import client

if TYPE_CHECKING:
    from tests.end_to_end.invariants import Invariants


def steer(watch: Invariants, group: str, action: str) -> None:
    """Do something about a group's newest refresh activity, if it has one.

    The action is Cancel, Stop, Rollback, or a mode of ResumeInstanceRefresh.
    """
    activities = watch.region.activities_of(watch.region.groups[group])
    if not activities:
        return
    name = activities[-1].refresh_activity_id
    if action == "Rollback":
        operate(
            watch,
            "RollbackInstanceRefresh",
            AutoScalingGroupId=group,
            OriginRefreshActivityId=name,
            RefreshSettings={"RollingUpdateSettings": {"BatchNumber": 1}},
        )
        return
    of = {"AutoScalingGroupId": group, "RefreshActivityId": name}
    if action in ("Cancel", "Stop"):
        operate(watch, f"{action}InstanceRefresh", **of)
    else:
        operate(watch, "ResumeInstanceRefresh", ResumeMode=action, **of)


def configure(watch: Invariants, group: str, image: str) -> None:
    """Put an image into a group's launch configuration."""
    name = watch.region.groups[group].launch_configuration_id
    change = {"LaunchConfigurationId": name, "ImageId": image}
    operate(watch, "ModifyLaunchConfigurationAttributes", **change)


def operate(watch: Invariants, action: str, **parameters: Any) -> None:
    """Call the API with the vendor's client; what goes wrong is not done again."""
    watch.by = "operator"
    try:
        client(watch.it.cloud, keys=watch.it.role).call_json(action, parameters)
    except (TencentCloudSDKException, LookupError, ValueError, OSError):
        return
    finally:
        watch.by = "function"
