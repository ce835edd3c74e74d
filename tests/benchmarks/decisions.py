"""Print what deciding costs in calls: `python -m tests.benchmarks.decisions`.

Calls are counted on the local cloud, through the functions; the read budget is
(3 x groups + 2 x instances) / 100 + drifted / 5 + 10. Starts are paced as they are deployed, and
each answer takes 80 ms.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
from typing import TYPE_CHECKING

from instance_refresh.model.fleet import FAMILY_TAG
from tests.end_to_end.harness import BEFORE, LATER, World, world

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD, NEW = "img-00000001", "img-00000002"
INSTANCES = 20
STARTS, DELAY = 200, 0.08
SERVICE = [{"Key": "service", "Value": "web"}]


def lines() -> Iterator[str]:
    """Give the tables, line by line."""
    yield f"| API calls, groups of {INSTANCES} | budget of reads | request | tick |"
    yield "|---|---|---|---|"
    for groups in (1, 10, 100, 1000):
        yield f"| {groups} | {budget(groups):.1f} | {_request(groups)} | {_tick(groups)} |"
    for groups in (1, 10, 100, STARTS, 1000):
        reads = f"{budget(groups, groups):.1f} | {_request(groups, OLD)}"
        yield f"| {groups}, all drifted | {reads} | {_tick(groups, OLD)} |"
    yield ""
    yield f"{STARTS} groups started with {DELAY * 1000:.0f} ms a call: {_starts()}"


def budget(groups: int, drifted: int = 0) -> float:
    """Give the most read calls that a pass may take."""
    return (3 * groups + 2 * groups * INSTANCES) / 100 + drifted / 5 + 10


@contextlib.contextmanager
def followers(groups: int, instances: int, image: str, *, paced: bool = False) -> Iterator[World]:
    """Give a cloud with groups that follow a family and run one of its two images."""
    with world(paced=paced) as it, contextlib.redirect_stdout(io.StringIO()):
        it.region.add_image(OLD, family="web", created=BEFORE)
        it.region.add_image(NEW, family="web", created=LATER)
        tags = {FAMILY_TAG: "web", "service": "web"}
        for number in range(groups):
            name = f"asg-{number:08}"
            it.region.add_group(name, image=image, instances=instances, tags=tags)
        yield it


def _request(groups: int, runs: str = NEW) -> int:
    """Count the reads of a request for all the groups; one that has drifted is only planned."""
    with followers(groups, INSTANCES, runs) as it:
        status, document = it.post(Tags=SERVICE, MaxGroups=1000, ImageId=NEW, DryRun=runs != NEW)
        _expect({o["Outcome"] for o in document.get("Outcomes", [])}, runs, status)
        return len(it.cloud.calls)


def _tick(groups: int, runs: str = NEW) -> str:
    """Count the calls of a tick: reads, and writes where there are any."""
    with followers(groups, INSTANCES, runs) as it:
        states = it.tick()["States"]
        if sum(states.values()) != groups or ("already_current" in states) is not (runs == NEW):
            message = f"the tick found {states}"
            raise RuntimeError(message)
        writes = len(it.cloud.writes())
        reads = len(it.cloud.calls) - writes
    return f"{reads} + {writes} writes" if writes else f"{reads}"


def _expect(outcomes: set[str], runs: str, status: int) -> None:
    if outcomes != {"already_current" if runs == NEW else "planned"}:
        message = f"the request was answered {status} with {outcomes}"
        raise RuntimeError(message)


def _starts() -> str:
    """Start many refreshes side by side: how many a second, and how many calls were throttled."""
    with followers(STARTS, 1, OLD, paced=True) as it:
        it.cloud.faults.inject("*", "delay", times=None, seconds=DELAY)
        at: list[float] = []
        it.cloud.on_call = lambda call: (
            at.append(time.monotonic()) if call.action == "StartInstanceRefresh" else None
        )
        it.post(Tags=SERVICE, MaxGroups=1000, ImageId=NEW)
        throttled = sum(call.code.startswith("RequestLimit") for call in it.cloud.calls)
        started = len(it.region.activities)
    rate = (len(at) - 1) / (at[-1] - at[0])
    return f"{rate:.1f} a second, {started} started, {throttled} calls throttled"


if __name__ == "__main__":
    for line in lines():
        sys.stdout.write(f"{line}\n")
