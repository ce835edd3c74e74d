"""What is told between two ticks, and how often."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.outcome import Outcome
from instance_refresh.rules.edges import Between, is_due
from tests.unit.fleets import LIMITS, hours

if TYPE_CHECKING:
    from instance_refresh.model.outcome import Ended

TICK = Between(hours(9), hours(10))
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("moment", "seen"),
    [
        (None, False),
        (hours(9) - MINUTE, False),
        (hours(9) - MINUTE + timedelta(seconds=1), True),
        (hours(10) - MINUTE, True),
        (hours(10) - MINUTE + timedelta(seconds=1), False),
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
    ],
)
def test_only_what_lasts_is_told_less_often(
    outcome: Ended, fields: dict[str, Any], *, due: bool
) -> None:
    one = Outcome(outcome, "so it is", "ap-guangzhou")._replace(**fields)
    assert is_due(one, TICK, LIMITS) is due
