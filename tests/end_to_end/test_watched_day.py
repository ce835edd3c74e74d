"""A day of ticks that are lost, doubled, late and overlap, and of channels that fail."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.invocation import TryAgain
from local.chat.server import Chat
from tests.end_to_end import meanwhile
from tests.end_to_end.harness import World, tags

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERY, LATE, REMIND_S, FAILED_S = 300, 60, 4 * 3600, 15 * 60
TICKS = 24 * 3600 // EVERY
FOLLOWERS = [f"asg-day{number:05}" for number in range(6)]
OTHERS = ["asg-other001", "asg-other002"]
ENDS = ("RefreshEnded", "RolledBack")


def fill(it: World) -> None:
    it.region.add_image("img-day00000", family="day", created=it.cloud.clock.now())
    for number, group in enumerate(FOLLOWERS):
        policy = tags(image_family="day", ring=number // 2, bake="5m", fail_process="AUTO_ROLLBACK")
        it.region.add_group(group, image="img-day00000", instances=3, tags=policy)
    for group in OTHERS:
        it.region.add_group(group, image="img-day00000", instances=3)
    it.advance(3600)


class Day:
    """What each tick has told; a tick is known by its time."""

    def __init__(self, it: World, capsys: pytest.CaptureFixture[str]) -> None:
        self.it, self.capsys = it, capsys
        self.told: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self.doubled: set[int] = set()

    def tick(self, at: int) -> None:
        moment = self.it.cloud.clock.now().fromtimestamp(at, self.it.cloud.clock.now().tzinfo)
        event = {"Type": "Timer", "TriggerName": "tick", "Message": ""}
        self.capsys.readouterr()
        with suppress(TryAgain):
            self.it.call("schedule", event | {"Time": f"{moment:%Y-%m-%dT%H:%M:%SZ}"})
        seen = map(json.loads, self.capsys.readouterr().out.splitlines())
        self.told[at] += [line | {"at": self.it.cloud.clock.now().timestamp()} for line in seen]

    def ends(self) -> Iterator[tuple[str, int]]:
        """Give each end that was told: of which activity, by which tick."""
        for at, lines in self.told.items():
            for line in lines:
                if line.get("code") in ENDS or (
                    line.get("outcome") == "succeeded" and line.get("group")
                ):
                    yield line["activity"], at


@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.world(fill=fill)
def test_every_end_is_told_by_the_tick_that_sees_it_and_by_no_other(
    it: World, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    chance, day, late = random.Random(seed), Day(it, capsys), list[int]()
    with Chat(now=lambda: it.cloud.clock.now().timestamp()) as chat:
        robots = [chat.robot(kind, signed=True) for kind in ("wecom", "feishu", "cloudevents")]
        it.environ["NOTIFY"] = ",".join(robot.setting for robot in robots)
        for number in range(TICKS):
            at = int(it.cloud.clock.now().timestamp()) // EVERY * EVERY + EVERY
            it.advance(at - it.cloud.clock.now().timestamp() + chance.random() * 20)
            happens(it, chance, number)
            kind = chance.choice(("http_500", "throttle"))
            chat.faults.clear()
            if chance.random() < 0.3:
                chat.faults.inject(chance.choice(("wecom", "feishu")), kind, times=None)
            fates = ("runs", "lost", "doubled", "overlaps", "late")
            fate = chance.choices(fates, (75, 5, 10, 5, 5))[0]
            if fate in ("runs", "doubled"):
                day.tick(at)
            if fate == "overlaps":
                day.doubled.add(at)
                with meanwhile.after(
                    it, meanwhile.first("DescribeRefreshActivities"), partial(day.tick, at)
                ):
                    day.tick(at)
            for overdue in late:  # after the tick that came after it
                day.tick(overdue)
            late = [at] if fate == "late" else []
            if fate == "doubled":
                day.doubled.add(at)
                day.tick(at)
        check_ends(it, day)
        check_what_needs_someone(it, day)
        assert {robot.kind: bool(robot.shown) for robot in robots} == dict.fromkeys(
            ("wecom", "feishu", "cloudevents"), True
        )


def happens(it: World, chance: random.Random, number: int) -> None:
    """Every two hours an image, one in three of them bad; now and then a request, or a person."""
    if number % 24 == 0:
        name = f"img-day{number + 1:05}"
        it.region.add_image(name, family="day", created=it.cloud.clock.now())
        if chance.random() < 0.35:
            it.cloud.faults.fail_image(name)
    if chance.random() < 0.04:
        fails = chance.choice(("AUTO_PAUSE", "AUTO_ROLLBACK", "AUTO_CANCEL"))
        newest = max(image for image in it.region.images)
        settings = {"RollingUpdateSettings": {"FailProcess": fails}}
        it.post(
            AutoScalingGroupId=chance.choice(OTHERS),
            ImageId=newest,
            RefreshSettings=settings,
            Force=True,
        )


def check_ends(it: World, day: Day) -> None:
    by_activity: dict[str, list[int]] = defaultdict(list)
    for ended, at in day.ends():
        by_activity[ended].append(at)
    missed = []
    for name, activity in it.region.activities.items():
        if activity.live or activity.end_time is None:
            continue
        shown = int(activity.end_time.timestamp()) + LATE
        sees = -(-shown // EVERY) * EVERY  # the first tick at or after that
        if sees in day.told and sees not in by_activity[name]:
            missed.append((name, activity.status, sees))
        told = by_activity[name]
        assert {*told} <= {sees}, (name, told, sees)
        assert len(told) <= (2 if sees in day.doubled else 1)
    assert not missed
    assert sum(map(len, by_activity.values())) > 20


def check_what_needs_someone(it: World, day: Day) -> None:
    """A pause beyond its limit is said when it begins and every REMIND_EVERY, by each tick due."""
    said: dict[str, list[int]] = defaultdict(list)
    for at, lines in day.told.items():
        for line in lines:
            if line.get("code") == "RefreshPaused" and line["level"] == "ERROR":
                said[line["activity"]].append(at)
    paused = [one for one in it.region.activities.values() if one.status == "FAILED_PAUSE"]
    assert paused
    for one in paused:
        ended = max(int(b.end_time.timestamp()) for b in one.batches if b.end_time)
        begun = ended + FAILED_S + 1  # a limit is passed a second later
        reminders = range(begun, int(it.cloud.clock.now().timestamp()), REMIND_S)
        ticks = {-(-moment // EVERY) * EVERY for moment in reminders}
        # A reminder that fell to a lost tick comes with the next one.
        assert {*said[one.refresh_activity_id]} == ticks & {*day.told}
        assert len(said[one.refresh_activity_id]) <= 2 * len(ticks)
