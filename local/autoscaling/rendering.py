"""Auto Scaling's objects in the shape of its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.clock import iso

if TYPE_CHECKING:
    from local.autoscaling.activity import RefreshActivity, RefreshBatch, RefreshInstance
    from local.autoscaling.models import (
        Group,
        LaunchConfiguration,
        LifecycleAction,
        LifecycleHook,
        ScalingActivity,
    )
    from local.cvm.models import Instance
    from local.region import Region

_RESULTS = {"SUCCESSFUL": "Success", "PARTIALLY_SUCCESSFUL": "Partial", "FAILED": "Failed"}


def group(item: Group, region: Region) -> dict[str, Any]:
    """Render an `AutoScalingGroup`."""
    instances = region.instances_of(item)
    source = region.launch_configurations[item.launch_configuration_id]
    return {
        "AutoScalingGroupId": item.auto_scaling_group_id,
        "AutoScalingGroupName": item.auto_scaling_group_name,
        "AutoScalingGroupStatus": item.auto_scaling_group_status,
        "CreatedTime": iso(item.created_time),
        "DefaultCooldown": item.default_cooldown,
        "DesiredCapacity": item.desired_capacity,
        "EnabledStatus": item.enabled_status,
        "ForwardLoadBalancerSet": item.forward_load_balancer_set,
        "InstanceCount": len(instances),
        "InServiceInstanceCount": sum(instance.in_service for instance in instances),
        "LaunchConfigurationId": item.launch_configuration_id,
        "LaunchConfigurationName": source.launch_configuration_name,
        "LoadBalancerIdSet": item.load_balancer_id_set,
        "MaxSize": item.max_size,
        "MinSize": item.min_size,
        "ProjectId": item.project_id,
        "SubnetIdSet": item.subnet_id_set,
        "TerminationPolicySet": item.termination_policy_set,
        "VpcId": item.vpc_id,
        "ZoneSet": item.zone_set,
        "RetryPolicy": item.retry_policy,
        "InActivityStatus": item.in_activity_status,
        "Tags": tags(item.tags, "auto-scaling-group"),
        "ServiceSettings": item.service_settings,
        "Ipv6AddressCount": 0,
        "MultiZoneSubnetPolicy": item.multi_zone_subnet_policy,
        "HealthCheckType": item.health_check_type,
        "LoadBalancerHealthCheckGracePeriod": 0,
        "InstanceAllocationPolicy": item.instance_allocation_policy,
        "SpotMixedAllocationPolicy": {
            "BaseCapacity": None,
            "OnDemandPercentageAboveBaseCapacity": None,
            "SpotAllocationStrategy": None,
            "CompensateWithBaseInstance": None,
        },
        "CapacityRebalance": False,
        "InstanceNameIndexSettings": {"Enabled": False, "BeginIndex": 0, "IndexLength": 0},
        "HostNameIndexSettings": {"Enabled": False, "BeginIndex": 0, "IndexLength": 0},
        "ConcurrentScaleOutForDesiredCapacity": False,
    }


def launch_configuration(
    item: LaunchConfiguration, region: Region, groups: list[Group]
) -> dict[str, Any]:
    """Render a `LaunchConfiguration` and the groups that share it."""
    return {
        "ProjectId": item.project_id,
        "LaunchConfigurationId": item.launch_configuration_id,
        "LaunchConfigurationName": item.launch_configuration_name,
        "InstanceType": item.instance_types[0],
        "SystemDisk": item.system_disk,
        "DataDisks": item.data_disks,
        "LoginSettings": {"KeyIds": item.login_settings.get("KeyIds", [])},
        "InternetAccessible": {**_internet(), **item.internet_accessible},
        "SecurityGroupIds": item.security_group_ids,
        "AutoScalingGroupAbstractSet": [
            {
                "AutoScalingGroupId": each.auto_scaling_group_id,
                "AutoScalingGroupName": each.auto_scaling_group_name,
            }
            for each in groups
        ],
        "UserData": item.user_data,
        "CreatedTime": iso(item.created_time),
        "EnhancedService": {**_enhanced_service(), **item.enhanced_service},
        "ImageId": region.image_of(item),
        "LaunchConfigurationStatus": item.launch_configuration_status,
        "InstanceChargeType": item.instance_charge_type,
        "InstanceMarketOptions": item.instance_market_options,
        "InstanceTypes": item.instance_types,
        "InstanceTags": item.instance_tags,
        "Tags": tags(item.tags, "launch-configuration"),
        "VersionNumber": item.version_number,
        "UpdatedTime": iso(item.updated_time),
        "CamRoleName": item.cam_role_name,
        "LastOperationInstanceTypesCheckPolicy": item.instance_types_check_policy,
        "HostNameSettings": {**_names("HostName"), **item.host_name_settings},
        "InstanceNameSettings": {**_names("InstanceName"), **item.instance_name_settings},
        "InstanceChargePrepaid": item.instance_charge_prepaid,
        "DiskTypePolicy": item.disk_type_policy,
        "HpcClusterId": item.hpc_cluster_id,
        "IPv6InternetAccessible": {**_internet_ipv6(), **item.ipv6_internet_accessible},
        "DisasterRecoverGroupIds": item.disaster_recover_group_ids,
        "ImageFamily": item.image_family,
        "DedicatedClusterId": item.dedicated_cluster_id,
        "NetworkInterfaces": item.network_interfaces,
    }


def _internet_ipv6() -> dict[str, Any]:
    return {
        "InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR",
        "InternetMaxBandwidthOut": 0,
        "BandwidthPackageId": None,
    }


def _internet() -> dict[str, Any]:
    return {**_internet_ipv6(), "PublicIpAssigned": False}


def _enhanced_service() -> dict[str, Any]:
    services = ("SecurityService", "MonitorService", "AutomationToolsService")
    return {service: {"Enabled": True} for service in services}


def _names(kind: str) -> dict[str, Any]:
    return {kind: None, f"{kind}Style": None, f"{kind}Suffix": None}


def instance(item: Instance, region: Region) -> dict[str, Any]:
    """Render an `Instance` of Auto Scaling, which says nothing of its image."""
    source = region.launch_configurations.get(item.launch_configuration_id)
    its_group = region.groups[item.auto_scaling_group_id]
    return {
        "InstanceId": item.instance_id,
        "AutoScalingGroupId": item.auto_scaling_group_id,
        "AutoScalingGroupName": its_group.auto_scaling_group_name,
        "LaunchConfigurationId": item.launch_configuration_id,
        "LaunchConfigurationName": source.launch_configuration_name if source else "",
        "LifeCycleState": item.life_cycle_state,
        "HealthStatus": item.health_status,
        "ProtectedFromScaleIn": item.protected_from_scale_in,
        "Zone": item.zone,
        "CreationType": item.creation_type,
        "AddTime": iso(item.created_time),
        "InstanceType": item.instance_type,
        "VersionNumber": item.version_number,
        "WarmupStatus": item.warmup_status,
        "DisasterRecoverGroupIds": [],
    }


def refresh_activity(item: RefreshActivity) -> dict[str, Any]:
    """Render a `RefreshActivity`, its newest batch first."""
    return {
        "AutoScalingGroupId": item.auto_scaling_group_id,
        "RefreshActivityId": item.refresh_activity_id,
        "OriginRefreshActivityId": item.origin_refresh_activity_id,
        "RefreshBatchSet": [_batch(batch) for batch in reversed(item.batches)],
        "RefreshMode": item.refresh_mode,
        "RefreshSettings": item.refresh_settings,
        "ActivityType": item.activity_type,
        "Status": item.status,
        "CurrentRefreshBatchNum": item.current_refresh_batch_num,
        "StartTime": iso(item.start_time),
        "EndTime": iso(item.end_time),
        "CreatedTime": iso(item.created_time),
    }


def _batch(item: RefreshBatch) -> dict[str, Any]:
    return {
        "RefreshBatchNum": item.refresh_batch_num,
        "RefreshBatchStatus": item.refresh_batch_status,
        "RefreshBatchRelatedInstanceSet": [_batch_instance(each) for each in item.instances],
        "StartTime": iso(item.start_time),
        "EndTime": iso(item.end_time),
    }


def _batch_instance(item: RefreshInstance) -> dict[str, Any]:
    return {
        "InstanceId": item.instance_id,
        "InstanceStatus": item.instance_status,
        "LastActivityId": item.last_activity_id,
        "InstanceStatusMessage": item.instance_status_message,
    }


def scaling_activity(item: ScalingActivity, region: Region) -> dict[str, Any]:
    """Render an `Activity`."""
    related = [
        {"InstanceId": identifier, "InstanceStatus": status}
        for identifier, status in item.instances.items()
    ]
    return {
        "AutoScalingGroupId": item.auto_scaling_group_id,
        "ActivityId": item.activity_id,
        "ActivityType": item.activity_type,
        "StatusCode": item.status_code,
        "StatusMessage": item.status_message,
        "StatusMessageSimplified": _RESULTS.get(item.status_code, ""),
        "Cause": item.cause,
        "Description": item.description,
        "StartTime": iso(item.start_time),
        "EndTime": iso(item.end_time),
        "CreatedTime": iso(item.created_time),
        "ActivityRelatedInstanceSet": related,
        "RelatedInstanceSet": related,
        "LifecycleActionResultSet": [
            _action_result(each) for each in item.lifecycle_actions if each.result
        ],
        "DetailedStatusMessageSet": [
            _detail(identifier, code, message, region)
            for identifier, (code, message) in item.failures.items()
        ],
        "InvocationResultSet": [],
    }


def _detail(identifier: str, code: str, message: str, region: Region) -> dict[str, Any]:
    machine = region.instances.get(identifier)
    return {
        "Code": code,
        "Zone": machine.zone if machine else "",
        "InstanceId": identifier,
        "InstanceChargeType": machine.instance_charge_type if machine else "",
        "SubnetId": machine.subnet_id if machine else "",
        "Message": message,
        "InstanceType": machine.instance_type if machine else "",
    }


def _action_result(item: LifecycleAction) -> dict[str, Any]:
    return {
        "LifecycleHookId": item.hook.lifecycle_hook_id,
        "InstanceId": item.instance_id,
        "InvocationId": "",
        "InvokeCommandResult": "SUCCESSFUL" if item.hook.lifecycle_command else "NONE",
        "NotificationResult": "SUCCESSFUL" if item.hook.notification_target else "NONE",
        "LifecycleActionResult": item.result,
        "ResultReason": item.reason,
    }


def lifecycle_hook(item: LifecycleHook) -> dict[str, Any]:
    """Render a `LifecycleHook`."""
    return {
        "LifecycleHookId": item.lifecycle_hook_id,
        "LifecycleHookName": item.lifecycle_hook_name,
        "AutoScalingGroupId": item.auto_scaling_group_id,
        "DefaultResult": item.default_result,
        "HeartbeatTimeout": item.heartbeat_timeout,
        "LifecycleTransition": item.lifecycle_transition,
        "NotificationMetadata": item.notification_metadata,
        "CreatedTime": iso(item.created_time),
        "NotificationTarget": item.notification_target,
        "LifecycleTransitionType": item.lifecycle_transition_type,
        "LifecycleCommand": item.lifecycle_command,
    }


def tags(pairs: dict[str, str], resource: str) -> list[dict[str, str]]:
    """Render tags, with the kind of resource that they are on."""
    return [{"Key": k, "Value": v, "ResourceType": resource} for k, v in pairs.items()]
