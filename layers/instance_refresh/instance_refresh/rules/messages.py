"""Make messages for people of what a tick tells: one a family and edge, not one a group.

Pure: values in, values out.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from ..model.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..model.outcome import Outcome
    from .edges import Between

_MOST_NAMED = 10


def messages(lines: Iterable[Outcome], between: Between) -> tuple[Message, ...]:
    """Make the messages of a tick; told again, they have the same ids."""
    alike: dict[tuple[str, ...], list[Outcome]] = {}
    for line in lines:
        alone = "" if line.family else line.group
        key = (line.region, line.family, alone, line.outcome, line.code)
        alike.setdefault(key, []).append(line)
    return tuple(_message(key, some, between) for key, some in alike.items())


def _message(key: tuple[str, ...], some: Sequence[Outcome], between: Between) -> Message:
    first = some[0]
    names = tuple(one.group_name or one.group for one in some if one.group)
    what = first.code or first.outcome
    if first.code == "FamilyDone":
        title = first.reason
    elif len(names) == 1:
        title = f"{names[0]}: {what}"
    else:
        title = f"{first.family or first.region}: {what}" + (
            f", {len(names)} groups" if names else ""
        )
    facts = [f"{one.group_name or one.group or first.family}: {one.reason}" for one in some]
    more = len(facts) - _MOST_NAMED
    facts = [*facts[:_MOST_NAMED], *([f"and {more} more"] if more > 0 else [])]
    return Message(
        id=sha256("|".join((*key, between.until.isoformat())).encode()).hexdigest()[:32],
        level=max((one.level for one in some), key=("INFO", "WARNING", "ERROR").index),
        title=title,
        at=between.until,
        lines=(*facts, *((first.remedy,) if first.remedy else ())),
        family=first.family,
        region=first.region,
        code=what,
        groups=names,
    )
