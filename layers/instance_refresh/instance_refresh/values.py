"""Values as people write them, in tags and in environment variables."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PAUSED_ACTIONS = ("alert", "retry", "continue", "rollback", "cancel")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """Read `90s`, `10m`, `2h` or `1d`; a ValueError says what is accepted."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if not found:
        message = "must be a time such as 90s, 10m, 2h or 1d"
        raise ValueError(message)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def one_of(*accepted: str) -> Callable[[str], str]:
    """Make a reader that takes one of these words; its ValueError lists them."""

    def read(text: str) -> str:
        if text.strip() not in accepted:
            message = f"must be one of {', '.join(accepted)}"
            raise ValueError(message)
        return text.strip()

    return read
