"""What is told between two ticks, and how often."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.outcome import Outcome
from instance_refresh.model.policy import Policy
from instance_refresh.model.request import Request
from instance_refresh.model.window import window
from instance_refresh.rules.edges import Between, is_due, may_have_begun
from tests.unit.fleets import LIMITS, NEW, activity, fleet, group, hours, member_of

if TYPE_CHECKING:
    from instance_refresh.model.fleet import Activity
    from instance_refresh.model.member import Member
    from instance_refresh.model.outcome import Ended

TICK = Between(hours(9), hours(10))
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("moment", "seen"),
    [
        (None, False),
        (hours(9) - MINUTE, False),
        (hours(9) - MINUTE + SECOND, True),
        (hours(10) - MINUTE, True),
        (hours(10) - MINUTE + SECOND, False),
    ],
)
def test_the_api_shows_a_moment_a_minute_late(moment: datetime | None, *, seen: bool) -> None:
    assert TICK.saw(moment) is seen


@pytest.mark.parametrize(
    ("since", "told"),
    [(10.1, False), (10, True), (9.5, True), (9, False), (5.9, True), (6, True), (5, False)],
)
def test_what_lasts_is_told_when_it_begins_and_again_and_again(since: float, *, told: bool) -> None:
    assert TICK.reminds(hours(since), timedelta(hours=4)) is told


def test_what_is_told_at_every_tick_is_told_at_every_tick() -> None:
    assert TICK.reminds(hours(1), timedelta(0))
    assert TICK.reminds(None, timedelta(0))
    assert not TICK.reminds(hours(11), timedelta(0))
    assert Between(hours(9), hours(9) + SECOND).reminds(hours(1), timedelta(0))


def test_what_began_at_no_known_time_is_told_each_hour() -> None:
    quarters = [Between(hours(9 + n / 4), hours(9.25 + n / 4)) for n in range(8)]
    assert sum(one.reminds(None, timedelta(hours=4)) for one in quarters) == 2
    assert sum(one.reminds(None, timedelta(minutes=30)) for one in quarters) == 4


@pytest.mark.parametrize(
    ("outcome", "fields", "due"),
    [
        ("started", {"since": hours(1)}, True),
        # What failed fails at each tick, until it passes or someone acts.
        ("failed", {"since": hours(8)}, False),
        ("failed", {"since": hours(6) - MINUTE}, True),
        ("failed", {"since": None}, True),
        ("attention", {"since": hours(8)}, False),
        ("queued", {"since": hours(8)}, False),
        ("rejected", {"since": hours(9) - MINUTE / 2}, True),
        ("refused", {"since": hours(10) - MINUTE / 2}, False),
        ("attention", {"since": hours(10) - MINUTE / 2, "urgent": True}, True),
        ("attention", {"since": hours(10) - MINUTE / 2, "code": "PausedByPerson"}, True),
        ("attention", {"since": hours(10) - SECOND, "urgent": True}, True),
        ("attention", {"since": hours(10), "urgent": True}, False),
    ],
)
def test_only_what_lasts_is_told_less_often(
    outcome: Ended, fields: dict[str, Any], *, due: bool
) -> None:
    one = Outcome(outcome, "so it is", "ap-guangzhou")._replace(**fields)
    assert is_due(one, TICK, LIMITS, frozenset()) is due


def test_what_nothing_dates_is_told_at_once_where_it_may_have_begun() -> None:
    quarter = Between(hours(9.25), hours(9.5))
    one = Outcome("failed", "denied", "ap-guangzhou", group="asg-a")
    assert not is_due(one, quarter, LIMITS, frozenset({"asg-b"}))
    assert is_due(one, quarter, LIMITS, frozenset({"asg-a"}))
    assert not is_due(one._replace(since=hours(9)), quarter, LIMITS, frozenset({"asg-a"}))
    held = Outcome("attention", "wait", "ap-guangzhou", family="web", code="WaveHeld")
    assert is_due(held, quarter, LIMITS, frozenset({"web"}))


def member(
    ring: int, *past: Activity, image: bool = False, name: str = "", **policy: Any
) -> Member:
    """Give a follower in a ring; unless its `image` is just out, it was made at ten."""
    one = group(name or f"asg-{ring}")
    where = fleet(one, activities=past[-1:], recent={one.group_id: past})
    made = {**where.images, NEW: where.images[NEW]._replace(created=hours(20.5))}
    where = where._replace(images=made if image else where.images)
    wish = Request("ap-guangzhou", image_id=NEW, image_family="web")
    return member_of(wish, where, one, Policy("web", ring, **policy))


def ended(ring: int, at: float, status: str = "SUCCESSFUL") -> Activity:
    return activity(status, f"asg-{ring}", at - 1)._replace(ended=hours(at))


HOUR, EVENING = timedelta(hours=1), Between(hours(20), hours(21))


@pytest.mark.parametrize(
    ("family", "begun"),
    [
        ([member(0), member(1)], set()),
        # A new image is out.
        ([member(0, image=True)], {"web", "asg-0"}),
        # A refresh has ended, or has baked: it is the turn of the rings above.
        ([member(0, ended(0, 20.5)), member(1), member(2)], {"web", "asg-0", "asg-1", "asg-2"}),
        ([member(0), member(1, ended(1, 20.5)), member(2)], {"web", "asg-1", "asg-2"}),
        ([member(0, ended(0, 20.5)), member(0, name="asg-x")], {"web", "asg-0"}),
        ([member(0, ended(0, 20.5), bake=HOUR), member(1)], set()),
        ([member(0, ended(0, 19.5), bake=HOUR), member(1)], {"web", "asg-0", "asg-1"}),
        # A pause has baked.
        ([member(0, activity("AUTO_PAUSE", "asg-0", 19.5), bake=HOUR)], {"web", "asg-0"}),
        # A window has opened, or is open still.
        ([member(0, window=window("20:30-23:00 UTC"))], {"web", "asg-0"}),
        ([member(0, window=window("19:00-23:00 UTC"))], set()),
    ],
)
def test_when_what_nothing_dates_may_have_begun(family: list[Member], begun: set[str]) -> None:
    assert may_have_begun([family], EVENING) == begun
