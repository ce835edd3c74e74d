"""The platform's cron expressions: seven fields, second to year."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo

from croniter import CroniterBadDateError, CroniterError, croniter

# Timers follow Beijing time, wherever the function runs.
BEIJING = timezone(timedelta(hours=8))
FIELDS = 7
_LAST_WEEKDAY = re.compile(r"\b([0-6])L\b")
_WEEKDAY_7 = re.compile(r"(?<![#/0-9])7")


class Cron:
    """A cron expression; day and weekday both given mean either of them."""

    def __init__(self, expression: str, zone: tzinfo = BEIJING) -> None:
        """Read the expression; a ValueError says what is wrong with it."""
        fields = expression.split()
        if len(fields) != FIELDS:
            message = f"cron {expression!r}: 7 fields, second to year, not {len(fields)}"
            raise ValueError(message)
        if _WEEKDAY_7.search(fields[5]):
            message = f"cron {expression!r}: the weekday is 0 (Sunday) to 6, or SUN to SAT"
            raise ValueError(message)
        fields[5] = _LAST_WEEKDAY.sub(r"L\1", fields[5])
        self._expression, self._zone = " ".join(fields), zone
        try:
            croniter(self._expression, second_at_beginning=True)
        except CroniterError as error:
            message = f"cron {expression!r}: {error}"
            raise ValueError(message) from error

    def after(self, moment: datetime) -> datetime | None:
        """Return the first time after a moment, or None when there is none left."""
        times = croniter(self._expression, moment.astimezone(self._zone), second_at_beginning=True)
        try:
            return times.get_next(datetime).astimezone(timezone.utc)
        except CroniterBadDateError:
            return None
