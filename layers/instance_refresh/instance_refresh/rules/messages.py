"""Make messages for people of what a tick tells: one a family and edge, not one a group.

Pure: values in, values out.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from ..model.message import LEVELS, Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..model.outcome import Outcome
    from .edges import Between

_MOST_NAMED, _MOST_NOTES, _MOST_REMEDIES = 10, 5, 3


def messages(lines: Iterable[Outcome], between: Between) -> tuple[Message, ...]:
    """Make the messages of a tick; what is told again has the same ids.

    Groups that follow no family are told of together, too.
    """
    alike: dict[tuple[str, ...], list[Outcome]] = {}
    lines = tuple(lines)
    rolled_back = {line.group for line in lines if line.code == "RolledBack"}
    for line in lines:
        # The end of what was rolled back, and that of the rollback, are one thing.
        ended = line.code == "RefreshEnded" and line.level != "INFO" and line.group in rolled_back
        code = "RolledBack" if ended else line.code
        key = (line.region, line.family, line.outcome, code)
        alike.setdefault(key, []).append(line)
    return tuple(_message(key, some, between) for key, some in alike.items())


def _message(key: tuple[str, ...], some: Sequence[Outcome], between: Between) -> Message:
    first = some[0]
    named = {one.group: one.group_name or one.group for one in some if one.group}
    what, names = key[-1] or first.outcome, tuple(named.values())
    title = f"{names[0] if len(names) == 1 else first.family or first.region}: {what}"
    if len(names) > 1:
        title += f", {len(names)} groups"
    facts = [f"{named[one.group]}: {one.reason}" if one.group else one.reason for one in some]
    if first.code == "FamilyDone":
        title, facts = first.reason, []
    facts = _first(facts, _MOST_NAMED, "and {} more")
    notes = [*dict.fromkeys(note for one in some for note in one.notes)]
    notes = _first(notes, _MOST_NOTES, "and {} more notes in the log")
    remedies = [*dict.fromkeys(one.remedy for one in some if one.remedy)][:_MOST_REMEDIES]
    # What another delivery of the tick has done is another message.
    about = (*key, *sorted(f"{one.group} {one.activity}" for one in some))
    return Message(
        id=sha256(repr((about, between.until.isoformat())).encode()).hexdigest()[:32],
        level=max((one.level for one in some), key=LEVELS.index),
        title=title,
        at=between.until,
        lines=(*facts, *notes, *remedies),
        family=first.family,
        region=first.region,
        code=what,
        groups=names,
    )


def _first(texts: list[str], most: int, rest: str) -> list[str]:
    """Give the first texts, and how many are left out."""
    left = len(texts) - most
    return [*texts[:most], rest.format(left)] if left > 0 else texts
