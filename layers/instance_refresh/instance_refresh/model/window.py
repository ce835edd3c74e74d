"""A maintenance window: `Mon-Fri 02:00-05:00 Asia/Shanghai`, in a tag of the group."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

ACCEPTED = "must be days, hours and a time zone, such as Mon-Fri 02:00-05:00 Asia/Shanghai"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_FORM = re.compile(
    r"(?:(?P<days>[A-Za-z,-]+) )?(?P<begin>\d\d:\d\d)-(?P<end>\d\d:\d\d) (?P<zone>[A-Za-z0-9/_+-]+)"
)


class Window(NamedTuple):
    """Open from `begin` on each of the days (0 is Monday) to `end`, which may be the day after."""

    days: frozenset[int]
    begin: time
    end: time
    zone: ZoneInfo

    def open_at(self, now: datetime) -> bool:
        """Say whether it is open at an aware moment."""
        local = now.astimezone(self.zone)
        clock, today = local.time(), local.weekday()
        if self.begin < self.end:
            return today in self.days and self.begin <= clock < self.end
        yesterday = (local - timedelta(days=1)).weekday()
        return (today in self.days and clock >= self.begin) or (
            yesterday in self.days and clock < self.end
        )

    def opens_after(self, now: datetime) -> datetime:
        """Give the moment of its next opening, in its own time zone."""
        today = now.astimezone(self.zone).date()
        openings = (
            datetime.combine(today + timedelta(days=days), self.begin, self.zone)
            for days in range(8)
            if (today + timedelta(days=days)).weekday() in self.days
        )
        return next(opening for opening in openings if opening > now)


def window(text: str) -> Window:
    """Read a window; a ValueError says what is accepted. Without days it is open every day."""
    found = _FORM.fullmatch(text.strip())
    if not found:
        raise ValueError(ACCEPTED)
    try:
        begin, end = time.fromisoformat(found["begin"]), time.fromisoformat(found["end"])
        days = _days(found["days"] or "Mon-Sun")
    except ValueError:
        raise ValueError(ACCEPTED) from None
    try:
        zone = ZoneInfo(found["zone"])
    except (ValueError, OSError, LookupError):
        message = f"names no time zone known here, {found['zone']}: write Asia/Shanghai or UTC"
        raise ValueError(message) from None
    return Window(days, begin, end, zone)


def _days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin, end = _DAYS.index(first.title()), _DAYS.index((last or first).title())
        days |= {day % 7 for day in range(begin, end + 1 if begin <= end else end + 8)}
    return frozenset(days)
