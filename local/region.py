"""One region: its groups, launch configurations, instances, images and activities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from local.autoscaling.models import Group, LaunchConfiguration
from local.cvm.models import Image, Instance
from local.tag import models as tag

if TYPE_CHECKING:
    import threading
    from datetime import datetime

    from local.autoscaling.activity import RefreshActivity
    from local.autoscaling.models import LifecycleAction, LifecycleHook, Reinstall, ScalingActivity
    from local.faults import Faults
    from local.identifiers import Identifiers
    from local.timeline import Timeline
    from local.timing import Timing

# The API documents no order of a region's refresh activities.
Order = Literal["newest first", "oldest first", "unordered"]


class Region:
    """The state of one region, all of it open to be read and changed."""

    def __init__(
        self,
        name: str,
        *,
        timeline: Timeline,
        identifiers: Identifiers,
        faults: Faults,
        timing: Timing,
        lock: threading.RLock,
    ) -> None:
        self.name = name
        self.timeline = timeline
        self.identifiers = identifiers
        self.faults = faults
        self.timing = timing
        self.lock = lock
        self.groups: dict[str, Group] = {}
        self.launch_configurations: dict[str, LaunchConfiguration] = {}
        self.instances: dict[str, Instance] = {}
        self.images: dict[str, Image] = {}
        self.activities: dict[str, RefreshActivity] = {}
        self.activities_listed: Order = "newest first"
        self.scaling_activities: dict[str, ScalingActivity] = {}
        self.reinstalls: list[Reinstall] = []
        self.lifecycle_hooks: dict[str, LifecycleHook] = {}
        self.lifecycle_actions: list[LifecycleAction] = []

    def now(self) -> datetime:
        """Give the simulated time."""
        return self.timeline.now()

    def add_image(
        self,
        image_id: str | None = None,
        *,
        family: str | None = None,
        created: datetime | None = None,
        **overrides: Any,
    ) -> Image:
        """Add an image; `overrides` are fields of Image."""
        tag.check(overrides.get("tags", {}))
        with self.lock:
            image = Image(
                image_id=image_id or self.identifiers.new("img"),
                created_time=created or self.now(),
                image_family=family or "",
                **overrides,
            )
            image.image_name = image.image_name or image.image_id
            self.images[image.image_id] = image
            return image

    def add_launch_configuration(
        self, identifier: str | None = None, *, image: Image | str, **overrides: Any
    ) -> LaunchConfiguration:
        """Add a launch configuration; `overrides` are fields of LaunchConfiguration."""
        tag.check(overrides.get("tags", {}))
        with self.lock:
            made = LaunchConfiguration(
                launch_configuration_id=identifier or self.identifiers.new("asc"),
                image_id=image if isinstance(image, str) else image.image_id,
                created_time=self.now(),
                updated_time=self.now(),
                **overrides,
            )
            made.launch_configuration_name = (
                made.launch_configuration_name or made.launch_configuration_id
            )
            self.launch_configurations[made.launch_configuration_id] = made
            return made

    def add_group(
        self,
        group_id: str | None = None,
        *,
        image: Image | str,
        instances: int = 4,
        tags: dict[str, str] | None = None,
        launch_configuration: str | None = None,
        load_balancer: bool = False,
        **overrides: Any,
    ) -> Group:
        """Add a group with running instances of an image.

        It makes a launch configuration with that image, unless given the id of an existing one.
        `overrides` are fields of Group.
        """
        tag.check(tags or {})
        with self.lock:
            if launch_configuration is None:
                name = overrides.get("auto_scaling_group_name", "")
                made = self.add_launch_configuration(image=image, launch_configuration_name=name)
                launch_configuration = made.launch_configuration_id
            elif launch_configuration not in self.launch_configurations:
                raise KeyError(launch_configuration)
            if load_balancer:
                overrides.setdefault("forward_load_balancer_set", [self._forward_load_balancer()])
            group = Group(
                auto_scaling_group_id=group_id or self.identifiers.new("asg"),
                launch_configuration_id=launch_configuration,
                created_time=self.now(),
                tags=dict(tags or {}),
                **{"desired_capacity": instances, **overrides},
            )
            group.auto_scaling_group_name = (
                group.auto_scaling_group_name or group.auto_scaling_group_id
            )
            self.groups[group.auto_scaling_group_id] = group
            for _ in range(instances):
                self.add_instance(group, image)
            return group

    def _forward_load_balancer(self) -> dict[str, Any]:
        return {
            "LoadBalancerId": self.identifiers.new("lb"),
            "ListenerId": self.identifiers.new("lbl"),
            "LocationId": self.identifiers.new("loc"),
            "TargetAttributes": [{"Port": 8080, "Weight": 10}],
            "Region": self.name,
        }

    def add_instance(
        self, group: Group, image: Image | str | None = None, **overrides: Any
    ) -> Instance:
        """Add a running instance to a group, with the launch configuration's image by default."""
        with self.lock:
            source = self.launch_configurations[group.launch_configuration_id]
            if image is None:
                image = self.image_to_install(group)
            number = len(self.instances)
            made = Instance(
                instance_id=self.identifiers.new("ins"),
                image_id=image if isinstance(image, str) else image.image_id,
                created_time=self.now(),
                auto_scaling_group_id=group.auto_scaling_group_id,
                launch_configuration_id=source.launch_configuration_id,
                version_number=source.version_number,
                instance_name=f"as-{group.auto_scaling_group_name}",
                instance_type=source.instance_types[0],
                zone=f"{self.name}-{3 + number % 2}",
                vpc_id=group.vpc_id,
                subnet_id=group.subnet_id_set[0] if group.subnet_id_set else "",
                private_ip_address=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
                security_group_ids=source.security_group_ids,
                system_disk_size=source.system_disk["DiskSize"],
                **overrides,
            )
            self.instances[made.instance_id] = made
            group.instance_ids.append(made.instance_id)
            return made

    def remove_instance(self, instance_id: str) -> None:
        """Destroy an instance, as from CVM's console: refreshes find it gone."""
        with self.lock:
            gone = self.instances.pop(instance_id)
            group = self.groups.get(gone.auto_scaling_group_id)
            if group and instance_id in group.instance_ids:
                group.instance_ids.remove(instance_id)

    def instances_of(self, group: Group) -> list[Instance]:
        """Give a group's instances, those that still exist and belong to it."""
        found = (self.member(group, identifier) for identifier in group.instance_ids)
        return [instance for instance in found if instance is not None]

    def member(self, group: Group, instance_id: str) -> Instance | None:
        """Give an instance of the group, or None if it is gone or was moved out."""
        instance = self.instances.get(instance_id)
        if instance and instance.auto_scaling_group_id == group.auto_scaling_group_id:
            return instance
        return None

    def activities_of(self, group: Group) -> list[RefreshActivity]:
        """Give a group's refresh activities, the newest last."""
        wanted = group.auto_scaling_group_id
        return [a for a in self.activities.values() if a.auto_scaling_group_id == wanted]

    def live_activity(self, group: Group) -> RefreshActivity | None:
        """Give the refresh activity that a group is in."""
        return next((a for a in self.activities_of(group) if a.live), None)

    def image_to_install(self, group: Group) -> str:
        """Give the image that the group's launch configuration stands for at this moment."""
        return self.image_of(self.launch_configurations[group.launch_configuration_id])

    def image_of(self, source: LaunchConfiguration) -> str:
        """Give a launch configuration's image: its family's newest one, where it names one."""
        newest = self.newest_of_family(source.image_family)
        return newest.image_id if newest else source.image_id

    def newest_of_family(self, family: str) -> Image | None:
        """Give the newest image of a family that is NORMAL and not deprecated."""
        usable = (
            image
            for image in self.images.values()
            if family and image.image_family == family
            if image.usable and not image.image_deprecated
        )
        return max(usable, key=lambda image: image.created_time, default=None)
