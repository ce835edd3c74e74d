"""What a person does through the API while the functions are at work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instance_refresh.deadline import Deadline
from instance_refresh.errors import ApiError
from instance_refresh.gateway.client import Api
from instance_refresh.gateway.credentials import Credentials
from tests.end_to_end.harness import REGION

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
    """Call the API; what it refuses is not done."""
    role = watch.it.role
    credentials = Credentials(role.secret_id, role.secret_key, role.token)
    api = Api("as", "2018-04-19", watch.it.cloud.endpoint, REGION, credentials)
    watch.by = "operator"
    try:
        api.call(action, parameters, Deadline(60_000), repeat=False)
    except ApiError:
        return
    finally:
        watch.by = "function"
