"""What is true: scaling groups, launch configurations, instances, images and refresh activities.

Each `…_from` reads one object of the API (Auto Scaling 2018-04-19, CVM 2017-03-12) and takes what
the decisions need of it.
"""

from __future__ import annotations

from datetime import datetime, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

FAMILY_TAG = "instance-refresh:image-family"
LIVE = ("INIT", "RUNNING", "FAILED_PAUSE", "AUTO_PAUSE", "MANUAL_PAUSE")
IN_SERVICE = "IN_SERVICE"
_HEALTH = ("CheckInstanceTargetHealth", "CheckInstanceTargetHealthTimeout")


class Image(NamedTuple):
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
    instance_id: str
    group_id: str
    life_cycle_state: str
    health: str
    image_id: str = ""
    system_disk: int = 0
    machine_state: str = ""


class LaunchConfiguration(NamedTuple):
    launch_configuration_id: str
    image_id: str
    status: str
    system_disk: int
    updated: datetime | None
    group_ids: tuple[str, ...]


class Group(NamedTuple):
    group_id: str
    status: str
    in_activity: bool
    in_service: int
    instances: int
    launch_configuration_id: str
    has_load_balancer: bool
    tags: Mapping[str, str]


class BatchInstance(NamedTuple):
    instance_id: str
    status: str
    message: str
    scaling_activity_id: str


class Batch(NamedTuple):
    number: int
    status: str
    started: datetime | None
    ended: datetime | None
    instances: tuple[BatchInstance, ...]

    @property
    def runs(self) -> bool:
        return self.status in ("INIT", "RUNNING")


class Activity(NamedTuple):
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
    """Read a time as the APIs write it: `2026-01-31T08:00:00Z`, or with an offset."""
    read = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return read if read.tzinfo else read.replace(tzinfo=timezone.utc)


def _moment(item: Mapping[str, Any], name: str) -> datetime | None:
    value = item.get(name)
    return moment(value) if value else None


def image_from(item: Mapping[str, Any]) -> Image:
    return Image(
        image_id=item["ImageId"],
        family=item.get("ImageFamily") or "",
        created=_moment(item, "CreatedTime"),
        state=item.get("ImageState") or "",
        progress=item.get("SyncPercent"),
        deprecated=bool(item.get("ImageDeprecated")),
        architecture=item.get("Architecture") or "",
        size=item.get("ImageSize") or 0,
        creator=item.get("ImageCreator") or "",
    )


def instance_from(item: Mapping[str, Any], machines: Mapping[str, Mapping[str, Any]]) -> Instance:
    """Join Auto Scaling's view of an instance with CVM's (by id), which knows its image."""
    machine = machines.get(item["InstanceId"], {})
    return Instance(
        instance_id=item["InstanceId"],
        group_id=item["AutoScalingGroupId"],
        life_cycle_state=item["LifeCycleState"],
        health=item.get("HealthStatus") or "",
        image_id=machine.get("ImageId") or "",
        system_disk=(machine.get("SystemDisk") or {}).get("DiskSize") or 0,
        machine_state=machine.get("InstanceState") or "",
    )


def launch_configuration_from(item: Mapping[str, Any]) -> LaunchConfiguration:
    return LaunchConfiguration(
        launch_configuration_id=item["LaunchConfigurationId"],
        image_id=item.get("ImageId") or "",
        status=item.get("LaunchConfigurationStatus") or "",
        system_disk=(item.get("SystemDisk") or {}).get("DiskSize") or 0,
        updated=_moment(item, "UpdatedTime") or _moment(item, "CreatedTime"),
        group_ids=tuple(
            group["AutoScalingGroupId"] for group in item.get("AutoScalingGroupAbstractSet") or ()
        ),
    )


def group_from(item: Mapping[str, Any]) -> Group:
    return Group(
        group_id=item["AutoScalingGroupId"],
        status=item.get("AutoScalingGroupStatus") or "",
        in_activity=item.get("InActivityStatus") == "IN_ACTIVITY",
        in_service=item.get("InServiceInstanceCount") or 0,
        instances=item.get("InstanceCount") or 0,
        launch_configuration_id=item.get("LaunchConfigurationId") or "",
        has_load_balancer=bool(item.get("ForwardLoadBalancerSet")),
        tags={tag["Key"]: tag.get("Value") or "" for tag in item.get("Tags") or ()},
    )


def activity_from(item: Mapping[str, Any]) -> Activity:
    return Activity(
        activity_id=item["RefreshActivityId"],
        group_id=item["AutoScalingGroupId"],
        origin_id=item.get("OriginRefreshActivityId") or "",
        kind=item.get("ActivityType") or "NORMAL",
        mode=item.get("RefreshMode") or "",
        status=item.get("Status") or "",
        created=_moment(item, "CreatedTime"),
        ended=_moment(item, "EndTime"),
        batch=item.get("CurrentRefreshBatchNum") or 0,
        batches=tuple(_batch_from(batch) for batch in item.get("RefreshBatchSet") or ()),
        health={
            name: value
            for name, value in (item.get("RefreshSettings") or {}).items()
            if name in _HEALTH and value is not None
        },
    )


def _batch_from(item: Mapping[str, Any]) -> Batch:
    return Batch(
        number=item["RefreshBatchNum"],
        status=item.get("RefreshBatchStatus") or "",
        started=_moment(item, "StartTime"),
        ended=_moment(item, "EndTime"),
        instances=tuple(
            BatchInstance(
                instance_id=seen["InstanceId"],
                status=seen.get("InstanceStatus") or "",
                message=seen.get("InstanceStatusMessage") or "",
                scaling_activity_id=seen.get("LastActivityId") or "",
            )
            for seen in item.get("RefreshBatchRelatedInstanceSet") or ()
        ),
    )
