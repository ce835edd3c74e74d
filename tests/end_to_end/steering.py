"""Requests that steer, each with the state of a group in which it does something, and its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.end_to_end.harness import BEFORE, LATER

if TYPE_CHECKING:
    from tests.end_to_end.harness import World

OLD, NEW = "img-00000001", "img-00000002"
GROUP = "asg-web00001"
HOLD = "instance-refresh:hold"
STOP, RESUME = "StopInstanceRefresh", "ResumeInstanceRefresh"
ROLLBACK, CANCEL = "RollbackInstanceRefresh", "CancelInstanceRefresh"
ACTIONS = (STOP, RESUME, ROLLBACK, CANCEL, "Hold", "Release")
# The outcome of each.
DONE = {
    STOP: "stopped", RESUME: "resumed", ROLLBACK: "rolled_back", CANCEL: "cancelled",
    "Hold": "held", "Release": "released",
}  # fmt: skip


def prepare(it: World, action: str) -> None:
    """Have a refresh of three batches of two wait after its first; one that is to stop runs."""
    it.region.add_image(OLD, family="web", created=BEFORE)
    it.region.add_image(NEW, family="web", created=LATER)
    tags = {HOLD: "freeze"} if action == "Release" else {}
    it.region.add_group(GROUP, image=OLD, instances=6, tags=tags)
    pause = "AUTOMATIC" if action == STOP else "BATCH_INTERVAL_PAUSE"
    rolling = {"BatchNumber": 3, "BatchPause": pause}
    it.post(
        AutoScalingGroupId=GROUP, ImageId=NEW, RefreshSettings={"RollingUpdateSettings": rolling}
    )
    if action == STOP:
        it.advance(20)
    else:
        it.finish()
        it.advance(60)


def request(action: str) -> dict[str, Any]:
    more = {"Reason": "freeze"} if action == "Hold" else {}
    return {"Action": action, "AutoScalingGroupId": GROUP, **more}


def message(it: World, action: str) -> dict[str, Any]:
    """Give the event of a tick whose message is the request."""
    time = f"{it.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    text = json.dumps(request(action))
    return {"Type": "Timer", "TriggerName": "t", "Time": time, "Message": text}


def check(it: World, action: str) -> None:
    """It was done, and once; a stop alone may be sent again while the batch runs."""
    activities = list(it.region.activities.values())
    first = activities[0]
    done = [call.action for call in it.cloud.writes() if not call.code and call.action == action]
    assert len(done) == (1 if action in (RESUME, ROLLBACK, CANCEL) else len(done))
    assert [a.activity_type for a in activities[1:]] == ["ROLLBACK"] * (action == ROLLBACK)
    # The batch ends, and where the first delivery has sent no stop the one after it.
    reinstalled = {STOP: {2, 4}, RESUME: {4}, ROLLBACK: {4}}.get(action, {2})
    assert sum(it.reinstalls().values()) in reinstalled
    paused = "MANUAL_PAUSE" if action == STOP else "AUTO_PAUSE"
    assert first.status == ("CANCELLED" if action in (ROLLBACK, CANCEL) else paused)
    assert it.region.groups[GROUP].tags.get(HOLD) == ("freeze" if action == "Hold" else None)
    if action == ROLLBACK:
        assert (it.runs(GROUP), it.configured(GROUP)) == ({OLD}, OLD)
    else:
        assert it.configured(GROUP) == NEW
