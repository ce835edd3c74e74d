"""What a person does through the API while the functions are at work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from tests.contract.local_cloud import client

TRIES = 6

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


def operate(watch: Invariants, action: str, **parameters: Any) -> None:
    """Call the API with the vendor's client, again if throttled; what is refused is not done."""
    api = client(watch.it.cloud, keys=watch.it.role)
    watch.by = "operator"
    try:
        for _ in range(TRIES):
            try:
                api.call_json(action, parameters)
            except TencentCloudSDKException as error:
                if str(error.get_code()).startswith("RequestLimitExceeded"):
                    continue
            return
    except (LookupError, ValueError, OSError):  # an answer that is none
        return
    finally:
        watch.by = "function"
