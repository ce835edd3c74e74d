"""A message: what people are told, wherever they read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from datetime import datetime

Level = Literal["INFO", "WARNING", "ERROR"]
LEVELS: tuple[Level, ...] = get_args(Level)  # the least first


class Message(NamedTuple):
    """One thing to tell; `id` is the same whenever the same thing is told again.

    `lines` are facts, one a line, and plain text like the title: no chat's markup has a meaning in
    them. `groups` are the scaling groups that it is about, as people know them.
    """

    id: str
    level: Level
    title: str
    at: datetime
    lines: tuple[str, ...] = ()
    link: str = ""
    family: str = ""
    region: str = ""
    code: str = ""
    groups: tuple[str, ...] = ()


def worth_telling(messages: tuple[Message, ...], least: Level) -> tuple[Message, ...]:
    """Give the messages of at least this level, the most severe first."""
    told = [each for each in messages if LEVELS.index(each.level) >= LEVELS.index(least)]
    return tuple(sorted(told, key=lambda each: -LEVELS.index(each.level)))
