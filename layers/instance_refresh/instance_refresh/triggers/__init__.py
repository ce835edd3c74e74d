"""What starts a function, and what it does then. Only the modules in here know events' shapes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .. import clock
from ..contract import check
from ..errors import NotServed
from ..gateway.cloud import Cloud, credentials

if TYPE_CHECKING:
    from datetime import datetime

    from ..invocation import Invocation
    from ..model.outcome import Outcome
    from ..model.request import Request

_SCHEMAS = {"http": "http_event", "timer": "timer_event", "cos": "cos_event"}
# The fields that only one kind of event has.
_KINDS = {"Records": "cos", "TriggerName": "timer", "httpMethod": "http"}


def expect(trigger: str, event: Any) -> Any:
    """Give the event back if it is the trigger's; a NotServed names what it is instead."""
    fields = event if isinstance(event, dict) else {}
    found = next((kind for field, kind in _KINDS.items() if field in fields), "unknown")
    if found != trigger:
        raise NotServed(
            "WrongTrigger",
            400,
            f"this function takes {trigger} events, and was sent an event of kind {found}",
            "Connect the trigger to the function that is made for it.",
        )
    return check(_SCHEMAS[trigger], event, f"the {trigger} event")


def roll_out(asked: Request, invocation: Invocation) -> tuple[Outcome, ...]:
    """Carry a request out; the invocation logs and keeps the outcomes.

    What is done once an event needs the time at which it was asked, or a second delivery would do
    it again: without one a Force is left out, and a request that names no image is not served.
    """
    if asked.asked_at is None and not asked.dry_run:
        if asked.needs_time:
            raise NotServed(
                "TimeUnknown",
                400,
                "nothing says when this was asked, so it could be done twice",
                "Sign the call, or name an image.",
            )
        if asked.force:
            reason = "Force was left out: nothing says when it was asked, so it could be done twice"
            asked = asked._replace(force=False, notes=(*asked.notes, reason))
            invocation.note("ForceIgnored", reason)
    cloud = Cloud(invocation.settings, credentials(os.environ), invocation.deadline)
    from ..rollout.run import roll_out as carry_out  # with the SDK: nothing refused loads it

    outcomes = carry_out(asked, cloud, invocation.settings, clock.now())
    invocation.keep(outcomes, tried_again=True)
    return outcomes


def reconcile(invocation: Invocation, now: datetime) -> None:
    """Look after every group that follows an image family; the next tick is the next try."""
    cloud = Cloud(invocation.settings, credentials(os.environ), invocation.deadline)
    from ..rollout.run import reconcile as look_after

    outcomes, states = look_after(cloud, invocation.settings, invocation.region, now)
    invocation.keep(outcomes)
    invocation.states = states
