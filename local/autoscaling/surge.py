"""The extra instances of MaxSurge: launched before the first batch, destroyed after the last."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from local.autoscaling import scaling
from local.autoscaling.reinstall import cannot_install

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.autoscaling.activity import RefreshActivity
    from local.autoscaling.models import ScalingActivity
    from local.region import Region


def launch(region: Region, activity: RefreshActivity, done: Callable[[], None]) -> None:
    """Launch the extra instances from the launch configuration as it is when they start."""
    activity.surge = "LAUNCHING"
    group = region.groups[activity.auto_scaling_group_id]
    image = region.image_to_install(group)
    step = scaling.begin_for_refresh(
        region, activity, "SCALE_OUT", f"Scale out {activity.max_surge} extra instance(s)."
    )
    region.timeline.after(
        region.timing.launch_seconds, partial(_launched, region, activity, image, step, done)
    )


def _launched(
    region: Region,
    activity: RefreshActivity,
    image: str,
    step: ScalingActivity,
    done: Callable[[], None],
) -> None:
    group = region.groups[activity.auto_scaling_group_id]
    failure = cannot_install(region, "", image)
    if failure is not None:
        activity.surge = "FAILED"
        step.failures[""] = failure
    else:
        activity.surge = "READY"
        for _ in range(activity.max_surge):
            made = region.add_instance(group, image)
            activity.surge_instance_ids.append(made.instance_id)
            step.instances[made.instance_id] = "SUCCESSFUL"
    scaling.end(region, step)
    done()


def remove(region: Region, activity: RefreshActivity, done: Callable[[], None]) -> None:
    """Scale the extra instances in again; nothing can stop that."""
    activity.surge = "REMOVING"
    ids = activity.surge_instance_ids
    for identifier in ids:
        if identifier in region.instances:
            region.instances[identifier].life_cycle_state = "TERMINATING"
    step = scaling.begin_for_refresh(
        region, activity, "SCALE_IN", f"Scale in {len(ids)} instance(s).", ids
    )
    region.timeline.after(
        region.timing.terminate_seconds, partial(_removed, region, activity, step, done)
    )


def _removed(
    region: Region, activity: RefreshActivity, step: ScalingActivity, done: Callable[[], None]
) -> None:
    destroy(region, activity)
    step.instances = dict.fromkeys(step.instances, "SUCCESSFUL")
    scaling.end(region, step)
    done()


def destroy(region: Region, activity: RefreshActivity) -> None:
    """Destroy the extra instances that are still there."""
    for identifier in activity.surge_instance_ids:
        if identifier in region.instances:
            region.remove_instance(identifier)
