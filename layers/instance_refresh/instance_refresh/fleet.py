"""What is true: scaling groups, launch configurations, instances, images and refresh activities.

Each `…_from` reads one object of the API (Auto Scaling 2018-04-19, CVM 2017-03-12) and takes what
the decisions need of it, its id first. What the API leaves out or gives as null is "", 0 or None; a
field of another type than the API's is a TypeError.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = TypeVar("Value")

FAMILY_TAG = "instance-refresh:image-family"
LIVE = ("INIT", "RUNNING", "FAILED_PAUSE", "AUTO_PAUSE", "MANUAL_PAUSE")
IN_SERVICE = "IN_SERVICE"
_HEALTH = {"CheckInstanceTargetHealth": bool, "CheckInstanceTargetHealthTimeout": int}


class Image(NamedTuple):
    """CVM's `Image`: `size` in GiB, `progress` of its copy to the region in percent."""

    image_id: str
    family: str
    created: datetime | None
    state: str
    progress: int | None
    deprecated: bool
    architecture: str
    size: int
    creator: str

    @property
    def usable(self) -> bool:
        return self.state == "NORMAL" and not self.deprecated

    @property
    def withdrawn(self) -> bool:
        return self.deprecated or self.state.endswith("FAILED")


class Instance(NamedTuple):
    """Auto Scaling's `Instance`, joined with CVM's.

    The last three are CVM's: the image that it runs, its system disk in GiB, and the state of the
    machine. They are empty where CVM has no such instance.
    """

    instance_id: str
    group_id: str
    life_cycle_state: str
    health: str
    image_id: str = ""
    system_disk: int = 0
    machine_state: str = ""


class Machine(NamedTuple):
    """CVM's `Instance`: its system disk in GiB, and how the latest operation on it went."""

    instance_id: str
    image_id: str
    system_disk: int
    state: str
    operation: str
    operation_state: str
    operation_message: str


class LaunchConfiguration(NamedTuple):
    """Auto Scaling's `LaunchConfiguration`: `system_disk` in GiB, and all the groups that use it.

    `updated` is when it was made, where it has not been changed since.
    """

    launch_configuration_id: str
    image_id: str
    status: str
    system_disk: int
    updated: datetime | None
    group_ids: tuple[str, ...]


class Group(NamedTuple):
    """Auto Scaling's `AutoScalingGroup`.

    `instances` counts all that belong to it, `in_service` those whose life-cycle state is
    IN_SERVICE; `has_load_balancer` is of an application load balancer, which can check health.
    """

    group_id: str
    status: str
    in_activity: bool
    in_service: int
    instances: int
    launch_configuration_id: str
    has_load_balancer: bool
    tags: Mapping[str, str]


class BatchInstance(NamedTuple):
    """Auto Scaling's `RefreshBatchRelatedInstance`: an instance and what was done to it last."""

    instance_id: str
    status: str
    message: str
    scaling_activity_id: str


class Batch(NamedTuple):
    """Auto Scaling's `RefreshBatch`, counted from 1; a moment is None until it has come."""

    number: int
    status: str
    started: datetime | None
    ended: datetime | None
    instances: tuple[BatchInstance, ...]

    @property
    def runs(self) -> bool:
        return self.status in ("INIT", "RUNNING")


class Activity(NamedTuple):
    """Auto Scaling's `RefreshActivity`.

    `origin_id` is the activity that a rollback undoes, "" for any other; `batch` the batch that it
    is at, 0 before the first; `health` the fields of its RefreshSettings that say whether and how
    long health is checked.
    """

    activity_id: str
    group_id: str
    origin_id: str
    kind: str
    mode: str
    status: str
    created: datetime | None
    ended: datetime | None
    batch: int
    batches: tuple[Batch, ...]
    health: Mapping[str, Any] = MappingProxyType({})

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def paused(self) -> bool:
        return self.status.endswith("_PAUSE")

    @property
    def progress(self) -> str:
        """Say how far it is, for a person."""
        return f"{self.status}, batch {self.batch} of {len(self.batches)}"

    @property
    def last_batch(self) -> Batch | None:
        """The batch that ended last; a pause lasts since then."""
        ended = [batch for batch in self.batches if batch.ended]
        return max(ended, key=lambda batch: batch.number, default=None)

    @property
    def last_progress(self) -> datetime | None:
        """When it last began or ended something."""
        moments = [self.created, *(m for b in self.batches for m in (b.started, b.ended))]
        return max((moment for moment in moments if moment), default=None)


class ScalingActivity(NamedTuple):
    """Auto Scaling's `Activity`: what it did to instances, for a refresh or by itself."""

    activity_id: str
    status: str
    message: str


class Fleet(NamedTuple):
    """What was seen of the groups that a request is for.

    `missing` are the ids of groups that don't exist; `instances` holds the groups whose instances
    were read; `activities` each group's newest activity, None if it has none, of the groups that
    were looked up, and of all that have a live one; `origins` the activities that a rollback among
    them undid.
    """

    region: str
    groups: tuple[Group, ...] = ()
    missing: tuple[str, ...] = ()
    images: Mapping[str, Image] = MappingProxyType({})
    launch_configurations: Mapping[str, LaunchConfiguration] = MappingProxyType({})
    instances: Mapping[str, tuple[Instance, ...]] = MappingProxyType({})
    activities: Mapping[str, Activity | None] = MappingProxyType({})
    origins: Mapping[str, Activity] = MappingProxyType({})

    def running(self, group: Group) -> tuple[Instance, ...]:
        """Give the instances that a refresh would take: in service, and running in CVM."""
        return tuple(
            instance
            for instance in self.instances.get(group.group_id, ())
            if instance.life_cycle_state == IN_SERVICE
            and instance.image_id
            and instance.machine_state in ("RUNNING", "")
        )


def moment(value: str) -> datetime:
    """Read a time as the APIs write it: `2026-01-31T08:00:00Z`, or with an offset.

    A fraction of the second is left out: no API documents one, and Python 3.10 doesn't read each.
    """
    whole = re.sub(r"\.\d+", "", value)
    read = datetime.fromisoformat(whole.replace("Z", "+00:00"))
    return read if read.tzinfo else read.replace(tzinfo=timezone.utc)


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
    return ScalingActivity(
        activity_id=_given(item, "ActivityId", str),
        status=_text(item, "StatusCode"),
        message=_text(item, "StatusMessage"),
    )
