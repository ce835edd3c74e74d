"""Timer: the tick's message is a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..contract import check, parse
from ..errors import InstanceRefreshError
from ..fleet import moment
from ..request import request
from . import expect

if TYPE_CHECKING:
    from ..invocation import Invocation


def serve(event: Any, invocation: Invocation) -> dict[str, Any]:
    """Carry out the message's request; raises TryAgain for what another try can mend."""
    try:
        tick = expect("timer", event)
        message = (tick.get("Message") or "").strip()
        if not message:
            invocation.say("NothingConfigured", "the timer's message is empty: nothing is asked")
            return invocation.result()
        document = check("request", parse(message, "the timer's message"), "the timer's message")
        asked = request(document, region=invocation.region, asked_at=moment(tick["Time"]))
        invocation.roll_out(asked)
    except InstanceRefreshError as error:
        invocation.fail(error)
    invocation.raise_if_retryable()
    return invocation.result()
