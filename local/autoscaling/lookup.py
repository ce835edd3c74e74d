"""The resources that a call names, or the error that says which there is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.identifiers import well_formed
from local.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.autoscaling.activity import RefreshActivity
    from local.autoscaling.models import Group, LaunchConfiguration
    from local.region import Region


# Actions of refreshes and those of groups document two codes for the same.
NO_GROUP_TO_REFRESH = "ResourceNotFound.AutoScalingGroupIdNotFound"
NO_GROUP = "ResourceNotFound.AutoScalingGroupNotFound"


def group(region: Region, params: Mapping[str, Any], code: str = NO_GROUP) -> Group:
    """Find the group of `AutoScalingGroupId`; `code` is that of an id of none."""
    identifier = params["AutoScalingGroupId"]
    _check_group_id(identifier)
    if identifier not in region.groups:
        raise Refused(code, f"The auto scaling group `{identifier}` is not found.")
    return region.groups[identifier]


def _check_group_id(identifier: str) -> None:
    if not well_formed(identifier, "asg"):
        code = "InvalidParameterValue.InvalidAutoScalingGroupId"
        raise Refused(code, f"`{identifier}` is no auto scaling group id.")


def activity(
    region: Region, params: Mapping[str, Any], key: str = "RefreshActivityId"
) -> RefreshActivity:
    """Find the refresh activity of the named group; a group that there is not has none."""
    _check_group_id(params["AutoScalingGroupId"])
    found = region.activities.get(params[key])
    if found is None or found.auto_scaling_group_id != params["AutoScalingGroupId"]:
        code = "ResourceNotFound.RefreshActivityNotFound"
        raise Refused(code, f"The refresh activity `{params[key]}` is not found.")
    return found


def launch_configuration(region: Region, params: Mapping[str, Any]) -> LaunchConfiguration:
    """Find the launch configuration of `LaunchConfigurationId`."""
    identifier = params["LaunchConfigurationId"]
    if not well_formed(identifier, "asc"):
        code = "InvalidParameterValue.InvalidLaunchConfigurationId"
        raise Refused(code, f"`{identifier}` is no launch configuration id.")
    if identifier not in region.launch_configurations:
        code = "ResourceNotFound.LaunchConfigurationIdNotFound"
        raise Refused(code, f"The launch configuration `{identifier}` is not found.")
    return region.launch_configurations[identifier]
