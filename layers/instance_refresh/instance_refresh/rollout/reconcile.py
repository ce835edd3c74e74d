"""The reconcile pass: bring every group that follows an image family to its newest good image.

What the groups need is decided by `decide`, `rings`, `restore` and `watch`, carried out by `apply`
and `steer`, and told by `report`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..errors import ApiError
from ..gateway.reading import side_by_side
from ..model.fleet import FAMILY_TAG, Fleet
from ..model.outcome import Outcome
from ..model.request import Request
from ..rules import watch
from ..rules.case import Case
from ..rules.preflight import region_refused
from ..rules.report import held_rings, states, told, worth_telling
from ..rules.restore import restore
from ..rules.rings import RING_WAITS, Member, places, turn, waits
from ..rules.start import Start
from .apply import apply
from .follow import by_policy, in_turn, policies, refreshing
from .observe import look, platform_says, seen_in, with_instances, with_newest_activities
from .steer import steer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ..gateway.cloud import Cloud
    from ..gateway.cvm import Cvm
    from ..model.act import Act
    from ..model.fleet import Image
    from ..model.limits import Limits
    from ..rules.decide import Decision
    from ..rules.rings import Wait
    from ..settings import Settings

Family = list[Member]


def reconcile(
    cloud: Cloud, settings: Settings, region: str, now: datetime
) -> tuple[tuple[Outcome, ...], dict[str, int]]:
    """Give the outcomes that changed something or need someone, and a count of groups by state."""
    unserved = region_refused(region, settings.allowed)
    if unserved:
        return (unserved,), {}
    cases, wrong = _look(cloud, settings, region, now)
    families = _decide(cases, cloud, settings, now)
    families = [_with_acts(family, settings, now) for family in families]
    families = _without_starts_on_restored(families)
    members = [member for family in families for member in family]
    acted = side_by_side(lambda member: _act_on(member, cloud), members)
    done = apply([end for end in acted if isinstance(end, Start)], cloud)
    ends = [done[end.group] if isinstance(end, Start) else end for end in acted]
    lines = (*wrong, *filter(worth_telling, ends), *held_rings(families, ends, now))
    return lines, states((*wrong, *ends))


def _look(
    cloud: Cloud, settings: Settings, region: str, now: datetime
) -> tuple[list[Case], tuple[Outcome, ...]]:
    groups = cloud.autoscaling(region).groups_with_tag(FAMILY_TAG)
    followers, wrong = policies(groups, region)
    families = sorted({policy.family for _, policy in followers})
    found = side_by_side(partial(_newest, cloud.cvm(region)), families)
    newest = dict(zip(families, found, strict=True))
    cases: list[Case] = []
    for group, policy in followers:
        image = newest[policy.family]
        if isinstance(image, ApiError):
            why = f"its image family can't be looked up: {image}"
            wrong += (Outcome("failed", why, region, group=group.group_id, **image.fields),)
            continue
        asked = Request(region, image_id=image and image.image_id, image_family=policy.family)
        asked = by_policy(asked, policy)
        cases.append(Case(asked, Fleet(region), group, settings.allowed, policy))
    fleet = Fleet(region, groups=tuple(case.group for case in cases))
    cases = look(seen_in(fleet, cases), cloud)
    return _look_closer(cases, cloud, now), wrong


def _look_closer(cases: list[Case], cloud: Cloud, now: datetime) -> list[Case]:
    """Look at what no start is decided by: batches that have baked, and what attempts have left."""
    if not cases:
        return []
    baked = [case.group for case in cases if watch.bake_over(case, now)]
    left = [case for case in cases if _may_need_someone(case)]
    fleet = with_instances(cases[0].fleet, cloud, [*baked, *(case.group for case in left)])
    left = [c for c in seen_in(fleet, left) if c.configured_image_id not in c.running_images]
    if left:
        fleet = with_newest_activities(fleet, cloud, [case.group for case in left])
    return seen_in(fleet, cases)


def _may_need_someone(case: Case) -> bool:
    """Say of a group that was not looked at closer whether an attempt may have left something.

    Its configuration names another image, or it is empty to a refresh: all are in standby.
    """
    group = case.group
    if case.is_live or not group.instances or group.group_id in case.fleet.instances:
        return False
    return case.image_id != case.configured_image_id or not group.in_service


def _newest(cvm: Cvm, family: str) -> Image | ApiError | None:
    """Give a family's newest image; one family's error doesn't stop the others."""
    try:
        return cvm.newest_of_family(family)
    except ApiError as error:
        return error


def _decide(cases: Sequence[Case], cloud: Cloud, settings: Settings, now: datetime) -> list[Family]:
    """Decide family by family; they share what may refresh at the same time."""
    free = settings.max_refreshing - refreshing(cases)
    families: list[Family] = []
    names = {case.policy.family for case in cases}
    for name in sorted(names, key=lambda name: turn(name, now)):
        members = in_turn([c for c in cases if c.policy.family == name], cloud, now, free)
        families.append(members)
        free -= len(places(members))
    return families


def _with_acts(family: Family, settings: Settings, now: datetime) -> Family:
    """Say what the groups need besides a start."""
    turns = waits(family, now)
    members = []
    for member in family:
        act = _act(member, turns[member.group_id], family, settings.limits, now)
        if act and act.kind != "alert" and not member.case.may_be_refreshed:
            reason = f"{act.reason}; the group is none of ALLOWED_GROUPS"
            act = act._replace(kind="alert", reason=reason)
        members.append(member._replace(act=act))
    return members


def _act(
    member: Member, wait: Wait | None, family: Family, limits: Limits, now: datetime
) -> Act | None:
    case, decision = member.case, member.decision
    if isinstance(decision, Start):
        return None
    if case.is_live:
        act = watch.newer_image(case) if wait is None else None
        below = [one.group_id for one in family if _rejects_below(one, member)]
        newer = case.is_newer and wait is not None and wait.code == RING_WAITS
        return act or watch.live(case, limits, now, below, newer_waits=newer)
    act = None if member.policy.hold else restore(case)
    comes = decision.outcome == "queued" and not member.policy.hold
    comes = comes or (decision.outcome == "refused" and decision.retryable)
    return act or watch.leftovers(case, limits, now, start_comes=comes)


def _rejects_below(one: Member, member: Member) -> bool:
    """Say whether one of a lower ring rejects what the member's launch configuration names."""
    decision, image = one.decision, member.case.configured_image_id
    rejects = isinstance(decision, Outcome) and decision.outcome == "rejected"
    return one.policy.ring < member.policy.ring and rejects and decision.image == image


def _without_starts_on_restored(families: list[Family]) -> list[Family]:
    """Let no group start on a launch configuration that is given its old image in this pass."""
    restored = {
        member.case.group.launch_configuration_id
        for family in families
        for member in family
        if member.act and member.act.kind == "restore"
    }

    def kept(member: Member) -> Member:
        decision = member.decision
        if not isinstance(decision, Start) or decision.launch_configuration not in restored:
            return member
        reason = f"{decision.launch_configuration} is being restored"
        return member._replace(decision=decision.ends("queued", reason, status=202))

    return [[kept(member) for member in family] for family in families]


def _act_on(member: Member, cloud: Cloud) -> Decision:
    """Do what the group needs besides a start, before any: a frozen group waits for none."""
    act, decision = member.act, member.decision
    if act is None or isinstance(decision, Start):
        return decision
    outcome = steer(act, member.case, cloud)
    if act.urgent:
        said = platform_says(act.instances, member.case, cloud)
        outcome = outcome._replace(notes=(*outcome.notes, *said))
    return told(act, outcome, decision)
