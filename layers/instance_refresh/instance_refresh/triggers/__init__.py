"""What starts a function. Only the modules in here know the shapes of events."""

from __future__ import annotations

from typing import Any

from ..contract import check
from ..errors import NotServed

_SCHEMAS = {"http": "http_event", "timer": "timer_event", "cos": "cos_event"}


def kind(event: Any) -> str:
    """Tell what kind of event this is, by the fields that only that kind has."""
    if isinstance(event, dict):
        if "Records" in event:
            return "cos"
        if "TriggerName" in event:
            return "timer"
        if "httpMethod" in event:
            return "http"
    return "unknown"


def expect(trigger: str, event: Any) -> Any:
    """Give the event back if it is the trigger's; a NotServed names what it is instead."""
    found = kind(event)
    if found != trigger:
        raise NotServed(
            "WrongTrigger",
            400,
            f"this function takes {trigger} events, and was sent an event of kind {found}",
            "Connect the trigger to the function that is made for it.",
        )
    return check(_SCHEMAS[trigger], event, f"the {trigger} event")
