"""One run of a batch: all its instances, or once more those that failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.autoscaling import scaling
from local.autoscaling.reinstall import InstanceRefresh

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local.autoscaling.activity import RefreshActivity, RefreshBatch, RefreshInstance
    from local.autoscaling.reinstall import Failure
    from local.region import Region


@dataclass
class BatchRun:
    """A run; `ended` is told whether any of the batch's instances has failed."""

    region: Region
    activity: RefreshActivity
    batch: RefreshBatch
    instances: Sequence[RefreshInstance]
    ended: Callable[[RefreshBatch, bool], None]

    def begin(self) -> None:
        """Begin the run; its instances are refreshed side by side."""
        batch = self.batch
        self.activity.status = "RUNNING"
        self.activity.current_refresh_batch_num = batch.refresh_batch_num
        batch.refresh_batch_status, batch.end_time = "INIT", None
        batch.start_time = batch.start_time or self.region.now()
        self.step = scaling.begin_for_refresh(
            self.region,
            self.activity,
            scaling.UNLISTED,
            f"Refresh {len(self.instances)} instance(s) in batch {batch.refresh_batch_num}.",
            [item.instance_id for item in self.instances],
        )
        for item in self.instances:
            item.instance_status, item.instance_status_message = "INIT", ""
            item.last_activity_id = self.step.activity_id
        self.region.timeline.after(self.region.timing.batch_init_seconds, self._run)

    def _run(self) -> None:
        self.batch.refresh_batch_status = "RUNNING"
        for item in self.instances:
            InstanceRefresh(self.region, self.activity, item, self._instance_ended).begin()
        self._end_if_done()

    def _instance_ended(self, item: RefreshInstance, failure: Failure | None) -> None:
        if failure is not None:
            self.step.failures[item.instance_id] = failure
        self._end_if_done()

    def _end_if_done(self) -> None:
        for item in self.instances:
            self.step.instances[item.instance_id] = item.instance_status
        statuses = [item.instance_status for item in self.batch.instances]
        if "INIT" in statuses or "RUNNING" in statuses:
            return
        failed = "FAILED" in statuses
        mixed = failed and "SUCCESSFUL" in statuses
        bad = "PARTIALLY_SUCCESSFUL" if mixed else "FAILED"
        self.batch.refresh_batch_status = bad if failed else "SUCCESSFUL"
        self.batch.end_time = self.region.now()
        scaling.end(self.region, self.step)
        self.ended(self.batch, failed)
