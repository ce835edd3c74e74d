"""The describe actions of Auto Scaling. Ids of nothing are left out, not refused."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from local.autoscaling import errors, rendering, rendering_activities
from local.autoscaling.activity import RefreshActivity
from local.autoscaling.models import Group, LaunchConfiguration, ScalingActivity
from local.clock import iso
from local.cvm.models import Instance
from local.listing import Listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local.region import Order, Region


GROUPS = Listing[Group](
    ids="AutoScalingGroupIds",
    prefix="asg",
    codes=errors.listing("InvalidAutoScalingGroupId"),
    filters={
        "auto-scaling-group-id": lambda item: [item.auto_scaling_group_id],
        "auto-scaling-group-name": lambda item: [item.auto_scaling_group_name],
        "vague-auto-scaling-group-name": lambda item: [item.auto_scaling_group_name],
        "launch-configuration-id": lambda item: [item.launch_configuration_id],
    },
    tags=lambda item: item.tags,
    vague=["vague-auto-scaling-group-name"],
)

LAUNCH_CONFIGURATIONS = Listing[LaunchConfiguration](
    ids="LaunchConfigurationIds",
    prefix="asc",
    codes=errors.listing("InvalidLaunchConfigurationId"),
    filters={
        "launch-configuration-id": lambda item: [item.launch_configuration_id],
        "launch-configuration-name": lambda item: [item.launch_configuration_name],
        "vague-launch-configuration-name": lambda item: [item.launch_configuration_name],
    },
    tags=lambda item: item.tags,
    vague=["vague-launch-configuration-name"],
)

INSTANCES = Listing[Instance](
    ids="InstanceIds",
    prefix="ins",
    codes=errors.listing("InvalidInstanceId"),
    filters={
        "instance-id": lambda item: [item.instance_id],
        "auto-scaling-group-id": lambda item: [item.auto_scaling_group_id],
        "private-ip-address": lambda item: [item.private_ip_address],
    },
)

REFRESH_ACTIVITIES = Listing[RefreshActivity](
    ids="RefreshActivityIds",
    prefix="asr",
    codes=errors.listing("InvalidActivityId"),
    filters={
        "auto-scaling-group-id": lambda item: [item.auto_scaling_group_id],
        "refresh-activity-status-code": lambda item: [item.status],
        "refresh-activity-type": lambda item: [item.activity_type],
        "refresh-activity-id": lambda item: [item.refresh_activity_id],
    },
)

SCALING_ACTIVITIES = Listing[ScalingActivity](
    ids="ActivityIds",
    prefix="asa",
    codes=errors.listing("InvalidActivityId"),
    filters={
        "auto-scaling-group-id": lambda item: [item.auto_scaling_group_id],
        "activity-status-code": lambda item: [item.status_code],
        "activity-type": lambda item: [item.activity_type],
        "activity-id": lambda item: [item.activity_id],
    },
)


def describe_auto_scaling_groups(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer DescribeAutoScalingGroups."""
    found = GROUPS.find(region.groups, params)
    page = [rendering.group(item, region) for item in GROUPS.page(found, params)]
    return {"TotalCount": len(found), "AutoScalingGroupSet": page}


def describe_launch_configurations(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer DescribeLaunchConfigurations."""
    found = LAUNCH_CONFIGURATIONS.find(region.launch_configurations, params)
    sharing: defaultdict[str, list[Group]] = defaultdict(list)
    for group in region.groups.values():
        sharing[group.launch_configuration_id].append(group)
    page = [
        rendering.launch_configuration(item, region, sharing[item.launch_configuration_id])
        for item in LAUNCH_CONFIGURATIONS.page(found, params)
    ]
    return {"TotalCount": len(found), "LaunchConfigurationSet": page}


def describe_auto_scaling_instances(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer DescribeAutoScalingInstances: instances that belong to a group."""
    ids = INSTANCES.ids_asked(params)
    if ids is None:
        found = INSTANCES.select(_candidates(region, params), params)
    else:
        found = [region.instances[item] for item in ids if item in region.instances]
    found = [item for item in found if item.auto_scaling_group_id in region.groups]
    page = [rendering.instance(item, region) for item in INSTANCES.page(found, params)]
    return {"TotalCount": len(found), "AutoScalingInstanceSet": page}


def _candidates(region: Region, params: Mapping[str, Any]) -> Iterable[Instance]:
    """Give the instances of the groups asked for, so that not all need be looked through."""
    for each in params.get("Filters", []):
        if each["Name"] == "auto-scaling-group-id":
            groups = (region.groups.get(identifier) for identifier in dict.fromkeys(each["Values"]))
            return [i for group in groups if group for i in region.instances_of(group)]
    return region.instances.values()


def describe_refresh_activities(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer DescribeRefreshActivities, in the order that the region is set to."""
    found = REFRESH_ACTIVITIES.find(region.activities, params)
    if not params.get("RefreshActivityIds"):
        found = _in_order(found, region.activities_listed)
    page = [
        rendering_activities.refresh_activity(item)
        for item in REFRESH_ACTIVITIES.page(found, params)
    ]
    return {"TotalCount": len(found), "RefreshActivitySet": page}


def _in_order(activities: list[RefreshActivity], order: Order) -> list[RefreshActivity]:
    if order == "unordered":  # ids are random
        return sorted(activities, key=lambda activity: activity.refresh_activity_id)
    return activities if order == "oldest first" else activities[::-1]


def describe_auto_scaling_activities(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer DescribeAutoScalingActivities, the newest first; ids outweigh the times."""
    found = SCALING_ACTIVITIES.find(region.scaling_activities, params)
    if not params.get("ActivityIds"):
        first, last = params.get("StartTime", ""), params.get("EndTime")
        found = [item for item in found if first <= (iso(item.start_time) or "")]
        if last is not None:
            found = [item for item in found if item.end_time and (iso(item.end_time) or "") <= last]
        found.reverse()
    page = SCALING_ACTIVITIES.page(found, params)
    activities = [rendering_activities.scaling_activity(item, region) for item in page]
    return {"TotalCount": len(found), "ActivitySet": activities}
