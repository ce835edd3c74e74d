"""Groups that follow an image family: their tags become requests, and their turns are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.outcome import Outcome
from ..model.policy import Policy, policy
from ..rules.decide import decide
from ..rules.rings import Member, gate, unknown_ends
from .observe import seen_in, with_newest_activities

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from ..gateway.cloud import Cloud
    from ..model.fleet import Group
    from ..model.request import Request
    from ..rules.case import Case

INVALID_TAG = "InvalidTag"


def policies(
    groups: Iterable[Group], region: str
) -> tuple[list[tuple[Group, Policy]], tuple[Outcome, ...]]:
    """Read every group's tags; a group with a wrong one is left alone and named."""
    valid: list[tuple[Group, Policy]] = []
    wrong: list[Outcome] = []
    for group in groups:
        read = policy(group.tags)
        if isinstance(read, Policy):
            valid.append((group, read))
            continue
        wrong.append(
            Outcome(
                "refused",
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


def in_turn(cases: Sequence[Case], cloud: Cloud, now: datetime, free: int) -> list[Member]:
    """Decide one family's groups and let those start whose turn it is, `free` of them at most."""
    decided = decide(cases)
    members = [Member(case, decided[case.group.group_id]) for case in cases]
    needed = [member.case.group for member in unknown_ends(members)]
    if needed:
        fleet = with_newest_activities(cases[0].fleet, cloud, needed)
        members = [
            member._replace(case=case)
            for member, case in zip(members, seen_in(fleet, cases), strict=True)
        ]
    return gate(members, now, free)


def refreshing(cases: Iterable[Case]) -> int:
    """Count the groups that have a live activity."""
    return sum(case.is_live for case in cases)
