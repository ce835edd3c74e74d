"""Messages as lines of text that no name in them can break, and no more than a chat takes."""

from __future__ import annotations

import json
import re
from datetime import timezone
from typing import TYPE_CHECKING, NamedTuple

from ..model.problem import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..model.message import Message
    from .words import Words

_LONGEST = 300  # characters of a line
_MOST_GROUPS, _LONGEST_GROUP = 10, 60  # a scaling group's name has at most 55
_MOST_MESSAGES = 20  # each has a link at most: Slack takes 50 blocks
# The local cloud's status is on loopback.
_LINK = re.compile(r"(https://|http://127\.0\.0\.1[:/])[A-Za-z0-9\-._~:/?#\[\]!$&'()*+;=%]{1,500}")


class Line(NamedTuple):
    """One line; with a `link` its text is what leads there."""

    text: str
    link: str = ""


def blocks(
    messages: Iterable[Message], words: Words, plain: Callable[[str], str]
) -> list[list[Line]]:
    """Give each message's lines, its title first; `plain` takes a chat's markup out of a text."""
    return [list(_lines(message, words, plain)) for message in messages]


def _lines(message: Message, words: Words, plain: Callable[[str], str]) -> Iterable[Line]:
    yield Line(words.levels[message.level].format(plain(clean(message.title))))
    for line in message.lines:
        yield Line(plain(clean(line)))
    named = [
        word.format(clean(value))
        for word, value in (
            (words.family, message.family),
            (words.region, message.region),
            (words.code, message.code),
            (words.at, f"{message.at.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S}"),
        )
        if value
    ]
    yield Line(plain(words.joint.join(named)))
    if message.groups:
        groups = [clean(group, _LONGEST_GROUP) for group in message.groups[:_MOST_GROUPS]]
        left = len(message.groups) - len(groups)
        groups += [words.more_groups.format(left)] if left else []
        yield Line(plain(words.groups.format(words.joint.join(groups))))
    if safe_link(message):
        yield Line(words.link, safe_link(message))


def clean(text: str, longest: int = _LONGEST) -> str:
    """Write a text as one line that can't be mistaken for another: no control, no direction."""
    return printable(text[:longest]) + ("…" if len(text) > longest else "")


def safe_link(message: Message) -> str:
    """Give a message's link, or nothing where it holds what a chat could take for markup."""
    return message.link if _LINK.fullmatch(message.link) else ""


def fitted(messages: list[list[Line]], room: int, each: int, words: Words) -> list[Line]:
    """Give the lines that have room: first the titles, then what fits of the most severe.

    `room` is in bytes as JSON in UTF-8 writes them, and a line costs `each` more than its own.
    """

    def cost(line: Line) -> int:
        return each + len(json.dumps([line.text, line.link], ensure_ascii=False).encode())

    room -= each + _LONGEST  # the heading, and the line that says what was left out
    kept: list[list[Line]] = []
    for lines in messages:
        room -= cost(lines[0])
        if room < 0 or len(kept) == _MOST_MESSAGES:
            break
        kept.append(lines[:1])
    room = max(room, 0)
    for lines, shown in zip(messages, kept, strict=False):
        for line in lines[1:]:
            if cost(line) <= room:
                room -= cost(line)
                shown.append(line)
    left = sum(map(len, messages)) - sum(map(len, kept))
    told = [line for shown in kept for line in shown]
    return [*told, Line(words.left_out.format(left))] if left else told
