"""Scaling activities: what DescribeAutoScalingActivities tells of each step that a group takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.autoscaling.models import ScalingActivity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.autoscaling.activity import RefreshActivity
    from local.region import Region

# The API's list of activity types names none for a refresh's batches, nor for standby: none is
# told, so that nobody comes to rely on a word of the stand-in's own.
UNLISTED = ""


def begin(
    region: Region,
    group_id: str,
    kind: str,
    *,
    cause: str,
    description: str,
    ids: Iterable[str] = (),
) -> ScalingActivity:
    """Begin a step; the group is in activity until it ends."""
    made = ScalingActivity(
        activity_id=region.identifiers.new("asa"),
        auto_scaling_group_id=group_id,
        activity_type=kind,
        cause=cause,
        description=description,
        created_time=region.now(),
        start_time=region.now(),
        status_message="Running",
        instances=dict.fromkeys(ids, "RUNNING"),
    )
    region.scaling_activities[made.activity_id] = made
    region.groups[group_id].in_activity_status = "IN_ACTIVITY"
    return made


def begin_for_refresh(
    region: Region, activity: RefreshActivity, kind: str, description: str, ids: Iterable[str] = ()
) -> ScalingActivity:
    """Begin a step of a refresh."""
    cause = (
        f"Activity was launched in response to the instance refresh {activity.refresh_activity_id}."
    )
    group_id = activity.auto_scaling_group_id
    return begin(region, group_id, kind, cause=cause, description=description, ids=ids)


def end(region: Region, step: ScalingActivity) -> None:
    """End a step; its result follows from its instances and failures."""
    step.end_time = region.now()
    region.groups[step.auto_scaling_group_id].in_activity_status = "NOT_IN_ACTIVITY"
    well = "SUCCESSFUL" in step.instances.values()
    if not step.failures:
        step.status_code, step.status_message = "SUCCESSFUL", "Success"
        return
    step.status_code = "PARTIALLY_SUCCESSFUL" if well else "FAILED"
    step.status_message = "; ".join(
        f"{identifier} {code}: {message}".strip()
        for identifier, (code, message) in step.failures.items()
    )
