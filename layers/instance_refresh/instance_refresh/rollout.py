"""A request from look to outcome: find, look, decide, apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .apply import apply
from .case import Case
from .decide import absent, decide
from .follow import by_policy, in_turn, policies, refreshing
from .observe import find, look
from .preflight import region_refused
from .start import Start, planned

if TYPE_CHECKING:
    from datetime import datetime

    from .gateway.cloud import Cloud
    from .outcome import Outcome
    from .policy import Policy
    from .request import Request
    from .settings import Settings


def roll_out(
    request: Request, cloud: Cloud, settings: Settings, now: datetime
) -> tuple[Outcome, ...]:
    """Give one outcome a group; an ApiError where the look itself failed.

    A request without a target goes to the image's followers, each when its turn has come.
    """
    unserved = region_refused(request.region, settings.allowed)
    if unserved:
        return (unserved,)
    request, fleet = find(request, cloud)
    policy_of: dict[str, Policy] = {}
    outcomes = absent(request, fleet)
    if request.for_followers:
        policy_of, wrong = policies(fleet.groups, fleet.region)
        fleet = fleet._replace(groups=tuple(g for g in fleet.groups if g.group_id in policy_of))
        outcomes += wrong
    requests = {
        group.group_id: by_policy(request, policy_of[group.group_id]) if policy_of else request
        for group in fleet.groups
    }
    fleet = look(requests, fleet, cloud, settings.allowed)
    cases = {
        group.group_id: Case(requests[group.group_id], fleet, group, settings.allowed)
        for group in fleet.groups
    }
    if policy_of:
        free = settings.max_refreshing - refreshing(fleet)
        _, decisions = in_turn(cases, policy_of, cloud, now, free)
    else:
        decisions = decide(cases.values())
    starts = [decision for decision in decisions.values() if isinstance(decision, Start)]
    done = {s.group: planned(s) for s in starts} if request.dry_run else apply(starts, cloud)
    return outcomes + tuple(
        done[decision.group] if isinstance(decision, Start) else decision
        for decision in decisions.values()
    )
