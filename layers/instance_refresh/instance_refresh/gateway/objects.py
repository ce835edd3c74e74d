"""Read the objects of the APIs: Auto Scaling 2018-04-19 and CVM 2017-03-12.

A field of another type than the API's is a TypeError, one that must be there and isn't a
LookupError; `actions.parsed` makes an ApiError of either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ..model.fleet import (
    Activity,
    Batch,
    BatchInstance,
    Group,
    Image,
    Instance,
    LaunchConfiguration,
    Machine,
    ScalingActivity,
)
from ..model.readers import moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Value = TypeVar("Value")

_HEALTH = {"CheckInstanceTargetHealth": bool, "CheckInstanceTargetHealthTimeout": int}


def image_from(item: Mapping[str, Any]) -> Image:
    return Image(
        image_id=_given(item, "ImageId", str),
        family=_text(item, "ImageFamily"),
        created=_moment(item, "CreatedTime"),
        state=_text(item, "ImageState"),
        progress=_of(item, "SyncPercent", int),
        deprecated=_of(item, "ImageDeprecated", bool) or False,
        architecture=_text(item, "Architecture"),
        size=_number(item, "ImageSize"),
        creator=_text(item, "ImageCreator"),
        kind=_text(item, "ImageType"),
    )


def instance_from(item: Mapping[str, Any]) -> Instance:
    return Instance(
        instance_id=_given(item, "InstanceId", str),
        group_id=_given(item, "AutoScalingGroupId", str),
        life_cycle_state=_given(item, "LifeCycleState", str),
        health=_text(item, "HealthStatus"),
    )


def machine_from(item: Mapping[str, Any]) -> Machine:
    return Machine(
        instance_id=_given(item, "InstanceId", str),
        image_id=_text(item, "ImageId"),
        system_disk=_number(_object(item, "SystemDisk"), "DiskSize"),
        state=_text(item, "InstanceState"),
        operation=_text(item, "LatestOperation"),
        operation_state=_text(item, "LatestOperationState"),
        operation_message=_text(item, "LatestOperationErrorMsg"),
    )


def launch_configuration_from(item: Mapping[str, Any]) -> LaunchConfiguration:
    groups = _list(item, "AutoScalingGroupAbstractSet")
    return LaunchConfiguration(
        launch_configuration_id=_given(item, "LaunchConfigurationId", str),
        image_id=_text(item, "ImageId"),
        status=_text(item, "LaunchConfigurationStatus"),
        system_disk=_number(_object(item, "SystemDisk"), "DiskSize"),
        updated=_moment(item, "UpdatedTime") or _moment(item, "CreatedTime"),
        group_ids=tuple(_given(group, "AutoScalingGroupId", str) for group in groups),
        created=_moment(item, "CreatedTime"),
    )


def group_from(item: Mapping[str, Any]) -> Group:
    return Group(
        group_id=_given(item, "AutoScalingGroupId", str),
        status=_text(item, "AutoScalingGroupStatus"),
        in_activity=_text(item, "InActivityStatus") == "IN_ACTIVITY",
        in_service=_number(item, "InServiceInstanceCount"),
        instances=_number(item, "InstanceCount"),
        launch_configuration_id=_text(item, "LaunchConfigurationId"),
        has_load_balancer=bool(_list(item, "ForwardLoadBalancerSet")),
        name=_text(item, "AutoScalingGroupName"),
        tags={_given(tag, "Key", str): _text(tag, "Value") for tag in _list(item, "Tags")},
    )


def activity_from(item: Mapping[str, Any]) -> Activity:
    settings = _object(item, "RefreshSettings")
    health = {name: _of(settings, name, kind) for name, kind in _HEALTH.items()}
    return Activity(
        activity_id=_given(item, "RefreshActivityId", str),
        group_id=_given(item, "AutoScalingGroupId", str),
        origin_id=_text(item, "OriginRefreshActivityId"),
        kind=_text(item, "ActivityType") or "NORMAL",
        mode=_text(item, "RefreshMode"),
        status=_text(item, "Status"),
        created=_moment(item, "CreatedTime"),
        ended=_moment(item, "EndTime"),
        batch=_number(item, "CurrentRefreshBatchNum"),
        batches=tuple(_batch_from(batch) for batch in _list(item, "RefreshBatchSet")),
        health={name: value for name, value in health.items() if value is not None},
    )


def _batch_from(item: Mapping[str, Any]) -> Batch:
    instances = _list(item, "RefreshBatchRelatedInstanceSet")
    return Batch(
        number=_given(item, "RefreshBatchNum", int),
        status=_text(item, "RefreshBatchStatus"),
        started=_moment(item, "StartTime"),
        ended=_moment(item, "EndTime"),
        instances=tuple(_batch_instance_from(instance) for instance in instances),
    )


def _batch_instance_from(item: Mapping[str, Any]) -> BatchInstance:
    return BatchInstance(
        instance_id=_given(item, "InstanceId", str),
        status=_text(item, "InstanceStatus"),
        message=_text(item, "InstanceStatusMessage"),
        scaling_activity_id=_text(item, "LastActivityId"),
    )


def scaling_activity_from(item: Mapping[str, Any]) -> ScalingActivity:
    related = _list(item, "RelatedInstanceSet") + _list(item, "ActivityRelatedInstanceSet")
    hooks = _list(item, "LifecycleActionResultSet")
    return ScalingActivity(
        activity_id=_given(item, "ActivityId", str),
        group_id=_given(item, "AutoScalingGroupId", str),
        status=_text(item, "StatusCode"),
        message=_text(item, "StatusMessage"),
        started=_moment(item, "StartTime"),
        instances=tuple({_text(one, "InstanceId"): None for one in related}),
        hooks=tuple(map(_hook_words, hooks)),
    )


def _hook_words(item: Mapping[str, Any]) -> str:
    """Say how a lifecycle hook (LifecycleActionResultInfo) ended."""
    hook, result = _text(item, "LifecycleHookId"), _text(item, "LifecycleActionResult")
    return f"hook {hook} of {_text(item, 'InstanceId')}: {result} ({_text(item, 'ResultReason')})"


def _of(item: Mapping[str, Any], name: str, kind: type[Value]) -> Value | None:
    """Give a field, None where it is null or absent; a TypeError if it is no `kind`."""
    value = item.get(name)
    if value is not None and not isinstance(value, kind):
        raise TypeError(name)
    return value


def _text(item: Mapping[str, Any], name: str) -> str:
    return _of(item, name, str) or ""


def _given(item: Mapping[str, Any], name: str, kind: type[Value]) -> Value:
    """Give a field that must be there."""
    value = _of(item, name, kind)
    if value is None:
        raise LookupError(name)
    return value


def _number(item: Mapping[str, Any], name: str) -> int:
    return _of(item, name, int) or 0


def _list(item: Mapping[str, Any], name: str) -> list[Any]:
    return _of(item, name, list) or []


def _object(item: Mapping[str, Any], name: str) -> dict[str, Any]:
    return _of(item, name, dict) or {}


def _moment(item: Mapping[str, Any], name: str) -> datetime | None:
    value = _text(item, name)
    return moment(value) if value else None
