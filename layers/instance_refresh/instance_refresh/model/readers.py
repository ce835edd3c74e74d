"""Read what people write in tags and in environment variables."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Word = TypeVar("Word", bound=str)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """Read `90s`, `10m`, `2h` or `1d`; a ValueError says what is accepted."""
    found = re.fullmatch(r"(\d{1,6})([smhd])", text.strip())
    if not found:
        message = "must be a time such as 90s, 10m, 2h or 1d"
        raise ValueError(message)
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def whole(least: int, most: int) -> Callable[[str], int]:
    """Make a reader that takes a whole number from `least` to `most`; its ValueError says so."""

    def read(text: str) -> int:
        found = re.fullmatch(r"\d{1,6}", text.strip())
        if not found or not least <= int(found[0]) <= most:
            message = f"must be a whole number from {least} to {most}"
            raise ValueError(message)
        return int(found[0])

    return read


def one_of(*accepted: Word) -> Callable[[str], Word]:
    """Make a reader that takes one of these words; its ValueError lists them."""
    words: dict[str, Word] = {word: word for word in accepted}

    def read(text: str) -> Word:
        if text.strip() not in words:
            message = f"must be one of {', '.join(accepted)}"
            raise ValueError(message)
        return words[text.strip()]

    return read
