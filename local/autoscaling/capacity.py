"""How many instances a group has: ModifyDesiredCapacity, ModifyAutoScalingGroup, ScaleOutInstances.

A group that is disabled, and so one that is refreshed, is brought to its desired capacity when it
is enabled again.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from local.autoscaling import errors, hooks, lookup, scaling
from local.autoscaling.reinstall import cannot_install
from local.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.autoscaling.models import Group, ScalingActivity
    from local.cvm.models import Instance
    from local.region import Region

_MOST = 2000
_HOOKS = ("NORMAL", "EXTENSION")

# Parameter of ModifyAutoScalingGroup -> field that it replaces.
FIELDS = {
    "AutoScalingGroupName": "auto_scaling_group_name",
    "DefaultCooldown": "default_cooldown",
    "LaunchConfigurationId": "launch_configuration_id",
    "ProjectId": "project_id",
    "SubnetIds": "subnet_id_set",
    "TerminationPolicies": "termination_policy_set",
    "VpcId": "vpc_id",
    "Zones": "zone_set",
    "RetryPolicy": "retry_policy",
    "MultiZoneSubnetPolicy": "multi_zone_subnet_policy",
    "HealthCheckType": "health_check_type",
    "InstanceAllocationPolicy": "instance_allocation_policy",
}


def modify_desired_capacity(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer ModifyDesiredCapacity."""
    group = lookup.group(region, params)
    if group.enabled_status == "DISABLED":
        code = "ResourceUnavailable.AutoScalingGroupDisabled"
        raise Refused(code, "The group is disabled.")
    _set_sizes(group, params)
    match_desired(region, group)
    return {}


def modify_auto_scaling_group(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer ModifyAutoScalingGroup."""
    group = lookup.group(region, params)
    source = params.get("LaunchConfigurationId", group.launch_configuration_id)
    if source not in region.launch_configurations:
        code = "InvalidParameterValue.LaunchConfigurationNotFound"
        raise Refused(code, f"The launch configuration `{source}` is not found.")
    _set_sizes(group, params)
    for parameter, field in FIELDS.items():
        if parameter in params:
            setattr(group, field, params[parameter])
    group.service_settings = {**group.service_settings, **params.get("ServiceSettings", {})}
    match_desired(region, group)
    return {}


def scale_out_instances(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer ScaleOutInstances, which a disabled group carries out, too.

    The desired capacity rises by the instances that come to be.
    """
    group = lookup.group(region, params)
    if group.in_activity_status == "IN_ACTIVITY":
        raise errors.in_activity()
    number = params["ScaleOutNumber"]
    if number < 1:
        raise Refused("InvalidParameterValue.Range", "`ScaleOutNumber` is not positive.")
    if number > group.max_size - group.desired_capacity:
        code = "ResourceInsufficient.AutoScalingGroupAboveMaxSize"
        raise Refused(code, f"The group would have more than {group.max_size} instances.")
    return {"ActivityId": _launch(region, group, number, more=number).activity_id}


def _set_sizes(group: Group, params: Mapping[str, Any]) -> None:
    least = params.get("MinSize", group.min_size)
    most = params.get("MaxSize", group.max_size)
    desired = params.get("DesiredCapacity", group.desired_capacity)
    if most > _MOST:
        raise Refused("InvalidParameterValue.Range", f"`MaxSize` is larger than {_MOST}.")
    if not least <= desired <= most:
        message = "`DesiredCapacity` is not between `MinSize` and `MaxSize`."
        raise Refused("InvalidParameterValue.Size", message)
    group.unmatched = group.unmatched or desired != group.desired_capacity
    group.min_size, group.max_size, group.desired_capacity = least, most, desired


def match_desired(region: Region, group: Group) -> None:
    """Launch or terminate what a changed desired capacity asks for, once nothing is in its way."""
    idle = group.enabled_status == "ENABLED" and group.in_activity_status == "NOT_IN_ACTIVITY"
    if not (group.unmatched and idle):
        return
    group.unmatched = False
    number = group.desired_capacity - len([i for i in region.instances_of(group) if not i.standby])
    if number > 0:
        _launch(region, group, number)
    elif number < 0:
        _terminate(region, group, -number)


def _launch(region: Region, group: Group, number: int, more: int = 0) -> ScalingActivity:
    step = scaling.begin(
        region,
        group.auto_scaling_group_id,
        "SCALE_OUT",
        cause="Activity was launched in response to a difference between desired capacity and"
        " actual capacity.",
        description=f"Scale out {number} instance(s).",
    )
    launched = partial(_launched, region, group, number, more, step)
    region.timeline.after(region.timing.launch_seconds, launched)
    return step


def _launched(region: Region, group: Group, number: int, more: int, step: ScalingActivity) -> None:
    image = region.image_to_install(group)
    failure = cannot_install(region, "", image)
    if failure is not None:
        step.failures[""] = failure
        _end(region, group, step)
        return
    made = [region.add_instance(group, image) for _ in range(number)]
    step.instances |= {instance.instance_id: "RUNNING" for instance in made}
    for instance in made:
        entered = partial(_entered, region, group, step, instance, is_more=more > 0)
        hooks.wait(region, instance, hooks.LAUNCHING, step, entered, types=_HOOKS)


def _entered(
    region: Region,
    group: Group,
    step: ScalingActivity,
    instance: Instance,
    abandoned: str,
    *,
    is_more: bool,
) -> None:
    """Take an instance into service; one that a hook abandons is destroyed."""
    name = instance.instance_id
    if abandoned:
        step.instances[name] = "FAILED"
        step.failures[name] = ("LifecycleActionAbandoned", f"It was abandoned by {abandoned}.")
        _destroy(region, name)
    else:
        instance.enter_service()
        step.instances[name] = "SUCCESSFUL"
        group.desired_capacity += is_more
    _end(region, group, step)


def _end(region: Region, group: Group, step: ScalingActivity) -> None:
    if "RUNNING" in step.instances.values():
        return
    scaling.end(region, step)
    match_desired(region, group)


def _terminate(region: Region, group: Group, number: int) -> None:
    instances = [i for i in region.instances_of(group) if not i.protected_from_scale_in]
    instances.sort(key=lambda instance: instance.created_time)
    if group.termination_policy_set == ["NEWEST_INSTANCE"]:
        instances.reverse()
    leaving = [instance.instance_id for instance in instances if not instance.standby][:number]
    step = scaling.begin(
        region,
        group.auto_scaling_group_id,
        "SCALE_IN",
        cause="Activity was launched in response to a difference between desired capacity and"
        " actual capacity.",
        description=f"Scale in {number} instance(s).",
        ids=leaving,
    )
    for name in leaving:
        leave = partial(_leave, region, group, step, region.instances[name])
        hooks.wait(region, region.instances[name], hooks.TERMINATING, step, leave, types=_HOOKS)


def _leave(region: Region, group: Group, step: ScalingActivity, instance: Instance, _: str) -> None:
    """Terminate an instance; one that a hook abandons is terminated, too."""
    instance.life_cycle_state = "TERMINATING"
    terminated = partial(_terminated, region, group, step, instance.instance_id)
    region.timeline.after(region.timing.terminate_seconds, terminated)


def _terminated(region: Region, group: Group, step: ScalingActivity, name: str) -> None:
    _destroy(region, name)
    step.instances[name] = "SUCCESSFUL"
    _end(region, group, step)


def _destroy(region: Region, name: str) -> None:
    if name in region.instances:
        region.remove_instance(name)
