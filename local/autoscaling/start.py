"""StartInstanceRefresh and RollbackInstanceRefresh: every reason why one may not begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.autoscaling import errors, lookup, refresh, rollback
from local.autoscaling.activity import REPLACE, RESET, RefreshActivity, RefreshInstance, split
from local.cvm.actions import architecture_of
from local.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.autoscaling.models import Group, LaunchConfiguration
    from local.region import Region

_HEALTH_SECONDS = range(60, 7201)


def start_instance_refresh(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer StartInstanceRefresh."""
    group = lookup.group(region, params, lookup.NO_GROUP_TO_REFRESH)
    settings = params["RefreshSettings"]
    check_settings(settings)
    check_group(region, group)
    check_image(region, region.launch_configurations[group.launch_configuration_id])
    instances = [
        RefreshInstance(instance.instance_id, instance.image_id)
        for instance in region.instances_of(group)
        if instance.in_service and instance.instance_state == "RUNNING"
    ]
    if not instances:
        code = "ResourceUnavailable.NoInstanceCanRefresh"
        raise Refused(code, "The group has no running instance.")
    rolling = settings["RollingUpdateSettings"]
    check_batches(rolling["BatchNumber"], len(instances))
    batches = split(instances, rolling["BatchNumber"])
    if rolling.get("MaxSurge", 0) > len(batches[0].instances):
        code = "InvalidParameterValue.MaxSurgeTooLarge"
        raise Refused(code, "`MaxSurge` is larger than a batch.")
    activity = RefreshActivity(
        refresh_activity_id=region.identifiers.new("asr"),
        auto_scaling_group_id=group.auto_scaling_group_id,
        refresh_settings=settings,
        created_time=region.now(),
        batches=batches,
        refresh_mode=params.get("RefreshMode", RESET),
    )
    refresh.begin(region, activity)
    return {"RefreshActivityId": activity.refresh_activity_id}


def rollback_instance_refresh(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer RollbackInstanceRefresh: a paused origin ends, and its rollback begins."""
    lookup.group(region, params, lookup.NO_GROUP_TO_REFRESH)
    origin = lookup.activity(region, params, "OriginRefreshActivityId")
    settings = params["RefreshSettings"]
    check_settings(settings)
    if settings["RollingUpdateSettings"].get("MaxSurge"):
        raise Refused("InvalidParameter.InScenario", "A rollback takes no `MaxSurge`.")
    check_origin(region, origin)
    instances = rollback.instances_to_roll_back(region, origin)
    if not instances:
        code = "ResourceUnavailable.NoInstanceCanRollback"
        raise Refused(code, "The refresh has touched no instance that still exists.")
    check_batches(settings["RollingUpdateSettings"]["BatchNumber"], len(instances))
    if origin.paused:
        refresh.close(region, origin, "FAILED" if origin.status == "FAILED_PAUSE" else "CANCELLED")
    activity = rollback.build(region, origin, settings, instances)
    refresh.begin(region, activity)
    return {"RefreshActivityId": activity.refresh_activity_id}


def check_settings(settings: Mapping[str, Any]) -> None:
    """Check the ranges of RefreshSettings."""
    rolling = settings["RollingUpdateSettings"]
    if rolling["BatchNumber"] < 1:
        raise Refused("InvalidParameterValue.Range", "`BatchNumber` is not positive.")
    if rolling.get("MaxSurge", 0) < 0:
        raise Refused("InvalidParameterValue.Range", "`MaxSurge` is negative.")
    timeout = settings.get("CheckInstanceTargetHealthTimeout")
    if timeout is not None and timeout not in _HEALTH_SECONDS:
        code = "InvalidParameterValue.Range"
        raise Refused(code, "`CheckInstanceTargetHealthTimeout` is not between 60 and 7200.")


def check_group(region: Region, group: Group) -> None:
    """Check that the group is in a state to be refreshed."""
    if group.auto_scaling_group_status != "NORMAL":
        code = "ResourceUnavailable.AutoScalingGroupAbnormalStatus"
        raise Refused(code, f"The group is {group.auto_scaling_group_status}.")
    live = region.live_activity(group)
    if live is not None:
        raise errors.in_refresh(live.refresh_activity_id)
    if group.in_activity_status != "NOT_IN_ACTIVITY":
        raise errors.in_activity()


def check_image(region: Region, source: LaunchConfiguration) -> None:
    """Check that the launch configuration's image can be put on its instances."""
    image = region.images.get(region.image_of(source))
    problem = None
    if image is None:
        problem = f"the image {source.image_id} does not exist"
    elif not image.usable:
        problem = f"the image {image.image_id} is {image.image_state}"
    elif image.architecture != architecture_of(source.instance_types[0]):
        problem = f"the image {image.image_id} is of architecture {image.architecture}"
    elif image.image_size > source.system_disk["DiskSize"]:
        problem = f"the image {image.image_id} is larger than the system disk"
    if problem:
        code = "ResourceUnavailable.InquiryPriceResetInstanceFailed"
        raise Refused(code, f"Inquiring the price of resetting instances failed: {problem}.")


def check_batches(batches: int, instances: int) -> None:
    """Check that there is an instance for every batch."""
    if batches > instances:
        code = "InvalidParameterValue.BatchNumberTooLarge"
        raise Refused(code, f"`BatchNumber` is larger than the {instances} instances to refresh.")


def check_origin(region: Region, origin: RefreshActivity) -> None:
    """Check that an activity can be rolled back: it is paused, or the newest that succeeded."""
    if origin.activity_type == "ROLLBACK":
        code = "ResourceUnavailable.RollbackTypeActivityCanNotRollbackAgain"
        raise Refused(code, "A rollback can't be rolled back.")
    group = region.groups[origin.auto_scaling_group_id]
    activities = region.activities_of(group)
    newest = [a for a in activities if a.status == "SUCCESSFUL"][-1:]
    if origin.refresh_mode == REPLACE or not (origin.paused or newest == [origin]):
        code = "ResourceUnavailable.RefreshActivityCanNotRollback"
        raise Refused(code, f"The activity is {origin.status} and can't be rolled back.")
    if any(a.live and a is not origin for a in activities):
        raise Refused(errors.IN_REFRESH, "The group is in another refresh activity.")
