"""Resume, stop and cancel a refresh activity, where its status allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.autoscaling import lookup, refresh
from local.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.autoscaling.activity import RefreshActivity
    from local.region import Region


def resume_instance_refresh(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer ResumeInstanceRefresh."""
    activity = lookup.activity(region, params)
    if not activity.paused:
        raise _conflict(activity, "resumed")
    refresh.resume(region, activity, params.get("ResumeMode", "RETRY"))
    return {}


def stop_instance_refresh(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer StopInstanceRefresh: the running batch ends first, then the activity pauses."""
    activity = lookup.activity(region, params)
    if activity.status not in ("INIT", "RUNNING") or activity.surge == "REMOVING":
        raise _conflict(activity, "stopped")
    activity.stop_requested = True
    return {}


def cancel_instance_refresh(region: Region, params: Mapping[str, Any]) -> dict[str, Any]:
    """Answer CancelInstanceRefresh; a running batch must have ended."""
    activity = lookup.activity(region, params)
    if not activity.paused and activity.status != "INIT":
        raise _conflict(activity, "cancelled")
    refresh.cancel(region, activity)
    return {}


def _conflict(activity: RefreshActivity, done: str) -> Refused:
    code = "ResourceUnavailable.RefreshActivityStatusConflictWithOperation"
    return Refused(code, f"The activity is {activity.status} and can't be {done}.")
