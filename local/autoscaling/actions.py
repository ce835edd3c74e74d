"""Auto Scaling's actions by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.autoscaling import capacity, describe, hooks, start, status, steer
from local.autoscaling.launch_configuration import modify_launch_configuration_attributes

if TYPE_CHECKING:
    from local.calls import Action

ACTIONS: dict[str, Action] = {
    "StartInstanceRefresh": start.start_instance_refresh,
    "RollbackInstanceRefresh": start.rollback_instance_refresh,
    "ResumeInstanceRefresh": steer.resume_instance_refresh,
    "StopInstanceRefresh": steer.stop_instance_refresh,
    "CancelInstanceRefresh": steer.cancel_instance_refresh,
    "ModifyLaunchConfigurationAttributes": modify_launch_configuration_attributes,
    "ModifyDesiredCapacity": capacity.modify_desired_capacity,
    "ModifyAutoScalingGroup": capacity.modify_auto_scaling_group,
    "ScaleOutInstances": capacity.scale_out_instances,
    "EnableAutoScalingGroup": status.enable_auto_scaling_group,
    "DisableAutoScalingGroup": status.disable_auto_scaling_group,
    "EnterStandby": status.enter_standby,
    "ExitStandby": status.exit_standby,
    "CreateLifecycleHook": hooks.create_lifecycle_hook,
    "DescribeLifecycleHooks": hooks.describe_lifecycle_hooks,
    "CompleteLifecycleAction": hooks.complete_lifecycle_action,
    "DescribeAutoScalingGroups": describe.describe_auto_scaling_groups,
    "DescribeAutoScalingInstances": describe.describe_auto_scaling_instances,
    "DescribeAutoScalingActivities": describe.describe_auto_scaling_activities,
    "DescribeLaunchConfigurations": describe.describe_launch_configurations,
    "DescribeRefreshActivities": describe.describe_refresh_activities,
}
