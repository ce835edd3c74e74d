"""Timer: the tick's message is a request; without one, the tick is a reconcile pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..contract import check, parse
from ..errors import InstanceRefreshError, InvalidInput
from ..model.problem import Problem
from ..model.readers import moment
from ..model.request import request
from . import expect

if TYPE_CHECKING:
    from datetime import datetime

    from ..invocation import Invocation


def serve(event: Any, invocation: Invocation) -> dict[str, Any]:
    """Carry out a tick; raises TryAgain for what another try can mend."""
    try:
        tick = expect("timer", event)
        message = (tick.get("Message") or "").strip()
        now = _time(tick)
        if message:
            what = "the timer's message"
            document = check("request", parse(message, what), what)
            invocation.roll_out(request(document, region=invocation.region, asked_at=now))
        else:
            # A tick may come late; a local cloud whose clock is sped up is ahead of ours.
            invocation.reconcile(max(now, invocation.now()))
    except InstanceRefreshError as error:
        invocation.fail(error)
    invocation.raise_if_retryable()
    return invocation.result()


def _time(tick: dict[str, Any]) -> datetime:
    try:
        return moment(tick["Time"])
    except ValueError:  # of the right form, but no such day
        raise InvalidInput("the timer event", [Problem("/Time", "must be a UTC time")]) from None
