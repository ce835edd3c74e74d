"""What is true: scaling groups, launch configurations, instances, images and refresh activities.

Each `…_from` reads one object of the API (Auto Scaling 2018-04-19, CVM 2017-03-12) and takes what
the decisions need of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FAMILY_TAG = "instance-refresh:image-family"
LIVE = ("INIT", "RUNNING", "FAILED_PAUSE", "AUTO_PAUSE", "MANUAL_PAUSE")
IN_SERVICE = "IN_SERVICE"


@dataclass(frozen=True)
class Image:
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


@dataclass(frozen=True)
class Instance:
    instance_id: str
    group_id: str
    life_cycle_state: str
    health: str
    image_id: str = ""
    system_disk: int = 0


@dataclass(frozen=True)
class LaunchConfiguration:
    launch_configuration_id: str
    image_id: str
    status: str
    system_disk: int
    group_ids: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    group_id: str
    name: str
    status: str
    in_activity: bool
    enabled: bool
    in_service: int
    instances: int
    launch_configuration_id: str
    has_load_balancer: bool
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Activity:
    activity_id: str
    group_id: str
    origin_id: str
    kind: str
    status: str
    created: datetime | None
    batch: int
    batches: int

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def progress(self) -> str:
        """Say how far it is, for a person."""
        return f"{self.status}, batch {self.batch} of {self.batches}"


@dataclass(frozen=True)
class Fleet:
    """What was seen of the groups that a request is for.

    `image_id` is the image that was asked for, a family's already resolved, "" where there is
    none; `missing` the ids of groups that don't exist; `instances` holds the groups whose instances
    were read; `activities` each group's newest activity (of the groups that were looked up, and of
    all that have a live one); `origins` the activities that a rollback among them undid.
    """

    region: str
    image_id: str = ""
    groups: tuple[Group, ...] = ()
    missing: tuple[str, ...] = ()
    images: Mapping[str, Image] = field(default_factory=dict)
    launch_configurations: Mapping[str, LaunchConfiguration] = field(default_factory=dict)
    instances: Mapping[str, tuple[Instance, ...]] = field(default_factory=dict)
    activities: Mapping[str, Activity] = field(default_factory=dict)
    origins: Mapping[str, Activity] = field(default_factory=dict)

    def running(self, group: Group) -> tuple[Instance, ...]:
        """Give the instances that a refresh would take: those in service."""
        return tuple(
            instance
            for instance in self.instances.get(group.group_id, ())
            if instance.life_cycle_state == IN_SERVICE
        )


def moment(value: str | None) -> datetime | None:
    """Read a time as the APIs write it: `2026-01-31T08:00:00Z`, or with an offset."""
    if not value:
        return None
    read = datetime.fromisoformat(value.replace("Z", "+00:00"))
    return read if read.tzinfo else read.replace(tzinfo=timezone.utc)


def image_from(item: Mapping[str, Any]) -> Image:
    return Image(
        image_id=item["ImageId"],
        family=item.get("ImageFamily") or "",
        created=moment(item.get("CreatedTime")),
        state=item.get("ImageState") or "",
        progress=item.get("SyncPercent"),
        deprecated=bool(item.get("ImageDeprecated")),
        architecture=item.get("Architecture") or "",
        size=item.get("ImageSize") or 0,
        creator=item.get("ImageCreator") or "",
    )


def instance_from(item: Mapping[str, Any], machine: Mapping[str, Any] | None) -> Instance:
    """Join Auto Scaling's view of an instance with CVM's, which knows its image."""
    machine = machine or {}
    return Instance(
        instance_id=item["InstanceId"],
        group_id=item["AutoScalingGroupId"],
        life_cycle_state=item["LifeCycleState"],
        health=item.get("HealthStatus") or "",
        image_id=machine.get("ImageId") or "",
        system_disk=(machine.get("SystemDisk") or {}).get("DiskSize") or 0,
    )


def launch_configuration_from(item: Mapping[str, Any]) -> LaunchConfiguration:
    return LaunchConfiguration(
        launch_configuration_id=item["LaunchConfigurationId"],
        image_id=item.get("ImageId") or "",
        status=item.get("LaunchConfigurationStatus") or "",
        system_disk=(item.get("SystemDisk") or {}).get("DiskSize") or 0,
        group_ids=tuple(
            group["AutoScalingGroupId"] for group in item.get("AutoScalingGroupAbstractSet") or ()
        ),
    )


def group_from(item: Mapping[str, Any]) -> Group:
    return Group(
        group_id=item["AutoScalingGroupId"],
        name=item.get("AutoScalingGroupName") or "",
        status=item.get("AutoScalingGroupStatus") or "",
        in_activity=item.get("InActivityStatus") == "IN_ACTIVITY",
        enabled=item.get("EnabledStatus") == "ENABLED",
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
        status=item.get("Status") or "",
        created=moment(item.get("CreatedTime")),
        batch=item.get("CurrentRefreshBatchNum") or 0,
        batches=len(item.get("RefreshBatchSet") or ()),
    )
