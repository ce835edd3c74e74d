"""What a refresh does to one instance: reinstall it, or put a new one in its place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from local.autoscaling import hooks
from local.autoscaling.activity import REPLACE
from local.autoscaling.models import Reinstall

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.autoscaling.activity import RefreshActivity, RefreshInstance
    from local.autoscaling.models import ScalingActivity
    from local.cvm.models import Instance
    from local.region import Region

Failure = tuple[str, str]
UNHEALTHY: Failure = ("TargetHealthCheckFailed", "The target was not healthy before the timeout.")
LOST: Failure = ("InvalidInstanceId.NotFound", "The new instance is gone.")


def cannot_install(region: Region, instance_id: str, image_id: str) -> Failure | None:
    """Tell why an instance can't get an image now, if so."""
    image = region.images.get(image_id)
    if image is None:
        return "InvalidImageId.NotFound", f"The image {image_id} is not found."
    if not image.usable:
        return "InvalidImageId.IncorrectState", f"The image {image_id} is {image.image_state}."
    if region.faults.reinstall_fails(instance_id, image_id):
        return "InternalServerError", f"Instance {instance_id} failed on image {image_id}."
    return None


@dataclass
class InstanceRefresh:
    """One instance's refresh; `ended` is told how it failed, or None."""

    region: Region
    activity: RefreshActivity
    item: RefreshInstance
    ended: Callable[[RefreshInstance, Failure | None], None]

    def __post_init__(self) -> None:
        """Find the group, and how the instance is refreshed."""
        self.group = self.region.groups[self.activity.auto_scaling_group_id]
        self.replaces = self.activity.refresh_mode == REPLACE

    def begin(self) -> None:
        """Wait in the hooks of termination, then read the image and begin to install it.

        A replacement waits in them when the new instance is there.
        """
        instance = self._instance()
        if instance is None:
            return
        self.item.instance_status, self.item.instance_status_message = "RUNNING", "running"
        if self.replaces:
            self._install("")
        else:
            hooks.wait(self.region, instance, hooks.TERMINATING, self._step(), self._install)

    def _install(self, _: str) -> None:
        """Read the image from the launch configuration now; an abandoned termination goes on."""
        instance = self._instance()
        if instance is None:
            self.ended(self.item, None)
            return
        image = self.item.to_image or self.region.image_to_install(self.group)
        seconds = self.region.timing.launch_seconds
        if not self.replaces:
            seconds = self.region.timing.reinstall_seconds
            instance.enter_standby(self.group.standby_state)
            instance.latest_operation = "ResetInstance"
            instance.latest_operation_state = "OPERATING"
            instance.latest_operation_request_id = self.item.last_activity_id
            instance.latest_operation_error_msg = ""
        self.region.timeline.after(seconds, partial(self._installed, image))

    def _step(self) -> ScalingActivity:
        return self.region.scaling_activities[self.item.last_activity_id]

    def _instance(self) -> Instance | None:
        """Give the instance; one that is gone is marked so, and blocks nothing."""
        instance = self.region.member(self.group, self.item.instance_id)
        if instance is None:
            self.item.instance_status = "NOT_FOUND"
        return instance

    def _installed(self, image: str) -> None:
        instance = self._instance()
        if instance is None:
            self.ended(self.item, None)
            return
        failure = cannot_install(self.region, self.item.instance_id, image)
        self._record(instance.image_id, image, ok=failure is None)
        if failure is not None:
            self._end(instance, failure)
            return
        if self.replaces:
            instance = self.region.add_instance(self.group, image, life_cycle_state="ATTACHING_LB")
        else:
            source = self.region.launch_configurations[self.group.launch_configuration_id]
            instance.image_id, instance.latest_operation_state = image, "SUCCESS"
            instance.version_number = source.version_number
        launched = partial(self._launched, instance, instance.life_cycle_state)
        hooks.wait(self.region, instance, hooks.LAUNCHING, self._step(), launched)

    def _launched(self, instance: Instance, state: str, abandoned: str) -> None:
        """Check the target's health, where that is asked for and there is a load balancer."""
        instance.life_cycle_state = state
        if abandoned:
            self._end(instance, ("LifecycleActionAbandoned", f"It was abandoned by {abandoned}."))
        elif self.activity.checks_health and self.group.forward_load_balancer_set:
            bad = self.region.faults.target_unhealthy(instance.image_id)
            healthy_after = self.region.timing.health_check_seconds
            seconds = self.activity.health_timeout if bad else healthy_after
            end = partial(self._end, instance, UNHEALTHY if bad else None)
            self.region.timeline.after(seconds, end)
        else:
            self._end(instance, None)

    def _record(self, from_image: str, to_image: str, *, ok: bool) -> None:
        self.region.reinstalls.append(
            Reinstall(
                at=self.region.now(),
                group_id=self.group.auto_scaling_group_id,
                activity_id=self.activity.refresh_activity_id,
                instance_id=self.item.instance_id,
                from_image=from_image,
                to_image=to_image,
                ok=ok,
            )
        )

    def _end(self, instance: Instance, failure: Failure | None) -> None:
        """End with what is in place now: `instance` is the new one where one was made."""
        if not self.replaces:
            if self._instance() is not None:
                self._reset(instance, failure)
            self._tell(failure)
            return
        failure = failure if instance.instance_id in self.region.instances else LOST
        old = self.region.instances.get(self.item.instance_id)
        if failure is None:
            instance.enter_service()
        elif instance.instance_id != self.item.instance_id:
            self._discard(instance)
        if failure is None and old is not None:
            removed = partial(self._remove, old)
            hooks.wait(self.region, old, hooks.TERMINATING, self._step(), removed)
        else:
            self._tell(failure)

    def _remove(self, old: Instance, _: str) -> None:
        """Take the old instance away; an abandoned termination goes on."""
        self._discard(old)
        self._tell(None)

    def _discard(self, instance: Instance) -> None:
        if instance.instance_id in self.region.instances:
            self.region.remove_instance(instance.instance_id)

    def _tell(self, failure: Failure | None) -> None:
        if self.item.instance_status == "RUNNING":
            self.item.instance_status = "SUCCESSFUL" if failure is None else "FAILED"
            self.item.instance_status_message = "success" if not failure else ": ".join(failure)
        self.ended(self.item, failure if self.item.instance_status == "FAILED" else None)

    def _reset(self, instance: Instance, failure: Failure | None) -> None:
        """Take the instance into service again; a failed one stays in standby."""
        instance.health_status = "CLB_UNHEALTHY" if failure is UNHEALTHY else "HEALTHY"
        if failure is None:
            instance.enter_service()
            return
        instance.enter_standby(self.group.standby_state)
        if instance.latest_operation_state == "OPERATING":
            instance.latest_operation_state = "FAILED"
            instance.latest_operation_error_msg = failure[1]
