"""How a group that follows an image family is to be refreshed: what its tags say."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from .action import PAUSED_ACTIONS
from .fleet import FAMILY_TAG
from .problem import Problem
from .readers import duration, one_of, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .action import PausedAction
    from .window import Window

PREFIX = "instance-refresh:"
HOLD_TAG = f"{PREFIX}hold"
_RING_TAG, _RING = f"{PREFIX}ring", whole(0, 999)
PAUSES = ("AUTOMATIC", "FIRST_BATCH_PAUSE", "BATCH_INTERVAL_PAUSE")
FAIL_PROCESSES = ("AUTO_PAUSE", "AUTO_ROLLBACK", "AUTO_CANCEL")


class Policy(NamedTuple):
    """`bake` is how long a batch, and a ring, is watched before the next one begins.

    `unread_below` is a group of the family in a lower ring whose tags can't be read.
    """

    family: str
    ring: int = 0
    batch_size: int | str | None = None
    batch_pause: str | None = None
    fail_process: str | None = None
    bake: timedelta = timedelta(0)
    window: Window | None = None
    hold: str = ""
    paused_action: PausedAction | None = None
    unread_below: str = ""

    @property
    def rolling(self) -> dict[str, Any]:
        """The RollingUpdateSettings that the tags ask for; a bake needs a pause to happen in."""
        pause = self.batch_pause or ("BATCH_INTERVAL_PAUSE" if self.bake else None)
        settings = {
            "BatchSize": self.batch_size,
            "BatchPause": pause,
            "FailProcess": self.fail_process,
        }
        return {name: value for name, value in settings.items() if value is not None}


NO_POLICY = Policy(family="")


def policy(tags: Mapping[str, str]) -> Policy | tuple[Problem, ...]:
    """Read a group's tags; every one that is wrong gives a Problem that names it."""
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value in tags.items():
        if not key.startswith(PREFIX):
            continue
        reader = _READERS.get(key)
        if reader is None:
            problems.append(Problem(f"tag {key}", f"must be one of {', '.join(_READERS)}"))
            continue
        name, read = reader
        try:
            values[name] = read(value)
        except ValueError as error:
            problems.append(Problem(f"tag {key}", str(error)))
    return tuple(problems) or Policy(**values)


def ring_of(tags: Mapping[str, str]) -> int:
    """Give the ring of a group, the lowest where its tag can't be read."""
    try:
        return _RING(tags.get(_RING_TAG, "0"))
    except ValueError:
        return 0


def _batch_size(text: str) -> int | str:
    """Read `2`, `25%`, or `25pct` where a tag's value may not have a percent sign."""
    found = re.fullmatch(r"([1-9]\d{0,3})(%|pct)?", text.strip())
    if not found or (found[2] and int(found[1]) > 100):
        message = "must be a count of instances such as 2, or a share such as 25% or 25pct"
        raise ValueError(message)
    return f"{found[1]}%" if found[2] else int(found[1])


def _text(text: str) -> str:
    if not text.strip():
        message = "must not be empty"
        raise ValueError(message)
    return text.strip()


def _window(text: str) -> Window:
    from .window import window  # time zones are loaded where a group has a window

    return window(text)


_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    FAMILY_TAG: ("family", _text),
    _RING_TAG: ("ring", _RING),
    f"{PREFIX}batch-size": ("batch_size", _batch_size),
    f"{PREFIX}batch-pause": ("batch_pause", one_of(*PAUSES)),
    f"{PREFIX}fail-process": ("fail_process", one_of(*FAIL_PROCESSES)),
    f"{PREFIX}bake": ("bake", duration),
    f"{PREFIX}window": ("window", _window),
    HOLD_TAG: ("hold", _text),
    f"{PREFIX}paused-action": ("paused_action", one_of(*PAUSED_ACTIONS)),
}
