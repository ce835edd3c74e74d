"""Refresh activities and scaling activities in the shape of Auto Scaling's API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.clock import iso

if TYPE_CHECKING:
    from local.autoscaling.activity import RefreshActivity, RefreshBatch, RefreshInstance
    from local.autoscaling.models import LifecycleAction, ScalingActivity
    from local.region import Region

_RESULTS = {"SUCCESSFUL": "Success", "PARTIALLY_SUCCESSFUL": "Partial", "FAILED": "Failed"}


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
