"""Print what deciding costs, in calls and in time: `python -m tests.benchmarks.decisions`.

Calls are counted on the local cloud, through the functions; the read budget is
(3 x groups + 2 x instances) / 100 + drifted / 5 + 10. Starts are paced as they are deployed, and
each answer takes 80 ms. Deciding is timed alone, with no call at all.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
from itertools import islice
from statistics import median
from typing import TYPE_CHECKING

from instance_refresh.model.fleet import FAMILY_TAG
from instance_refresh.model.readers import moment
from instance_refresh.model.request import Request
from instance_refresh.rules.case import Case
from instance_refresh.rules.decide import decide
from instance_refresh.rules.start import Start
from tests.end_to_end.harness import World, world
from tests.unit import fleets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OLD, NEW = "img-00000001", "img-00000002"
INSTANCES = 20
STARTS, DELAY = 200, 0.08
SERVICE = [{"Key": "service", "Value": "web"}]


def lines() -> Iterator[str]:
    """Give the tables, line by line."""
    yield f"| groups of {INSTANCES} | budget | request | tick |"
    yield "|---|---|---|---|"
    for groups in (1, 10, 100, 1000):
        yield f"| {groups} | {budget(groups):.1f} | {_request(groups)} | {_tick(groups)} |"
    yield f"| {STARTS}, all drifted | {budget(STARTS, STARTS):.1f} | {_request(STARTS, OLD)} | |"
    yield ""
    yield f"{STARTS} groups started with {DELAY * 1000:.0f} ms a call: {_starts()}"
    yield f"1000 groups of {INSTANCES} decided: {_decide(1000):.0f} ms"


def budget(groups: int, drifted: int = 0) -> float:
    """Give the most read calls that a pass may take."""
    return (3 * groups + 2 * groups * INSTANCES) / 100 + drifted / 5 + 10


@contextlib.contextmanager
def followers(groups: int, instances: int, image: str, *, paced: bool = False) -> Iterator[World]:
    """Give a cloud with groups that follow a family and run one of its two images."""
    with world(paced=paced) as it, contextlib.redirect_stdout(io.StringIO()):
        it.region.add_image(OLD, family="web", created=moment("2025-12-30T00:00:00Z"))
        it.region.add_image(NEW, family="web", created=moment("2025-12-31T00:00:00Z"))
        tags = {FAMILY_TAG: "web", "service": "web"}
        for number in range(groups):
            name = f"asg-{number:08}"
            it.region.add_group(name, image=image, instances=instances, tags=tags)
        yield it


def _request(groups: int, runs: str = NEW) -> int:
    """Count the reads of a request for all the groups; one that has drifted is only planned."""
    with followers(groups, INSTANCES, runs) as it:
        status, document = it.post(Tags=SERVICE, ImageId=NEW, DryRun=runs != NEW)
        _expect({o["Outcome"] for o in document.get("Outcomes", [])}, runs, status)
        return len(it.cloud.calls)


def _tick(groups: int) -> int:
    """Count the reads of a tick over converged groups."""
    with followers(groups, INSTANCES, NEW) as it:
        result = it.tick()
        if result["States"] != {"already_current": groups}:
            message = f"the tick found {result['States']}"
            raise RuntimeError(message)
        return len(it.cloud.calls)


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
        it.post(Tags=SERVICE, ImageId=NEW)
        throttled = sum(call.code.startswith("RequestLimit") for call in it.cloud.calls)
        started = len(it.region.activities)
    rate = (len(at) - 1) / (at[-1] - at[0])
    return f"{rate:.1f} a second, {started} started, {throttled} calls throttled"


def _decide(groups: int) -> float:
    """Give the milliseconds of deciding, all groups drifted: the median of some runs."""
    names = [f"asg-{number:08}" for number in range(groups)]
    fleet = fleets.fleet(*(fleets.group(name, INSTANCES) for name in names))
    request = Request("ap-guangzhou", group_ids=tuple(names), image_id=fleets.NEW)
    cases = [Case(request, fleet, group) for group in fleet.groups]
    taken = list(islice(_timed(cases), 5))
    return median(taken) * 1000


def _timed(cases: Iterable[Case]) -> Iterator[float]:
    while True:
        begun = time.perf_counter()
        decided = decide([case._replace() for case in cases])
        yield time.perf_counter() - begun
        if not all(isinstance(decision, Start) for decision in decided.values()):
            message = "not every group was decided to start"
            raise RuntimeError(message)


if __name__ == "__main__":
    for line in lines():
        sys.stdout.write(f"{line}\n")
