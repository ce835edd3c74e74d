"""Auto Scaling's objects in the shape of its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.clock import iso

if TYPE_CHECKING:
    from local.autoscaling.models import Group, LaunchConfiguration, LifecycleHook
    from local.cvm.models import Instance
    from local.region import Region


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
        **_as_created(),
    }


def _as_created() -> dict[str, Any]:
    """Give what a group has for which nothing was chosen."""
    indexes = {"Enabled": False, "BeginIndex": 0, "IndexLength": 0}
    return {
        "SpotMixedAllocationPolicy": {
            "BaseCapacity": None,
            "OnDemandPercentageAboveBaseCapacity": None,
            "SpotAllocationStrategy": None,
            "CompensateWithBaseInstance": None,
        },
        "CapacityRebalance": False,
        "InstanceNameIndexSettings": {**indexes},
        "HostNameIndexSettings": {**indexes},
        "ConcurrentScaleOutForDesiredCapacity": False,
    }


def _abstract(item: Group) -> dict[str, Any]:
    return {
        "AutoScalingGroupId": item.auto_scaling_group_id,
        "AutoScalingGroupName": item.auto_scaling_group_name,
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
        "AutoScalingGroupAbstractSet": list(map(_abstract, groups)),
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
