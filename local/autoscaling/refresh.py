"""The life of a refresh activity: from INIT, batch by batch, through pauses, to its end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from local.autoscaling import rollback, surge
from local.autoscaling.activity import REPLACE
from local.autoscaling.batch import BatchRun
from local.autoscaling.capacity import match_desired

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.autoscaling.activity import RefreshActivity, RefreshBatch, RefreshInstance
    from local.region import Region


def begin(region: Region, activity: RefreshActivity) -> None:
    """Begin an activity: its group is disabled until it ends."""
    region.activities[activity.refresh_activity_id] = activity
    group = region.groups[activity.auto_scaling_group_id]
    activity.enabled_before, group.enabled_status = group.enabled_status, "DISABLED"
    region.timeline.after(region.timing.init_seconds, partial(_initialised, region, activity))


def _initialised(region: Region, activity: RefreshActivity) -> None:
    if activity.status != "INIT":
        return
    activity.status, activity.start_time = "RUNNING", region.now()
    if activity.stop_requested:
        _pause(activity, "MANUAL_PAUSE")
    else:
        _proceed(region, activity)


def _pause(activity: RefreshActivity, status: str) -> None:
    """Pause until someone resumes, cancels or rolls back; no timer ends it."""
    activity.status, activity.stop_requested = status, False


def _proceed(region: Region, activity: RefreshActivity) -> None:
    """Go on with what comes next: the extra instances, a batch, or the end."""
    activity.status = "RUNNING"
    batch = activity.next_batch()
    if activity.max_surge and activity.surge in ("NONE", "FAILED") and batch is not None:
        surge.launch(region, activity, partial(_surged, region, activity))
    elif batch is not None:
        _run(region, activity, batch, batch.instances)
    elif activity.surge == "READY":
        surge.remove(region, activity, partial(close, region, activity, "SUCCESSFUL"))
    else:
        close(region, activity, "SUCCESSFUL")


def _surged(region: Region, activity: RefreshActivity) -> None:
    if activity.surge == "READY" and activity.stop_requested:
        _pause(activity, "MANUAL_PAUSE")
    elif activity.surge == "READY":
        _proceed(region, activity)
    elif activity.fail_process == "AUTO_PAUSE":
        _pause(activity, "FAILED_PAUSE")
    else:
        # Nothing was reinstalled yet, so a rollback would have nothing to do.
        cancel(region, activity)


def _run(
    region: Region,
    activity: RefreshActivity,
    batch: RefreshBatch,
    instances: Sequence[RefreshInstance],
) -> None:
    ended = partial(_batch_ended, region, activity)
    BatchRun(region, activity, batch, instances, ended).begin()


def _batch_ended(
    region: Region, activity: RefreshActivity, batch: RefreshBatch, failed: bool
) -> None:
    if failed:
        _failed(region, activity)
        return
    if activity.next_batch() is not None:
        if activity.stop_requested:
            _pause(activity, "MANUAL_PAUSE")
            return
        first = activity.batch_pause == "FIRST_BATCH_PAUSE" and batch.refresh_batch_num == 1
        if first or activity.batch_pause == "BATCH_INTERVAL_PAUSE":
            _pause(activity, "AUTO_PAUSE")
            return
    _proceed(region, activity)


def _failed(region: Region, activity: RefreshActivity) -> None:
    """Do as FailProcess says; what can't be rolled back is cancelled, or waits for someone."""
    process = activity.fail_process
    if process == "AUTO_ROLLBACK" and activity.activity_type == "ROLLBACK":
        process = "AUTO_PAUSE"
    if process == "AUTO_ROLLBACK" and activity.refresh_mode == REPLACE:
        process = "AUTO_CANCEL"
    if process == "AUTO_PAUSE":
        _pause(activity, "FAILED_PAUSE")
    elif process == "AUTO_CANCEL":
        cancel(region, activity)
    else:
        close(region, activity, "FAILED")
        back = rollback.automatic(region, activity)
        if back is not None:
            begin(region, back)


def resume(region: Region, activity: RefreshActivity, mode: str) -> None:
    """Resume a paused activity; its failed instances are tried again or passed over."""
    batch = activity.current_batch()
    failed = [] if batch is None else [i for i in batch.instances if i.instance_status == "FAILED"]
    if batch is not None and failed and activity.status == "FAILED_PAUSE" and mode == "RETRY":
        _run(region, activity, batch, failed)
    else:
        _proceed(region, activity)


def cancel(region: Region, activity: RefreshActivity) -> None:
    """Cancel what has not begun; failed instances stay in standby."""
    close(region, activity, "CANCELLED")


def close(region: Region, activity: RefreshActivity, status: str) -> None:
    """End an activity: waiting instances are cancelled, the group is what it was before."""
    for batch in activity.batches:
        if batch.refresh_batch_status == "WAITING":
            batch.refresh_batch_status = "CANCELLED"
            for item in batch.instances:
                item.instance_status = "CANCELLED"
    surge.destroy(region, activity)
    activity.status, activity.end_time, activity.stop_requested = status, region.now(), False
    group = region.groups[activity.auto_scaling_group_id]
    group.enabled_status, group.in_activity_status = activity.enabled_before, "NOT_IN_ACTIVITY"
    # Not before a rollback that follows this has disabled the group again.
    region.timeline.after(0, partial(match_desired, region, group))
