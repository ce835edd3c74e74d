"""What the words of the status mean to a person, on the page and in a terminal."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_READY = ("already_current", "superseded", "idle")
_WAITS = {
    "NextLook": "the schedule's next look",
    "Batch": "its running batch",
    "Bake": "its bake time",
    "Window": "its maintenance window",
    "PauseLimit": "somebody, or the limit of its pause",
    "Ring": "the ring below",
    "Place": "a free place under MAX_REFRESHING",
    "Release": "its hold to be released",
    "Person": "somebody to act",
}
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def kind(group: Mapping[str, Any]) -> str:
    """Say how a group stands: what needs a person, what moves, what waits, what is done."""
    what = group.get("WaitsFor", {}).get("For")
    if what == "Person" or group.get("Urgent"):
        return "person"
    if "Activity" in group or "NextLook" in group:
        return "moving"
    return "ready" if what is None and group["State"] in _READY else "waiting"


def span(seconds: float) -> str:
    """Write a length of time with its two largest units."""
    left = round(abs(seconds))
    words: list[str] = []
    for size, unit in _UNITS:
        if left >= size and len(words) < 2:
            words.append(f"{left // size} {unit}")
            left %= size
    return " ".join(words) or f"{left} s"


def waits(what: Mapping[str, Any], now: str) -> str:
    """Say what a group waits for, until when, and what happens then."""
    text = _WAITS[what["For"]]
    if "Until" in what:
        text += f", {until(what['Until'], now)}"
    if what.get("Then"):
        text += f"; then: {what['Then']}"
    return text


def until(time: str, now: str) -> str:
    """Say when something comes, and in how long."""
    seconds = (_moment(time) - _moment(now)).total_seconds()
    distance = f"in {span(seconds)}" if seconds > 0 else f"{span(seconds)} ago"
    return f"{time[11:16]} UTC ({distance})"


def _moment(time: str) -> datetime:
    return datetime.fromisoformat(time.replace("Z", "+00:00"))
