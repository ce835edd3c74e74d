"""Scaling groups and launch configurations. Nested objects are kept in the API's own shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@dataclass
class LaunchConfiguration:
    """What new and reinstalled instances are made from."""

    launch_configuration_id: str
    image_id: str
    created_time: datetime
    updated_time: datetime
    launch_configuration_name: str = ""
    launch_configuration_status: str = "NORMAL"
    version_number: int = 1
    image_family: str = ""
    instance_types: list[str] = field(default_factory=lambda: ["S5.MEDIUM4"])
    instance_types_check_policy: str = "ANY"
    instance_charge_type: str = "POSTPAID_BY_HOUR"
    instance_charge_prepaid: dict[str, Any] | None = None
    instance_market_options: dict[str, Any] | None = None
    disk_type_policy: str = "ORIGINAL"
    system_disk: dict[str, Any] = field(
        default_factory=lambda: {"DiskType": "CLOUD_PREMIUM", "DiskSize": 50}
    )
    data_disks: list[dict[str, Any]] = field(default_factory=list)
    login_settings: dict[str, Any] = field(default_factory=dict)
    internet_accessible: dict[str, Any] = field(default_factory=dict)
    ipv6_internet_accessible: dict[str, Any] = field(default_factory=dict)
    security_group_ids: list[str] = field(default_factory=lambda: ["sg-00000001"])
    enhanced_service: dict[str, Any] = field(default_factory=dict)
    user_data: str | None = None
    instance_tags: list[dict[str, str]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    cam_role_name: str = ""
    hpc_cluster_id: str = ""
    dedicated_cluster_id: str = ""
    disaster_recover_group_ids: list[str] = field(default_factory=list)
    host_name_settings: dict[str, Any] = field(default_factory=dict)
    instance_name_settings: dict[str, Any] = field(default_factory=dict)
    network_interfaces: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    project_id: int = 0


def _service_settings() -> dict[str, Any]:
    return {
        "ReplaceMonitorUnhealthy": False,
        "ScalingMode": "CLASSIC_SCALING",
        "ReplaceLoadBalancerUnhealthy": False,
        "ReplaceMode": "RECREATE",
        "AutoUpdateInstanceTags": False,
        "DesiredCapacitySyncWithMaxMinSize": False,
        "PriorityScaleInUnhealthy": False,
    }


# The LifeCycleState of an instance in standby. The API's 19 values have no word of its own for it:
# this is the one of them for an instance whose weight at the load balancer was changed.
STANDBY_STATE = "MODIFYING_LB"


@dataclass
class Group:
    """A scaling group; `instance_ids` may name instances that are gone."""

    auto_scaling_group_id: str
    launch_configuration_id: str
    created_time: datetime
    auto_scaling_group_name: str = ""
    auto_scaling_group_status: str = "NORMAL"
    enabled_status: str = "ENABLED"
    in_activity_status: str = "NOT_IN_ACTIVITY"
    instance_ids: list[str] = field(default_factory=list)
    desired_capacity: int = 0
    min_size: int = 0
    max_size: int = 100
    default_cooldown: int = 300
    forward_load_balancer_set: list[dict[str, Any]] = field(default_factory=list)
    load_balancer_id_set: list[str] = field(default_factory=list)
    subnet_id_set: list[str] = field(default_factory=lambda: ["subnet-00000001"])
    zone_set: list[str] = field(default_factory=list)
    vpc_id: str = "vpc-00000001"
    project_id: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    service_settings: dict[str, Any] = field(default_factory=_service_settings)
    health_check_type: str = "CVM"
    retry_policy: str = "IMMEDIATE_RETRY"
    termination_policy_set: list[str] = field(default_factory=lambda: ["OLDEST_INSTANCE"])
    multi_zone_subnet_policy: str = "PRIORITY"
    instance_allocation_policy: str = "LAUNCH_CONFIGURATION"
    standby_state: str = STANDBY_STATE
    unmatched: bool = False  # the desired capacity was changed and not acted on yet


@dataclass
class Reinstall:
    """One reinstall of an instance, or its replacement, as it ended; the id is the old one's."""

    at: datetime
    group_id: str
    activity_id: str
    instance_id: str
    from_image: str
    to_image: str
    ok: bool


@dataclass
class ScalingActivity:
    """One step that a group takes: a batch of a refresh, more instances, or fewer."""

    activity_id: str
    auto_scaling_group_id: str
    activity_type: str
    cause: str
    description: str
    created_time: datetime
    start_time: datetime
    end_time: datetime | None = None
    status_code: str = "RUNNING"
    status_message: str = ""
    instances: dict[str, str] = field(default_factory=dict)  # instance id -> status
    failures: dict[str, tuple[str, str]] = field(default_factory=dict)  # id -> code, message
    lifecycle_actions: list[LifecycleAction] = field(default_factory=list)


@dataclass
class LifecycleHook:
    """A hook that an instance waits in when it is launched or terminated."""

    lifecycle_hook_id: str
    auto_scaling_group_id: str
    lifecycle_hook_name: str
    lifecycle_transition: str
    created_time: datetime
    heartbeat_timeout: int
    default_result: str
    lifecycle_transition_type: str
    notification_metadata: str
    notification_target: dict[str, Any] | None
    lifecycle_command: dict[str, Any] | None


@dataclass
class LifecycleAction:
    """One instance's wait in a hook; `result` is empty until it is over."""

    hook: LifecycleHook
    instance_id: str
    token: str
    completed: Callable[[LifecycleAction], None]
    result: str = ""
    reason: str = ""

    def complete(self, result: str, reason: str) -> None:
        """Set the result, unless there is one."""
        if not self.result:
            self.result, self.reason = result, reason
            self.completed(self)
