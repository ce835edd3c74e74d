"""Cron expressions, against what the local platform's timers follow."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from instance_refresh.model.cron import cron
from local.scf.cron import Cron as Timer

SECOND = timedelta(seconds=1)
START = datetime(2025, 1, 1, tzinfo=timezone.utc)
MOMENTS = st.integers(0, 3 * 365 * 86_400).map(lambda seconds: START + seconds * SECOND)


def utc(year: int, month: int, day: int, *time: int) -> datetime:
    hour, minute, second = (*time, 0, 0, 0)[:3]
    return datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)


def field(least: int, most: int) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    # croniter reads 0-0 as every weekday.
    two = st.lists(number, min_size=2, max_size=2, unique=True)
    span = two.map(lambda ends: f"{min(ends)}-{max(ends)}")
    step = st.integers(2, most).map(lambda every: f"*/{every}")
    some = st.lists(st.one_of(number.map(str), span), min_size=1, max_size=3).map(",".join)
    return st.one_of(st.just("*"), step, some)


TIMES = st.tuples(field(0, 59), field(0, 59), field(0, 23)).map(" ".join)
DAYS = st.tuples(field(1, 28), field(1, 12), field(0, 6), st.just("*")).map(" ".join)


@given(TIMES, DAYS, MOMENTS)
def test_the_tick_before_is_the_one_after_which_the_timer_comes_next(
    times: str, days: str, moment: datetime
) -> None:
    text = f"{times} {days}"
    # croniter takes some ways to write all days, beside a weekday, for * and some not.
    *_, of_month, _, of_week, _ = cron(text).fields
    assume("*" in days.split()[::2] or (len(of_month) < 31 and len(of_week) < 7))
    before = cron(text).before(moment)
    timer = Timer(text)
    assert before is not None
    assert before < moment
    assert timer.after(before - SECOND) == before
    following = timer.after(before)
    assert following is None or following >= moment


@pytest.mark.parametrize(
    ("text", "moment", "before"),
    [
        ("0 */5 * * * * *", (2026, 1, 1, 0, 5), (2026, 1, 1)),
        ("0 */5 * * * * *", (2026, 1, 1, 0, 4, 59), (2026, 1, 1)),
        # Beijing's Monday at two begins on Sunday at 18:00 UTC.
        ("0 0 2 * * MON *", (2026, 1, 7), (2026, 1, 4, 18)),
        ("0 0 2 * * MON-FRI *", (2026, 1, 4, 18), (2026, 1, 1, 18)),
        ("0 0 2 1 * * *", (2026, 1, 7), (2025, 12, 31, 18)),
        ("0 0 2 1 * MON *", (2026, 1, 7), (2026, 1, 4, 18)),
        ("0 0 2 */2 * MON *", (2026, 1, 7), (2026, 1, 6, 18)),  # the 7th, or a Monday
        ("0 0 0 29 FEB * *", (2026, 1, 1), (2024, 2, 28, 16)),
    ],
)
def test_the_tick_before(text: str, moment: tuple[int, ...], before: tuple[int, ...]) -> None:
    assert cron(text).before(utc(*moment)) == utc(*before)


def test_a_timer_that_never_ticked_has_none_before() -> None:
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert cron("0 0 0 30 2 * *").before(moment) is None
    assert cron("0 0 0 * * * 2030").before(moment) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "* * * * *", "0 */5 * * * *", "60 * * * * * *", "* * 24 * * * *", "* * * 0 * * *",
        "* * * * * 7 *", "*/0 * * * * * *", "5-1 * * * * * *", "a * * * * * *", "1_0 * * * * * *",
        "- * * * * * *", "1,,2 * * * * * *", "١ * * * * * *",
    ],
)  # fmt: skip
def test_what_is_no_cron_expression_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="seven fields"):
        cron(text)
