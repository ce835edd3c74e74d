"""Lifecycle hooks: an instance waits in them until someone completes them, or until they time out.

All run where a group is scaled; those of type EXTENSION on StartInstanceRefresh, too
(CreateLifecycleHook's parameter LifecycleTransitionType). When they run in a reinstall is not
documented: here one of termination before it, and one of launch after it.
"""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from local.autoscaling import errors, lookup, rendering
from local.autoscaling.models import LifecycleAction, LifecycleHook
from local.identifiers import well_formed
from local.listing import Listing
from local.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from local.autoscaling.models import ScalingActivity
    from local.cvm.models import Instance
    from local.region import Region

LAUNCHING, TERMINATING = "INSTANCE_LAUNCHING", "INSTANCE_TERMINATING"
STATES = {LAUNCHING: "IN_LAUNCHING_HOOK", TERMINATING: "IN_TERMINATING_HOOK"}
_HEARTBEAT_SECONDS = range(30, 7201)
_ANOTHER = "ANOTHER_ACTION_ABANDON"

HOOKS = Listing[LifecycleHook](
    ids="LifecycleHookIds",
    prefix="ash",
    codes=errors.listing("InvalidLifecycleHookId"),
    filters={
        "lifecycle-hook-id": lambda item: [item.lifecycle_hook_id],
        "lifecycle-hook-name": lambda item: [item.lifecycle_hook_name],
        "auto-scaling-group-id": lambda item: [item.auto_scaling_group_id],
    },
)


def create_lifecycle_hook(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer CreateLifecycleHook."""
    group = lookup.group(region, params)
    name, heartbeat = params["LifecycleHookName"], params.get("HeartbeatTimeout", 300)
    if heartbeat not in _HEARTBEAT_SECONDS:
        code = "InvalidParameterValue.Range"
        raise Refused(code, "`HeartbeatTimeout` is not between 30 and 7200.")
    if "LifecycleCommand" in params and {"NotificationTarget", "NotificationMetadata"} & {*params}:
        raise errors.conflict("`LifecycleCommand` and notifications exclude each other.")
    if any(hook.lifecycle_hook_name == name for hook in _of(region, group.auto_scaling_group_id)):
        code = "InvalidParameterValue.LifecycleHookNameDuplicated"
        raise Refused(code, f"The group has a lifecycle hook `{name}` already.")
    made = LifecycleHook(
        lifecycle_hook_id=region.identifiers.new("ash"),
        auto_scaling_group_id=group.auto_scaling_group_id,
        lifecycle_hook_name=name,
        lifecycle_transition=params["LifecycleTransition"],
        created_time=region.now(),
        heartbeat_timeout=heartbeat,
        default_result=params.get("DefaultResult", "CONTINUE"),
        lifecycle_transition_type=params.get("LifecycleTransitionType", "NORMAL"),
        notification_metadata=params.get("NotificationMetadata", ""),
        notification_target=params.get("NotificationTarget"),
        lifecycle_command=params.get("LifecycleCommand"),
    )
    region.lifecycle_hooks[made.lifecycle_hook_id] = made
    return {"LifecycleHookId": made.lifecycle_hook_id}


def describe_lifecycle_hooks(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer DescribeLifecycleHooks."""
    found = HOOKS.find(region.lifecycle_hooks, params)
    page = [rendering.lifecycle_hook(item) for item in HOOKS.page(found, params)]
    return {"TotalCount": len(found), "LifecycleHookSet": page}


def complete_lifecycle_action(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer CompleteLifecycleAction: the instance is named by its id or by the action's token."""
    hook_id, result = params["LifecycleHookId"], params["LifecycleActionResult"]
    instance_id, token = params.get("InstanceId"), params.get("LifecycleActionToken")
    if not well_formed(hook_id, "ash"):
        code = "InvalidParameterValue.InvalidLifecycleHookId"
        raise Refused(code, f"`{hook_id}` is no lifecycle hook id.")
    if hook_id not in region.lifecycle_hooks:
        code = "ResourceNotFound.LifecycleHookNotFound"
        raise Refused(code, f"The lifecycle hook `{hook_id}` is not found.")
    if (instance_id is None) is (token is None):
        code = "InvalidParameter.MustOneParameter"
        raise Refused(code, "Either `InstanceId` or `LifecycleActionToken` must be given.")
    for action in reversed(region.lifecycle_actions):
        if action.hook.lifecycle_hook_id != hook_id:
            continue
        if token in (None, action.token) and instance_id in (None, action.instance_id):
            if action.result:
                code = "ResourceUnavailable.LifecycleActionResultHasSet"
                raise Refused(code, f"The result is {action.result} already.")
            action.complete(result, "CALL_INTERFACE")
            return {}
    code = "ResourceNotFound.LifecycleHook" + ("Instance" if token is None else "Token")
    raise Refused(f"{code}NotFound", "No instance waits in the hook.")


def wait(
    region: Region,
    instance: Instance,
    transition: str,
    step: ScalingActivity,
    then: Callable[[str], None],
    *,
    types: Collection[str] = ("EXTENSION",),
) -> None:
    """Let an instance wait in the hooks of these types; `then` gets which abandoned it."""
    found = [
        hook
        for hook in _of(region, instance.auto_scaling_group_id)
        if hook.lifecycle_transition == transition
        if hook.lifecycle_transition_type in types
    ]
    if not found:
        then("")
        return
    instance.life_cycle_state = STATES[transition]
    waiting: list[LifecycleAction] = []

    def completed(action: LifecycleAction) -> None:
        if action.reason == _ANOTHER:
            return  # who abandoned the instance goes on for all
        if action.result == "ABANDON":
            for other in waiting:
                other.complete("ABANDON", _ANOTHER)
            then(f"lifecycle hook {action.hook.lifecycle_hook_id}: {action.reason}")
        elif all(each.result for each in waiting):
            then("")

    for hook in found:
        action = LifecycleAction(hook, instance.instance_id, str(uuid.uuid4()), completed)
        waiting.append(action)
    step.lifecycle_actions += waiting
    region.lifecycle_actions += waiting
    for action in waiting:
        end = partial(action.complete, action.hook.default_result, "HEARTBEAT_TIMEOUT")
        region.timeline.after(action.hook.heartbeat_timeout, end)


def _of(region: Region, group_id: str) -> list[LifecycleHook]:
    return [h for h in region.lifecycle_hooks.values() if h.auto_scaling_group_id == group_id]
