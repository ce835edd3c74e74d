"""When a timer of SCF ticks: seven fields, from second to year, in Beijing time."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, timezone
from typing import NamedTuple

BEIJING = timezone(timedelta(hours=8))  # wherever the function runs
ACCEPTED = "must be seven fields, from second to year, such as 0 */5 * * * * *"
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# Field by field: the least and the most, and the words that stand for numbers.
_FIELDS: tuple[tuple[int, int, dict[str, int]], ...] = (
    (0, 59, {}),
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    (0, 6, {name: number for number, name in enumerate(_WEEKDAYS)}),
    (1970, 2099, {}),
)
_PART = re.compile(r"(\*|([0-9A-Z]+)(?:-([0-9A-Z]+))?)(?:/([0-9]{1,2}))?")
_LONGEST_DAYS = 366 * 5


class Cron(NamedTuple):
    """The numbers that each field lets through; days and weekdays both given mean either."""

    fields: tuple[frozenset[int], ...]
    either: bool

    def before(self, moment: datetime) -> datetime | None:
        """Give the last tick before a moment, None if there was none for years."""
        seconds, minutes, hours, *_ = (sorted(field, reverse=True) for field in self.fields)
        last = moment.astimezone(BEIJING) - timedelta(microseconds=1)
        for back in range(_LONGEST_DAYS):
            day = last.date() - timedelta(days=back)
            if not self._has(day.day, day.month, day.isoweekday() % 7, day.year):
                continue
            latest = last.time() if back == 0 else time.max
            times = (time(h, m, s) for h in hours for m in minutes for s in seconds)
            found = next((one for one in times if one <= latest), None)
            if found is not None:
                return datetime.combine(day, found, BEIJING).astimezone(timezone.utc)
        return None

    def _has(self, day: int, month: int, weekday: int, year: int) -> bool:
        *_, days, months, weekdays, years = self.fields
        on_day = (day in days, weekday in weekdays)
        return month in months and year in years and (any if self.either else all)(on_day)


def cron(text: str) -> Cron:
    """Read a cron expression; a ValueError says what is accepted."""
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError(ACCEPTED)
    fields = tuple(_numbers(part, *field) for part, field in zip(parts, _FIELDS, strict=True))
    return Cron(fields, either="*" not in (parts[3], parts[5]))


def _numbers(text: str, least: int, most: int, words: dict[str, int]) -> frozenset[int]:
    numbers: set[int] = set()
    for part in text.upper().split(","):
        found = _PART.fullmatch(part)
        if not found:
            raise ValueError(ACCEPTED)
        begin, end = (words.get(word or "", word) for word in (found[2], found[3]))
        try:
            first = least if begin is None else int(begin)
            last = int(end) if end is not None else first
        except ValueError:
            raise ValueError(ACCEPTED) from None
        if begin is None or (end is None and found[4]):
            last = most
        step = int(found[4] or 1)
        if not least <= first <= last <= most or not step:
            raise ValueError(ACCEPTED)
        numbers |= {*range(first, last + 1, step)}
    return frozenset(numbers)
