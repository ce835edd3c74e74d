"""A day of groups that follow a family: an image an hour, calls and instances that fail.

`DAY=full` plays 24 hours of 100 groups (some minutes); without it, a shorter day of fewer groups.
"""

from __future__ import annotations

import gc
import logging
import os
import random
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from instance_refresh.invocation import TryAgain
from tests.end_to_end.harness import World, tags, world
from tests.end_to_end.seams import quick

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST = "img-hour0000"
STEP = 120  # seconds between two ticks
FAULTS = (
    "throttle", "http_500", "http_500_after", "internal_error", "error_without_request_id",
    "malformed_json", "empty_body", "wrong_content_type", "cut_before", "cut_after", "cut_within",
)  # fmt: skip
OURS = ("instance_refresh", "tencentcloud", "requests", "urllib3", "http", "aws_lambda_powertools")
# A client is lent to one call at a time: 16 calls side by side, to each of the two services.
CLIENTS, OBJECTS_OF_A_CLIENT = 2 * 16, 20


@dataclass(frozen=True)
class Size:
    hours: int
    groups: int
    instances: int
    refreshing: int


SIZE = Size(24, 100, 3, 50) if os.environ.get("DAY") == "full" else Size(4, 15, 2, 8)


class Day:
    """The cloud of that day; `objects` counts what our code and its libraries hold."""

    def __init__(self, it: World, size: Size) -> None:
        self.it, self.size = it, size
        self.newest, self.bad = FIRST, ""
        self.objects: list[int] = []
        self.calls = self.faulty = self.ticks = 0
        self.groups = [f"asg-day{number:05}" for number in range(size.groups)]
        it.region.add_image(FIRST, family="day", created=it.cloud.clock.now())
        for number, group in enumerate(self.groups):
            it.region.add_group(
                group, image=FIRST, instances=size.instances, tags=self._tags(number)
            )

    def _tags(self, number: int) -> dict[str, str]:
        """One group in twenty is in ring 0, one in four in ring 1."""
        ring = 0 if number < max(1, self.size.groups // 20) else 1 if number % 4 == 0 else 2
        action = "rollback" if number % 2 else "retry"
        return tags(
            image_family="day", ring=ring, bake="2m", paused_action=action, batch_size="50%"
        )

    def publish(self, hour: int) -> None:
        """Publish an image and its manifest; COS delivers the event, now and then twice."""
        self.newest = f"img-hour{hour:04}"
        self.it.region.add_image(self.newest, family="day", created=self.it.cloud.clock.now())
        if hour % 8 == 2:
            self.bad = self.newest
            self.it.cloud.faults.fail_image(self.newest)
        event = self.it.publish(f"images/{hour}.json", {"ImageId": self.newest})
        for _ in range(1 + hour % 2):
            try:
                self.it.call("image_published", event)
            except TryAgain:
                self.it.advance(60)

    def tick(self) -> dict[str, Any]:
        """Let the timer tick; SCF's other tries of a tick that raised come with the next."""
        self.ticks += 1
        try:
            return self.it.tick()
        except TryAgain:
            return {}
        finally:
            self.it.advance(STEP)
            self.calls += len(self.it.cloud.calls)
            self.it.cloud.calls.clear()

    def measure(self) -> None:
        """Count the live objects of the functions' own classes and of their libraries'.

        Not their bytes: the cloud is in the same process, and keeps what happened all day.
        """
        gc.collect()
        homes = (str(type(each).__module__).partition(".")[0] for each in gc.get_objects())
        self.objects.append(sum(home in OURS for home in homes))

    def converged(self) -> set[str]:
        return {
            group
            for group in self.groups
            if self.it.runs(group) == {self.newest} and self.it.configured(group) == self.newest
        }


@pytest.fixture
def day() -> Iterator[Day]:
    chance = random.Random(20)
    with (
        world(MAX_REFRESHING=str(SIZE.refreshing), FAILED_LIMIT="5m", LOG_LEVEL="ERROR") as it,
        quick(waits=False),
        mock.patch.object(logging.getLogger("instance-refresh"), "propagate", new=False),
    ):
        made = Day(it, SIZE)
        fails = it.cloud.faults.reinstall_fails

        def one_in_200(instance: str, image: str) -> bool:
            return fails(instance, image) or chance.random() < 1 / 200

        with mock.patch.object(it.cloud.faults, "reinstall_fails", one_in_200):
            for number, kind in enumerate(FAULTS):
                it.cloud.faults.rate(kind, 0.05 / len(FAULTS), seed=number)
            yield made


def test_a_day(day: Day, capsys: pytest.CaptureFixture[str]) -> None:
    it = day.it
    for hour in range(1, SIZE.hours + 1):
        day.publish(hour)
        for _ in range(3600 // STEP):
            day.tick()
        capsys.readouterr()
        day.measure()
    last: dict[str, Any] = {}
    for _ in range(3600 // STEP):
        last = day.tick() or last

    told = {o["AutoScalingGroupId"]: o for o in last["Outcomes"] if "AutoScalingGroupId" in o}
    held = [o for o in last["Outcomes"] if o.get("Code") == "WaveHeld"]
    behind = set(day.groups) - day.converged()
    unnamed = behind - set(told)
    assert day.converged()
    assert not unnamed or held, unnamed
    assert len(unnamed) <= last["States"].get("RingWaits", 0)
    assert all(o["Remedy"] for o in (*held, *(told[group] for group in behind & set(told))))
    assert day.bad not in {image for group in day.groups for image in it.runs(group)}

    kinds = {a.refresh_activity_id: a.activity_type for a in it.region.activities.values()}
    done = it.region.reinstalls
    assert [
        r for r in done if kinds[r.activity_id] == "NORMAL" and r.from_image == r.to_image and r.ok
    ] == []
    with capsys.disabled():
        failed = sum(not r.ok for r in done)
        sys.stdout.write(
            f"\na day of {SIZE.hours} hours, {SIZE.groups} groups: {day.ticks} ticks, {day.calls}"
            f" calls, {len(kinds)} activities, {len(done)} reinstalls of which {failed} failed;"
            f" {len(day.converged())} groups on the newest image, {len(behind & set(told))} named,"
            f" {len(unnamed)} wait for those; live objects, hour by hour: {day.objects}\n"
        )
    assert max(day.objects) - day.objects[0] < CLIENTS * OBJECTS_OF_A_CLIENT, day.objects
