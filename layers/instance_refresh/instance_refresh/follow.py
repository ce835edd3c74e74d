"""Groups that follow an image family: their tags become requests, and their turns are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import outcome as o
from .decide import Decision, decide
from .observe import with_newest_activities
from .outcome import Outcome
from .policy import Policy, policy
from .wave import Member, gate, unknown_ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from .case import Case
    from .fleet import Fleet, Group
    from .gateway.cloud import Cloud
    from .request import Request

INVALID_TAG = "InvalidTag"


def policies(groups: Iterable[Group], region: str) -> tuple[dict[str, Policy], tuple[Outcome, ...]]:
    """Read every group's tags; a group with a wrong one is left alone and named."""
    valid: dict[str, Policy] = {}
    wrong: list[Outcome] = []
    for group in groups:
        read = policy(group.tags)
        if isinstance(read, Policy):
            valid[group.group_id] = read
            continue
        wrong.append(
            Outcome(
                o.REFUSED,
                "; ".join(map(str, read)),
                region,
                status=409,
                group=group.group_id,
                code=INVALID_TAG,
                remedy="Correct the tags; until then the group is left alone.",
            )
        )
    return valid, tuple(wrong)


def by_policy(request: Request, group_policy: Policy) -> Request:
    """Give the request for one group: what its tags say, where the request says nothing."""
    said = dict(request.rolling)
    rolling = group_policy.rolling | said
    if "BatchNumber" in said:
        rolling.pop("BatchSize", None)
    return request._replace(rolling=rolling)


def in_turn(
    cases: Mapping[str, Case],
    policy_of: Mapping[str, Policy],
    cloud: Cloud,
    now: datetime,
    free: int,
) -> tuple[list[Member], dict[str, Decision]]:
    """Decide one family's groups and let those start whose turn it is, `free` of them at most."""
    decided = decide(cases.values())
    members = [Member(case, policy_of[group], decided[group]) for group, case in cases.items()]
    needed = [member.case.group for member in unknown_ends(members)]
    if needed:
        fleet = with_newest_activities(members[0].case.fleet, cloud, needed)
        members = [member._replace(case=member.case._replace(fleet=fleet)) for member in members]
    return members, gate(members, now, free)


def refreshing(fleet: Fleet) -> int:
    """Count the groups of the fleet that have a live activity."""
    present = {group.group_id for group in fleet.groups}
    return sum(a.live and a.group_id in present for a in fleet.activities.values())
