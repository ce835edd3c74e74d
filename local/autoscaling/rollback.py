"""The activity that puts back each instance's image, and only that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.autoscaling.activity import RefreshActivity, RefreshInstance, split

if TYPE_CHECKING:
    from local.region import Region


def instances_to_roll_back(region: Region, origin: RefreshActivity) -> list[RefreshInstance]:
    """Give the instances that the origin has touched and that still exist."""
    group = region.groups[origin.auto_scaling_group_id]
    found = []
    for item in origin.instances():
        instance = region.member(group, item.instance_id)
        if instance is None or item.instance_status in ("WAITING", "CANCELLED", "NOT_FOUND"):
            continue
        found.append(RefreshInstance(item.instance_id, instance.image_id, item.from_image))
    return found


def build(
    region: Region,
    origin: RefreshActivity,
    settings: dict[str, Any],
    instances: list[RefreshInstance],
) -> RefreshActivity:
    """Make a rollback activity; it is not begun."""
    return RefreshActivity(
        refresh_activity_id=region.identifiers.new("asr"),
        auto_scaling_group_id=origin.auto_scaling_group_id,
        refresh_settings=settings,
        created_time=region.now(),
        batches=split(instances, settings["RollingUpdateSettings"]["BatchNumber"]),
        activity_type="ROLLBACK",
        origin_refresh_activity_id=origin.refresh_activity_id,
    )


def automatic(region: Region, origin: RefreshActivity) -> RefreshActivity | None:
    """Make the rollback of FailProcess AUTO_ROLLBACK, one instance a batch, if there is any."""
    instances = instances_to_roll_back(region, origin)
    if not instances:
        return None
    settings = {
        key: value
        for key, value in origin.refresh_settings.items()
        if key.startswith("CheckInstanceTargetHealth")
    }
    rolling = {
        "BatchNumber": len(instances),
        "BatchPause": "AUTOMATIC",
        "FailProcess": "AUTO_PAUSE",
    }
    return build(region, origin, {"RollingUpdateSettings": rolling, **settings}, instances)
