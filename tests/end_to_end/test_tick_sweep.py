"""Ticks that are killed, doubled, or run into each other: the next one sees to the rest."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from local.calls import WRITES
from local.scf import project
from local.scf.platform import Platform
from tests.end_to_end.harness import World, tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.cloud import Call

FIRST, BAD, GOOD = "img-00000001", "img-00000002", "img-00000003"
RINGS = {"asg-ring0000": 0, "asg-ring1000": 1, "asg-ring1001": 1}
# The ticks of a history that have something to do, and what they write.
HISTORY = [
    ("the bad image starts in ring 0", 2),
    ("its configuration is restored", 1),
    ("the good image starts in ring 0", 2),
    ("ring 0 is resumed", 1),
    ("ring 1 starts", 4),
    ("ring 1 is resumed", 2),
]


def two_rings(it: World) -> None:
    it.region.add_image(FIRST, family="web", created=it.cloud.clock.now())
    for group, ring in RINGS.items():
        policy = tags(ring=ring, bake="10m", batch_size="50%", fail_process="AUTO_ROLLBACK")
        it.region.add_group(group, image=FIRST, instances=2, tags=policy)
    it.cloud.faults.fail_image(BAD)
    it.advance(3600)


pytestmark = pytest.mark.world(fill=two_rings)


def play(it: World, tick: Callable[[], None]) -> None:
    """Publish a bad image, then a good one; `tick` does what is to be done at each moment."""
    for moment, (_, writes) in enumerate(HISTORY):
        if moment in (0, 2):
            it.region.add_image((BAD, GOOD)[moment // 2], family="web", created=it.region.now())
            it.advance(60)
        before = applied(it)
        tick()
        assert len(applied(it)) - len(before) >= writes, HISTORY[moment]
        it.finish()
        it.advance(600)
        if moment == 1:
            assert {it.configured(group) for group in RINGS} == {FIRST}


def applied(it: World) -> list[Call]:
    return [call for call in it.cloud.writes() if not call.code]


def check(it: World) -> None:
    """All are on the good image, each instance once; the bad one was tried on one instance."""
    assert it.tick()["States"] == {"already_current": 3}
    assert {image for group in RINGS for image in it.runs(group)} == {GOOD}
    assert {it.configured(group) for group in RINGS} == {GOOD}
    normal = {a.refresh_activity_id for a in it.region.activities.values()}
    normal -= {a for a in normal if it.region.activities[a].activity_type == "ROLLBACK"}
    done = [r for r in it.region.reinstalls if r.activity_id in normal]
    assert sorted(r.instance_id for r in done if r.to_image == GOOD) == sorted(it.region.instances)
    assert [r.ok for r in done if r.to_image == BAD] == [False]
    assert len(normal) == len(RINGS) + 1


@pytest.fixture
def platform(it: World) -> Iterator[Platform]:
    with Platform(it.cloud, project.FUNCTIONS, project.OPT) as made:
        made.deploy("schedule", role=it.role, timeout_s=20)
        yield made


def test_a_tick_is_killed_after_each_read_in_turn(it: World, platform: Platform) -> None:
    it.region.add_image(GOOD, family="web", created=it.cloud.clock.now())
    it.advance(60)
    reads = itertools.count(1)
    while killed(platform, it, lambda _: True, next(reads)) not in WRITES:
        assert applied(it) == []
    assert next(reads) > 6
    assert it.tick()["Outcomes"][0]["Outcome"] == "started"


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_a_tick_is_killed_after_each_write_in_turn(it: World, platform: Platform, nth: int) -> None:
    """Every tick of the history dies after its nth write, as long as it has so many."""
    kills: set[str] = set()

    def tick() -> None:
        while action := killed(platform, it, WRITES.__contains__, nth):
            kills.add(action)

    play(it, tick)
    check(it)
    assert kills


def killed(platform: Platform, it: World, counts: Callable[[str], bool], nth: int) -> str | None:
    """Tick with a kill after the nth call that counts; say which it was, None if there was none."""
    seen: list[str] = []

    def kill(call: Call) -> None:
        if counts(call.action):
            seen.append(call.action)
            if len(seen) == nth:
                platform.kill("schedule")

    it.cloud.on_call = kill
    done = platform.invoke("schedule", tick_event(it))
    it.cloud.on_call = None
    assert (done.status == 200) is (len(seen) < nth)
    return seen[nth - 1] if len(seen) >= nth else None


def tick_event(it: World) -> dict[str, Any]:
    now = f"{it.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    return {"Type": "Timer", "TriggerName": "tick", "Time": now, "Message": ""}


@pytest.mark.parametrize("turn", range(12))
def test_a_tick_begins_and_ends_within_another(it: World, turn: int) -> None:
    """After the same call of every tick: what the outer one has seen is out of date then."""
    met: list[str] = []

    def tick() -> None:
        seen: list[str] = []

        def another(call: Call) -> None:
            seen.append(call.action)
            if len(seen) == turn + 1:
                it.cloud.on_call = None
                it.advance(1)
                it.tick()
                it.advance(1)
                met.append(call.action)

        it.cloud.on_call = another
        it.tick()
        it.cloud.on_call = None

    play(it, tick)
    check(it)
    assert met


def test_each_tick_is_delivered_three_times(it: World) -> None:

    def tick() -> None:
        event = tick_event(it)
        for _ in range(3):
            it.call("schedule", event)

    play(it, tick)
    check(it)
