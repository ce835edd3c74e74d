"""What is true: scaling groups, launch configurations, instances, images and refresh activities.

Each is named after an object of the API and holds what the decisions need of it, its id first; what
the API leaves out or gives as null is "", 0 or None.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

FAMILY_TAG = "instance-refresh:image-family"
_UNTOUCHED = ("WAITING", "CANCELLED", "NOT_FOUND")
LIVE = ("INIT", "RUNNING", "FAILED_PAUSE", "AUTO_PAUSE", "MANUAL_PAUSE")
IN_SERVICE = "IN_SERVICE"


class Image(NamedTuple):
    """CVM's `Image`: `size` in GiB, `progress` of its copy to the region in percent.

    `kind` is PRIVATE_IMAGE (the account's own), PUBLIC_IMAGE (the platform's) or SHARED_IMAGE.
    """

    image_id: str
    family: str
    created: datetime | None
    state: str
    progress: int | None
    deprecated: bool
    architecture: str
    size: int
    creator: str
    kind: str = ""

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

    @property
    def is_running(self) -> bool:
        """Say whether a refresh takes it: in service, and running in CVM."""
        in_service = self.life_cycle_state == IN_SERVICE
        return in_service and bool(self.image_id) and self.machine_state in ("RUNNING", "")


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
    created: datetime | None = None


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
    name: str = ""


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

    @property
    def instance_ids(self) -> tuple[str, ...]:
        return tuple(instance.instance_id for instance in self.instances)


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
    def may_have_left_something(self) -> bool:
        """Say whether it ended otherwise than it was meant to when it began."""
        return not self.live and (self.kind == "ROLLBACK" or self.status != "SUCCESSFUL")

    @property
    def progress(self) -> str:
        """Say how far it is, for a person."""
        return f"{self.status}, batch {self.batch} of {len(self.batches)}"

    @property
    def description(self) -> str:
        """Say which it is, and how far."""
        return f"refresh activity {self.activity_id} is {self.progress}"

    @property
    def last_batch(self) -> Batch | None:
        """The batch that ended last; a pause lasts since then."""
        ended = [batch for batch in self.batches if batch.ended]
        return max(ended, key=lambda batch: batch.number, default=None)

    @property
    def paused_since(self) -> datetime | None:
        """The end of the batch that a pause follows."""
        last = self.last_batch
        return last.ended if last else self.created

    @property
    def size(self) -> int:
        """How many instances it takes."""
        return sum(len(batch.instances) for batch in self.batches)

    @property
    def failed_instances(self) -> tuple[str, ...]:
        seen = (instance for batch in self.batches for instance in batch.instances)
        return tuple(instance.instance_id for instance in seen if instance.status == "FAILED")

    @property
    def unfinished_instances(self) -> tuple[str, ...]:
        """Those of the batches that run."""
        return tuple(name for batch in self.batches if batch.runs for name in batch.instance_ids)

    def touched(self, there: Collection[str]) -> list[list[str]]:
        """Give what it has begun to refresh of the instances that are `there`, batch by batch."""
        touched = [
            [i.instance_id for i in batch.instances if i.status not in _UNTOUCHED]
            for batch in self.batches
        ]
        still = [[name for name in batch if name in there] for batch in touched]
        return [batch for batch in still if batch]

    @property
    def last_progress(self) -> datetime | None:
        """When it last began or ended something."""
        moments = [self.created, *(m for b in self.batches for m in (b.started, b.ended))]
        return max((moment for moment in moments if moment), default=None)


class ScalingActivity(NamedTuple):
    """Auto Scaling's `Activity`: what it did to instances, for a refresh or by itself.

    `hooks` says how lifecycle hooks ended, for a person.
    """

    activity_id: str
    group_id: str
    status: str
    message: str
    started: datetime | None
    instances: tuple[str, ...]
    hooks: tuple[str, ...]


class Fleet(NamedTuple):
    """What was seen of the groups of a pass.

    `missing` are the ids of groups that don't exist; `instances` holds the groups whose instances
    were read; `activities` each group's newest activity, None if it has none, of the groups that
    were looked up, and of all that have a live one; `origins` the activities that a rollback among
    them undid; `past` all activities of a group, the oldest first, where they were read; `recent`
    those that a tick has listed. Of groups
    whose refresh went wrong there are `scaling_activities`, by group, and `machines`, by instance;
    `unread` says why not, where they could not be read.
    """

    region: str
    groups: tuple[Group, ...] = ()
    missing: tuple[str, ...] = ()
    images: Mapping[str, Image] = MappingProxyType({})
    launch_configurations: Mapping[str, LaunchConfiguration] = MappingProxyType({})
    instances: Mapping[str, tuple[Instance, ...]] = MappingProxyType({})
    activities: Mapping[str, Activity | None] = MappingProxyType({})
    origins: Mapping[str, Activity] = MappingProxyType({})
    past: Mapping[str, tuple[Activity, ...]] = MappingProxyType({})
    recent: Mapping[str, tuple[Activity, ...]] = MappingProxyType({})
    scaling_activities: Mapping[str, tuple[ScalingActivity, ...]] = MappingProxyType({})
    machines: Mapping[str, Machine] = MappingProxyType({})
    unread: str = ""
