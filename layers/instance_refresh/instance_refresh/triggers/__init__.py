"""What starts a function, and what it does then. Only the modules in here know events' shapes."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from .. import clock
from ..contract import check
from ..errors import InstanceRefreshError, NotServed
from ..gateway.cloud import Cloud, credentials
from ..model.request import CLOCKS_DIFFER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from ..invocation import Invocation
    from ..model.cron import Cron
    from ..model.message import Message
    from ..model.outcome import Outcome
    from ..model.request import Request
    from ..rules.edges import Between
    from ..settings import Settings

Result = TypeVar("Result")
_LINK_LASTS = timedelta(days=1)
_LATE = timedelta(seconds=30)  # a tick whose Time is less behind its cron is the cron's
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
    it again: without one, or with one that is to come, a Force is left out, and a request that
    names no image is not served.
    """
    why = "nothing says when it was asked"
    # The platform's clock may be as far behind this one as this one is behind the event's.
    if asked.asked_at and asked.asked_at > clock.now() + CLOCKS_DIFFER / 2:
        why = f"it was asked at {asked.asked_at:%Y-%m-%d %H:%M:%SZ}, which is to come"
        asked = asked._replace(asked_at=None)
    if asked.asked_at is None and not asked.dry_run:
        if asked.needs_time:
            raise NotServed(
                "TimeUnknown",
                400,
                f"{why}, so it could be done twice",
                "Sign the call, or name an image.",
            )
        if asked.force:
            reason = f"Force was left out: {why}, so it could be done twice"
            asked = asked._replace(force=False, notes=(*asked.notes, reason))
            invocation.note("ForceIgnored", reason)
    cloud = Cloud(invocation.settings, credentials(os.environ), invocation.deadline)
    from ..rollout.run import roll_out as carry_out  # with the SDK: nothing refused loads it

    outcomes = carry_out(asked, cloud, invocation.settings, clock.now())
    invocation.keep(outcomes, tried_again=True)
    return outcomes


def reconcile(invocation: Invocation, now: datetime, tick: datetime) -> None:
    """Look after all groups, region by region side by side; the next tick is the next try.

    What lies between two ticks is told. A region that fails doesn't stop the others.
    """
    settings = invocation.settings
    cloud = Cloud(settings, credentials(os.environ), invocation.deadline)
    from ..rollout.tick import Report
    from ..rollout.tick import reconcile as look_after

    between = _since_the_tick_before(tick, settings.schedule_cron)
    hourly = between.reminds(None, settings.remind_every)
    # Where the timer's cron can't be read, nothing says when the tick before was.
    if hourly or any(text.startswith("SCHEDULE_CRON ") for text in settings.wrong):
        invocation.tell_wrong_settings()

    regions = settings.regions or (invocation.region,)
    found = by_region(lambda name: look_after(cloud, settings, name, now, between), regions)
    none = not any(isinstance(done, Report) for done in found)
    told: list[Message] = []
    for region, done in zip(regions, found, strict=True):
        if not isinstance(done, Report):
            invocation.fail(done, region=region, tried_again=none)
            told += _unread(done, region, between) if hourly else ()
            continue
        invocation.keep(done.outcomes, told=done.lines)
        invocation.count(done.states)
        several = f"{region}/" if len(regions) > 1 else ""
        invocation.families |= {several + name: one for name, one in done.families.items()}
        told += done.messages
    tell(invocation, tuple(told))


def by_region(
    look: Callable[[str], Result], regions: Sequence[str]
) -> list[Result | InstanceRefreshError]:
    """Look at regions side by side; an error of one stands in its place, and the others go on."""
    from ..gateway.reading import side_by_side  # with the SDK: nothing refused loads it

    def of(region: str) -> Result | InstanceRefreshError:
        try:
            return look(region)
        except InstanceRefreshError as error:
            return error

    return side_by_side(of, regions)


def _since_the_tick_before(tick: datetime, cron: Cron) -> Between:
    from ..rules.edges import Between

    due = cron.before(tick + timedelta(microseconds=1)) or tick
    until = due if tick - due < _LATE else tick
    return Between(cron.before(until) or until - timedelta(minutes=5), until)


def _unread(error: InstanceRefreshError, region: str, between: Between) -> tuple[Message, ...]:
    from ..model.outcome import Outcome
    from ..rules.messages import messages

    wrong = Outcome("failed", str(error), region, code=error.code, remedy=error.remedy)
    return messages([wrong], between)


def tell(invocation: Invocation, messages: tuple[Message, ...]) -> None:
    """Send messages where the settings say; what goes wrong is logged, and stops nothing."""
    settings = invocation.settings
    if not settings.notify or not messages:
        return
    from ..notify.send import send

    if settings.status_url and settings.status_secret:
        messages = tuple(linked(one, settings) for one in messages)
    level, language = settings.notify_level, settings.notify_language
    for problem in send(
        messages, settings.notify, deadline=invocation.deadline, level=level, language=language
    ):
        invocation.warn("NotTold", problem)


def linked(message: Message, settings: Settings) -> Message:
    """Link the status of a message's family, or region; the tick's time says when it ends."""
    from ..link import status_link

    asked = (("region", message.region), ("family", message.family))
    query = [(name, value) for name, value in asked if value]
    ends = message.at + _LINK_LASTS
    link = status_link(settings.status_url, settings.status_secret, ends, query)
    return message._replace(link=link)
