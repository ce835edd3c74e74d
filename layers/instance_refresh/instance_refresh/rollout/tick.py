"""The pass for a tick: every group that follows a family, and every refresh that is or just was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..rules.edges import edges, family_done, is_due, may_have_begun
from ..rules.messages import messages
from ..rules.preflight import region_refused
from ..rules.report import held_rings, one_event, progress, states, to_go, worth_telling
from ..rules.rings import families
from ..rules.start import planned
from ..rules.verdicts import verdicts
from . import find
from .apply import apply
from .look import Looks, look

if TYPE_CHECKING:
    from datetime import datetime

    from ..gateway.cloud import Cloud
    from ..model.message import Message
    from ..model.outcome import Outcome
    from ..rules.edges import Between
    from ..settings import Settings


class Report(NamedTuple):
    """What a tick did and saw.

    `outcomes` are what was done and what needs someone, `lines` those that are told now, and what
    became of refreshes; `states` counts groups, `families` how far each is; `messages` are for
    people.
    """

    outcomes: tuple[Outcome, ...]
    lines: tuple[Outcome, ...]
    states: dict[str, int]
    families: dict[str, dict[str, Any]]
    messages: tuple[Message, ...]


def reconcile(
    cloud: Cloud, settings: Settings, region: str, now: datetime, between: Between
) -> Report:
    """Look after the groups that follow a family, and watch every refresh that is or just was."""
    if settings.allowed_regions and region not in settings.allowed_regions:
        refused = (region_refused(region),)
        return Report(refused, refused, {}, {}, ())
    limits, allowed = settings.limits, settings.allowed
    seen, are_all = cloud.autoscaling(region).activities_since(between.since - find.LOOK_BACK)
    found = find.followers(region, allowed, cloud)
    found = find.with_others(found, seen, between, allowed, cloud)
    asked, fleet, wrong = find.with_activities(found, seen, are_all=are_all)
    members = look(asked, fleet, Looks(allowed, limits, now, watches=True), cloud)
    what = verdicts(members, limits, now)
    todo = what.todo
    if settings.mode == "observe":
        todo = {m.group_id: planned(m, todo[m.group_id]) for m in members}
    ends = apply(members, todo, cloud)
    some = families(members, now)
    held = held_rings(some, what.decided, ends, what.overdue, now)
    outcomes = (*wrong, *filter(worth_telling, ends.values()), *held)
    done = (family_done(family, what.decided, between) for family in some)
    left = to_go(some, what.decided)
    happened = (*edges(members, between, limits, left), *filter(None, done))
    begun = may_have_begun(some, between)
    due = (one for one in outcomes if is_due(one, between, limits, begun))
    lines = one_event((*due, *happened))
    counted = (ends[m.group_id] for m in members if not m.request.watched or m.is_live)
    return Report(
        (*outcomes, *happened),
        lines,
        states((*wrong, *counted)),
        progress(some, what.decided, ends),
        messages(lines, between),
    )
