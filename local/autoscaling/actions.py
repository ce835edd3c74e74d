"""Auto Scaling's actions by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.autoscaling import describe, modify, start, steer

if TYPE_CHECKING:
    from local.cvm.actions import Action

ACTIONS: dict[str, Action] = {
    "StartInstanceRefresh": start.start_instance_refresh,
    "RollbackInstanceRefresh": start.rollback_instance_refresh,
    "ResumeInstanceRefresh": steer.resume_instance_refresh,
    "StopInstanceRefresh": steer.stop_instance_refresh,
    "CancelInstanceRefresh": steer.cancel_instance_refresh,
    "ModifyLaunchConfigurationAttributes": modify.modify_launch_configuration_attributes,
    "DescribeAutoScalingGroups": describe.describe_auto_scaling_groups,
    "DescribeAutoScalingInstances": describe.describe_auto_scaling_instances,
    "DescribeAutoScalingActivities": describe.describe_auto_scaling_activities,
    "DescribeLaunchConfigurations": describe.describe_launch_configurations,
    "DescribeRefreshActivities": describe.describe_refresh_activities,
}
