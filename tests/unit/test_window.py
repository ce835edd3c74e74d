from __future__ import annotations

from datetime import datetime, timezone

import pytest

from instance_refresh.model.window import window


def at(text: str) -> datetime:
    """2026-01-05 is a Monday."""
    return datetime.fromisoformat(f"2026-01-{text}").replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "opens", "shut"),
    [
        ("02:00-05:00 UTC", ("05T02:00", "05T04:59:59", "11T03:00"), ("05T01:59:59", "05T05:00")),
        ("Mon 02:00-05:00 UTC", ("05T02:00",), ("04T02:00", "06T02:00")),
        ("Mon,Wed 02:00-05:00 UTC", ("05T02:00", "07T02:00"), ("06T02:00", "08T02:00")),
        ("Mon-Wed 02:00-05:00 UTC", ("05T02:00", "07T02:00"), ("04T02:00", "08T02:00")),
        ("Sat-Mon 02:00-05:00 UTC", ("04T02:00", "05T02:00", "10T02:00"), ("06T02:00", "09T02:00")),
        ("Mon-Mon 02:00-05:00 UTC", ("05T02:00",), ("04T02:00", "06T02:00")),
        (
            "Sun 22:00-04:00 UTC",
            ("04T22:00", "05T03:59:59"),
            ("04T21:59:59", "05T04:00", "04T03:00"),
        ),
        ("Mon 00:00-00:00 UTC", ("05T00:00", "05T23:59:59"), ("04T23:59:59", "06T00:00")),
        ("mon 02:00-05:00 Asia/Shanghai", ("04T18:00", "04T20:59:59"), ("04T17:59:59", "05T02:00")),
    ],
)
def test_a_window_is_open_from_its_begin_to_before_its_end(
    text: str, opens: tuple[str, ...], shut: tuple[str, ...]
) -> None:
    found = window(text)
    assert [moment for moment in opens if not found.open_at(at(moment))] == []
    assert [moment for moment in shut if found.open_at(at(moment))] == []


@pytest.mark.parametrize(
    ("text", "now", "opens"),
    [
        ("02:00-05:00 UTC", "05T01:59", "05T02:00"),
        ("02:00-05:00 UTC", "05T02:00", "06T02:00"),
        ("Mon 02:00-05:00 UTC", "05T02:00", "12T02:00"),
        ("Tue 02:00-05:00 UTC", "05T02:00", "06T02:00"),
        ("Mon 02:00-05:00 Asia/Shanghai", "04T17:00", "04T18:00"),
    ],
)
def test_it_opens_next_after_now(text: str, now: str, opens: str) -> None:
    assert window(text).opens_after(at(now)) == at(opens)
