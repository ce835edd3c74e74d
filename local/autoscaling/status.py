"""Enable and disable a group, and move its instances into standby and out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.autoscaling import lookup, scaling
from local.autoscaling.capacity import match_desired
from local.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.autoscaling.models import Group
    from local.cvm.models import Instance
    from local.region import Region


def enable_auto_scaling_group(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer EnableAutoScalingGroup."""
    return _set_enabled(region, params, "ENABLED")


def disable_auto_scaling_group(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer DisableAutoScalingGroup."""
    return _set_enabled(region, params, "DISABLED")


def _set_enabled(region: Region, params: Mapping[str, Any], status: str) -> dict[str, Any]:
    """Set a group's status; a refresh keeps its group disabled, so there it is for afterwards."""
    group = lookup.group(region, params)
    live = region.live_activity(group)
    if live is not None:
        live.enabled_before = status
        return {}
    group.enabled_status = status
    match_desired(region, group)
    return {}


def enter_standby(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer EnterStandby: the desired capacity falls, but not below the least."""
    group, instances = _named(region, params)
    if not all(instance.in_service for instance in instances):
        code = "ResourceUnavailable.InstanceInOperation"
        raise Refused(code, "An instance is not in service.")
    for instance in instances:
        instance.enter_standby(group.standby_state)
    group.desired_capacity = max(group.min_size, group.desired_capacity - len(instances))
    return _done(region, group, instances, "Enter standby")


def exit_standby(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer ExitStandby: the desired capacity rises, but not above the most."""
    group, instances = _named(region, params)
    if not all(instance.standby for instance in instances):
        code = "ResourceUnavailable.InstanceInOperation"
        raise Refused(code, "An instance is not in standby.")
    for instance in instances:
        instance.enter_service()
    group.desired_capacity = min(group.max_size, group.desired_capacity + len(instances))
    return _done(region, group, instances, "Exit standby")


def _named(region: Region, params: Mapping[str, Any]) -> tuple[Group, list[Instance]]:
    group = lookup.group(region, params)
    found = [region.member(group, identifier) for identifier in params["InstanceIds"]]
    instances = [instance for instance in found if instance is not None]
    if len(instances) < len(found):
        code = "ResourceNotFound.InstancesNotInAutoScalingGroup"
        raise Refused(code, "An instance is none of the group's.")
    return group, instances


def _done(region: Region, group: Group, instances: list[Instance], what: str) -> dict[str, Any]:
    ids = [instance.instance_id for instance in instances]
    before = group.in_activity_status
    step = scaling.begin(
        region,
        group.auto_scaling_group_id,
        scaling.UNLISTED,
        cause=f"Activity was launched in response to a call: {what.lower()}.",
        description=f"{what} of {len(ids)} instance(s).",
        ids=ids,
    )
    step.instances = dict.fromkeys(ids, "SUCCESSFUL")
    scaling.end(region, step)
    group.in_activity_status = before
    return {"ActivityId": step.activity_id}
