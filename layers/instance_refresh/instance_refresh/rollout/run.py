"""The pass: find the groups, look at them, decide, apply. Requests and ticks are its callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.request import START
from ..rules.decide import decide
from ..rules.preflight import region_refused
from ..rules.report import held_rings, states, worth_telling
from ..rules.rings import families
from ..rules.start import planned
from ..rules.verdicts import in_turn, verdicts
from . import find
from .apply import apply
from .look import Looks, look

if TYPE_CHECKING:
    from datetime import datetime

    from ..gateway.cloud import Cloud
    from ..model.outcome import Outcome
    from ..model.request import Request
    from ..settings import Settings


def roll_out(
    request: Request, cloud: Cloud, settings: Settings, now: datetime
) -> tuple[Outcome, ...]:
    """Carry a request out; one outcome a group. An ApiError where the look itself failed."""
    if settings.allowed_regions and request.region not in settings.allowed_regions:
        return (region_refused(request.region),)
    asked, fleet, outcomes = find.requested(request, settings.allowed, cloud)
    looks = Looks(settings.allowed, settings.limits, now, watches=False)
    members = look(asked, fleet, looks, cloud)
    if request.action == START:
        todo = decide(members, settings.limits)
    else:
        from ..rules.asked import asked as asked_for  # few requests steer

        todo = asked_for(members, settings.limits)
    if request.for_followers:
        todo = in_turn(members, todo, settings.limits, now)
    if request.dry_run:
        todo = {m.group_id: planned(m, todo[m.group_id]) for m in members}
    return outcomes + tuple(apply(members, todo, cloud).values())


def reconcile(
    cloud: Cloud, settings: Settings, region: str, now: datetime
) -> tuple[tuple[Outcome, ...], dict[str, int]]:
    """Look after every group that follows a family.

    Gives the outcomes that changed something or need someone, and a count of groups by state.
    """
    if settings.allowed_regions and region not in settings.allowed_regions:
        return (region_refused(region),), {}
    asked, fleet, wrong = find.followers(region, settings.allowed, cloud)
    looks = Looks(settings.allowed, settings.limits, now, watches=True)
    members = look(asked, fleet, looks, cloud)
    found = verdicts(members, settings.limits, now)
    ends = apply(members, found.todo, cloud)
    held = held_rings(families(members, now), found.decided, ends, found.overdue, now)
    lines = (*wrong, *filter(worth_telling, ends.values()), *held)
    return lines, states((*wrong, *ends.values()))
