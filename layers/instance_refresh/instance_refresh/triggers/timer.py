"""Timer: the tick's message is a request; without one, the tick is a reconcile pass."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .. import clock
from ..contract import check, parse
from ..errors import InstanceRefreshError, InvalidInput
from ..model.problem import Problem
from ..model.request import request
from . import expect, reconcile, roll_out

if TYPE_CHECKING:
    from datetime import datetime

    from ..invocation import Invocation

_AHEAD = timedelta(minutes=10)  # more than the clocks of the platform's machines ever differ


def serve(event: Any, invocation: Invocation) -> dict[str, Any]:
    """Carry out a tick; raises TryAgain for what another try can mend."""
    try:
        tick = expect("timer", event)
        message = (tick.get("Message") or "").strip()
        if message:
            what = "the timer's message"
            invocation.tell_wrong_settings()
            document, asked_at = check("request", parse(message, what), what), _said(tick)
            roll_out(request(document, region=invocation.region, asked_at=asked_at), invocation)
        else:
            time = _time(tick, invocation)
            reconcile(invocation, max(time, clock.now()), time)  # a tick may come late
    except InstanceRefreshError as error:
        invocation.fail(error)
    invocation.raise_if_retryable()
    return invocation.result()


def _said(tick: dict[str, Any]) -> datetime:
    try:
        return clock.moment(tick["Time"])
    except ValueError:  # of the right form, but no such day
        raise InvalidInput("the timer event", [Problem("/Time", "must be a UTC time")]) from None


def _time(tick: dict[str, Any], invocation: Invocation) -> datetime:
    """Read the tick's time; one that is far ahead would open windows that are shut."""
    time, now = _said(tick), clock.now()
    if time - now <= _AHEAD:
        return time
    invocation.note("TimeAhead", f"the tick's Time is {tick['Time']}, ahead of the clock's {now}")
    return now
