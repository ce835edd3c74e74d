"""A request from look to outcome: find, look, decide, apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.policy import NO_POLICY
from ..rules.case import Case
from ..rules.decide import absent, decide
from ..rules.preflight import region_refused
from ..rules.start import Start, planned
from .apply import apply
from .follow import by_policy, in_turn, policies, refreshing
from .observe import find, look

if TYPE_CHECKING:
    from datetime import datetime

    from ..gateway.cloud import Cloud
    from ..model.outcome import Outcome
    from ..model.request import Request
    from ..settings import Settings


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
    outcomes = absent(request, fleet)
    asked = [(group, NO_POLICY) for group in fleet.groups]
    if request.for_followers:
        asked, wrong = policies(fleet.groups, fleet.region)
        fleet = fleet._replace(groups=tuple(group for group, _ in asked))
        outcomes += wrong
    cases = look(
        [
            Case(by_policy(request, policy), fleet, group, settings.allowed, policy)
            for group, policy in asked
        ],
        cloud,
    )
    if request.for_followers:
        free = settings.max_refreshing - refreshing(cases)
        decisions = [member.decision for member in in_turn(cases, cloud, now, free)]
    else:
        decisions = list(decide(cases).values())
    starts = [decision for decision in decisions if isinstance(decision, Start)]
    done = {s.group: planned(s) for s in starts} if request.dry_run else apply(starts, cloud)
    return outcomes + tuple(
        done[decision.group] if isinstance(decision, Start) else decision for decision in decisions
    )
