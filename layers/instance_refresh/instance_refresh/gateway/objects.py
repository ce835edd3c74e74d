"""Read the objects of the APIs: Auto Scaling 2018-04-19 and CVM 2017-03-12.

A field of another type than the API's is a TypeError, one that must be there and isn't a
LookupError; `Actions` makes an ApiError of either.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..clock import moment
from ..model import fleet
from .reading import Field, Kind, reader

if TYPE_CHECKING:
    from collections.abc import Callable


def _text(name: str) -> Field:
    return Field(name, str, "")


def _number(name: str) -> Field:
    return Field(name, int, 0)


def _given(name: str, kind: type = str) -> Field:
    return Field(name, kind)


def _moment(name: str) -> Field:
    return Field(name, str, None, lambda text: moment(text) if text else None)


def _objects(name: str, read: Callable[[dict[str, Any]], Any]) -> Field:
    return Field(name, list, (), lambda items: tuple(map(read, items)))


_system_disk = Field("SystemDisk", dict, 0, reader(int, size=_number("DiskSize")))

IMAGES = Kind(
    "DescribeImages", "ImageSet", "ImageIds",
    reader(
        fleet.Image,
        image_id=_given("ImageId"),
        family=_text("ImageFamily"),
        created=_moment("CreatedTime"),
        state=_text("ImageState"),
        progress=Field("SyncPercent", int, None),
        deprecated=Field("ImageDeprecated", bool, absent=False),
        architecture=_text("Architecture"),
        size=_number("ImageSize"),
        creator=_text("ImageCreator"),
        kind=_text("ImageType"),
    ),
)  # fmt: skip
MACHINES = Kind(
    "DescribeInstances", "InstanceSet", "InstanceIds",
    reader(
        fleet.Machine,
        instance_id=_given("InstanceId"),
        image_id=_text("ImageId"),
        system_disk=_system_disk,
        state=_text("InstanceState"),
        operation=_text("LatestOperation"),
        operation_state=_text("LatestOperationState"),
        operation_message=_text("LatestOperationErrorMsg"),
    ),
)  # fmt: skip
INSTANCES = Kind(
    "DescribeAutoScalingInstances", "AutoScalingInstanceSet", "InstanceIds",
    reader(
        fleet.Instance,
        instance_id=_given("InstanceId"),
        group_id=_given("AutoScalingGroupId"),
        life_cycle_state=_given("LifeCycleState"),
        health=_text("HealthStatus"),
    ),
)  # fmt: skip
LAUNCH_CONFIGURATIONS = Kind(
    "DescribeLaunchConfigurations", "LaunchConfigurationSet", "LaunchConfigurationIds",
    reader(
        lambda name, image, status, disk, updated, created, groups: fleet.LaunchConfiguration(
            name, image, status, disk, updated or created, groups, created
        ),
        launch_configuration_id=_given("LaunchConfigurationId"),
        image_id=_text("ImageId"),
        status=_text("LaunchConfigurationStatus"),
        system_disk=_system_disk,
        updated=_moment("UpdatedTime"),
        created=_moment("CreatedTime"),
        group_ids=_objects(
            "AutoScalingGroupAbstractSet", reader(str, group_id=_given("AutoScalingGroupId"))
        ),
    ),
)  # fmt: skip
_tag = reader(lambda *pair: pair, key=_given("Key"), value=_text("Value"))
GROUPS = Kind(
    "DescribeAutoScalingGroups", "AutoScalingGroupSet", "AutoScalingGroupIds",
    reader(
        fleet.Group,
        group_id=_given("AutoScalingGroupId"),
        name=_text("AutoScalingGroupName"),
        status=_text("AutoScalingGroupStatus"),
        in_activity=Field("InActivityStatus", str, absent=False, read="IN_ACTIVITY".__eq__),
        in_service=_number("InServiceInstanceCount"),
        instances=_number("InstanceCount"),
        launch_configuration_id=_text("LaunchConfigurationId"),
        has_load_balancer=Field("ForwardLoadBalancerSet", list, absent=False, read=bool),
        tags=Field("Tags", list, MappingProxyType({}), lambda tags: dict(map(_tag, tags))),
    ),
)  # fmt: skip
_health = reader(
    lambda check, timeout: {
        name: value
        for name, value in (
            ("CheckInstanceTargetHealth", check),
            ("CheckInstanceTargetHealthTimeout", timeout),
        )
        if value is not None
    },
    check=Field("CheckInstanceTargetHealth", bool, None),
    timeout=Field("CheckInstanceTargetHealthTimeout", int, None),
)
_batch_instance = reader(
    fleet.BatchInstance,
    instance_id=_given("InstanceId"),
    status=_text("InstanceStatus"),
    message=_text("InstanceStatusMessage"),
    scaling_activity_id=_text("LastActivityId"),
)
_batch = reader(
    fleet.Batch,
    number=_given("RefreshBatchNum", int),
    status=_text("RefreshBatchStatus"),
    started=_moment("StartTime"),
    ended=_moment("EndTime"),
    instances=_objects("RefreshBatchRelatedInstanceSet", _batch_instance),
)
ACTIVITIES = Kind(
    "DescribeRefreshActivities", "RefreshActivitySet", "RefreshActivityIds",
    reader(
        fleet.Activity,
        activity_id=_given("RefreshActivityId"),
        group_id=_given("AutoScalingGroupId"),
        origin_id=_text("OriginRefreshActivityId"),
        kind=Field("ActivityType", str, "NORMAL", lambda kind: kind or "NORMAL"),
        mode=_text("RefreshMode"),
        status=_text("Status"),
        created=_moment("CreatedTime"),
        ended=_moment("EndTime"),
        batch=_number("CurrentRefreshBatchNum"),
        batches=_objects("RefreshBatchSet", _batch),
        health=Field("RefreshSettings", dict, MappingProxyType({}), _health),
    ),
)  # fmt: skip
_hook = reader(
    lambda hook, instance, result, why: f"hook {hook} of {instance}: {result} ({why})",
    hook=_text("LifecycleHookId"),
    instance=_text("InstanceId"),
    result=_text("LifecycleActionResult"),
    why=_text("ResultReason"),
)
SCALING_ACTIVITIES = Kind(
    "DescribeAutoScalingActivities", "ActivitySet", "ActivityIds",
    reader(
        fleet.ScalingActivity,
        activity_id=_given("ActivityId"),
        group_id=_given("AutoScalingGroupId"),
        status=_text("StatusCode"),
        message=_text("StatusMessage"),
        started=_moment("StartTime"),
        instances=_objects("RelatedInstanceSet", reader(str, instance_id=_text("InstanceId"))),
        hooks=_objects("LifecycleActionResultSet", _hook),
    ),
)  # fmt: skip
