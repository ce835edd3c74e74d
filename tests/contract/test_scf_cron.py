"""Cron expressions of seven fields are read as the platform documents them."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from local.scf.cron import Cron

# A Saturday.
START = datetime(2025, 11, 22, 1, 2, 3, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("*/5 * * * * * *", ["2025-11-22T01:02:05", "2025-11-22T01:02:10"]),
        ("0 1/10 * * * * *", ["2025-11-22T01:11:00", "2025-11-22T01:21:00"]),
        ("0 0 3 * * * *", ["2025-11-22T03:00:00", "2025-11-23T03:00:00"]),
        ("0 15 10 * * MON-FRI *", ["2025-11-24T10:15:00", "2025-11-25T10:15:00"]),
        ("0 0 12 * * 0 *", ["2025-11-23T12:00:00", "2025-11-30T12:00:00"]),
        ("0 0 12 * * WED *", ["2025-11-26T12:00:00", "2025-12-03T12:00:00"]),
        # Day and weekday: either of them.
        ("0 0 12 1 * WED *", ["2025-11-26T12:00:00", "2025-12-01T12:00:00"]),
        ("0 0 12 2 * ? *", ["2025-12-02T12:00:00", "2026-01-02T12:00:00"]),
        ("0 0 12 L * ? *", ["2025-11-30T12:00:00", "2025-12-31T12:00:00"]),
        ("0 0 12 ? * 5L *", ["2025-11-28T12:00:00", "2025-12-26T12:00:00"]),
        ("0 0 12 ? * 5#3 *", ["2025-12-19T12:00:00", "2026-01-16T12:00:00"]),
        ("33 22 11 6 7 * 2026", ["2026-07-06T11:22:33", None]),
        ("0 0 0 1 JAN * 2027-2028", ["2027-01-01T00:00:00", "2028-01-01T00:00:00"]),
        ("0 0 0 1 1 * 2024", [None]),
    ],
)
def test_times(expression: str, times: list[str | None]) -> None:
    cron, moment = Cron(expression, timezone.utc), START
    for expected in times:
        found = cron.after(moment)
        assert (found and found.strftime("%Y-%m-%dT%H:%M:%S")) == expected
        moment = found or moment


def test_times_are_beijings_unless_told_otherwise() -> None:
    found = Cron("0 0 3 * * SUN *").after(START)
    assert found == datetime(2025, 11, 22, 19, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("0 3 * * *", "7 fields, second to year, not 5"),
        ("", "not 0"),
        ("60 0 3 * * * *", "60"),
        ("0 0 24 * * * *", "24"),
        ("0 0 3 * * 7 *", "weekday"),
        ("0 0 3 * * MON-7 *", "weekday"),
        ("0 0 3 * * * 2100", "2100"),
        ("0 0 3 * FOO * *", "foo"),
    ],
)
def test_a_wrong_expression_is_refused(expression: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Cron(expression)
