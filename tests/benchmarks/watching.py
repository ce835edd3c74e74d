"""Print what a tick costs where few of many groups follow: `python -m tests.benchmarks.watching`.

The read budget is that of the groups that follow, and one call for five others that had an activity
lately: `(3 x groups + 2 x instances) / 100 + 10 + others / 5`.
"""

from __future__ import annotations

import contextlib
import io
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

from local.autoscaling.actions import ACTIONS
from local.autoscaling.activity import RefreshActivity, RefreshBatch, RefreshInstance
from local.region import Order
from tests.benchmarks.decisions import INSTANCES, NEW, budget, followers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.harness import World

GROUPS, FOLLOWING, HISTORY = 1000, 100, 5000
LIVE, ENDED, FAILED = 20, 20, 20
FAIL_PROCESSES = ("AUTO_PAUSE", "AUTO_ROLLBACK", "AUTO_CANCEL")


def lines() -> Iterator[str]:
    """Give the table, line by line."""
    fleet = f"{GROUPS:,} groups of {INSTANCES} instances, of which {FOLLOWING} follow"
    others = f"of the others {LIVE} live, {ENDED} just ended and {FAILED} failed"
    yield f"| API calls of a tick: {fleet}, {others} | budget of reads | tick |"
    yield "|---|---|---|"
    most = budget(FOLLOWING) + (LIVE + ENDED + FAILED) / 5
    yield f"| no activities before these | {most:.1f} | {calls(0)} |"
    for order in get_args(Order):
        yield f"| {HISTORY:,} before these, {order} | {most:.1f} | {calls(HISTORY, order)} |"


def calls(history: int, order: Order = "newest first") -> int:
    """Count the reads of a tick; nothing is to be written."""
    with followers(FOLLOWING, INSTANCES, NEW) as it:
        others = [f"asg-other{number:03}" for number in range(GROUPS - FOLLOWING)]
        for group in others:
            it.region.add_group(group, image=NEW, instances=INSTANCES)
        it.region.activities_listed = order
        remember(it, history)
        act(it, others)
        it.cloud.calls.clear()
        states = it.tick()["States"]
        if states.get("already_current") != FOLLOWING or it.cloud.writes():
            message = f"the tick found {states}"
            raise RuntimeError(message)
        return len(it.cloud.calls)


def remember(it: World, count: int) -> None:
    """Let every group have been refreshed again and again, for a hundred days."""
    groups, now = list(it.region.groups.values()), it.cloud.clock.now()
    for number in range(count):
        created = now - timedelta(days=100) * (1 - number / count)
        group = groups[number % len(groups)]
        done = [
            RefreshInstance(name, NEW, instance_status="SUCCESSFUL") for name in group.instance_ids
        ]
        ended = created + timedelta(minutes=2)
        made = RefreshActivity(
            it.region.identifiers.new("asr"),
            group.auto_scaling_group_id,
            {"RollingUpdateSettings": {"BatchNumber": 1}},
            created,
            [RefreshBatch(1, done, "SUCCESSFUL", created, ended)],
            status="SUCCESSFUL",
            current_refresh_batch_num=1,
            start_time=created,
            end_time=ended,
        )
        it.region.activities[made.refresh_activity_id] = made


def act(it: World, others: list[str]) -> None:
    """Let some refreshes have ended or failed since the tick before, and some go on."""
    for number, group in enumerate(others[: ENDED + FAILED]):
        if number < ENDED:
            start(it, group, BatchNumber=1)
        else:
            it.cloud.faults.fail_instance(it.region.groups[group].instance_ids[0])
            fails = FAIL_PROCESSES[number % len(FAIL_PROCESSES)]
            start(it, group, BatchNumber=INSTANCES, FailProcess=fails)
    it.advance(240)
    for group in others[ENDED + FAILED :][:LIVE]:
        start(it, group, BatchNumber=INSTANCES)
    it.advance(60)


def start(it: World, group: str, **rolling: int | str) -> None:
    """Start a refresh as somebody else does, by none of our functions."""
    settings = {"RollingUpdateSettings": rolling}
    with it.cloud.lock:
        ACTIONS["StartInstanceRefresh"](
            it.region, {"AutoScalingGroupId": group, "RefreshSettings": settings}
        )


if __name__ == "__main__":
    with contextlib.redirect_stdout(io.StringIO()):
        table = list(lines())
    sys.stdout.write("\n".join(table) + "\n")
