"""The pass for a request: find the groups, look at them, decide, apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.request import START
from ..rules.decide import decide
from ..rules.preflight import region_refused
from ..rules.start import planned
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
    if request.for_followers or not settings.max_refreshing:
        from ..rules.verdicts import in_turn  # most name their groups

        todo = in_turn(members, todo, settings.limits, now)
    if request.dry_run or settings.mode == "observe":
        todo = {m.group_id: planned(m, todo[m.group_id]) for m in members}
    return outcomes + tuple(apply(members, todo, cloud).values())
