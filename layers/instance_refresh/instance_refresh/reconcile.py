"""The reconcile pass: bring every group that follows an image family to its newest good image.

What the groups need is decided by `decide`, `wave` and `watch`, and carried out by `apply`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from . import outcome as o
from . import watch
from .apply import apply
from .case import Case
from .errors import ApiError
from .fleet import FAMILY_TAG, Fleet
from .follow import by_policy, in_turn, policies, refreshing
from .gateway.reading import side_by_side
from .observe import look, with_instances, with_newest_activities
from .outcome import Outcome
from .preflight import passes, region_refused
from .request import Request
from .restore import restore
from .start import Start
from .steer import steer
from .wave import Member, holders, place, waits

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from .act import Act
    from .decide import Decision
    from .fleet import Image
    from .gateway.cloud import Cloud
    from .gateway.cvm import Cvm
    from .policy import Policy
    from .settings import Settings

NEEDS_SOMEONE = (o.REJECTED, o.REFUSED, o.FAILED, o.ATTENTION)


def reconcile(
    cloud: Cloud, settings: Settings, region: str, now: datetime
) -> tuple[tuple[Outcome, ...], dict[str, int]]:
    """Give the outcomes that changed something or need someone, and a count of groups by state."""
    unserved = region_refused(region, settings.allowed)
    if unserved:
        return (unserved,), {}
    cases, policy_of, outcomes = _look(cloud, settings, region, now)
    members, decisions = _decide(cases, policy_of, cloud, settings, now)
    acts = {member.group_id: act for member, act in _acts(members, decisions, settings, now)}
    decisions = _after_restores(members, decisions, acts)
    starts = [decision for decision in decisions.values() if isinstance(decision, Start)]
    done = apply(starts, cloud)

    def finish(member: Member) -> Outcome:
        act, decision = acts.get(member.group_id), decisions[member.group_id]
        if act is None:
            return done[decision.group] if isinstance(decision, Start) else decision
        return _finish(act, member.case, decision, cloud)

    ends = side_by_side(finish, members)
    states: dict[str, int] = {}
    for outcome in (*outcomes, *ends):
        state = outcome.code if outcome.outcome == o.QUEUED and outcome.code else outcome.outcome
        states[state] = states.get(state, 0) + 1
    told = filter(_worth_telling, ends)
    return (*outcomes, *told, *_held_waves(members, decisions, ends, now)), states


def _worth_telling(end: Outcome) -> bool:
    """Something was changed or needs someone; what passes by itself is only counted."""
    quiet = (o.ALREADY_CURRENT, o.IN_PROGRESS, o.QUEUED, o.SUPERSEDED)
    passing = all(map(passes, end.refusals)) if end.refusals else end.retryable
    return end.code == "Held" or (
        end.outcome not in quiet and not (end.outcome == o.REFUSED and passing)
    )


def _look(
    cloud: Cloud, settings: Settings, region: str, now: datetime
) -> tuple[dict[str, Case], dict[str, Policy], tuple[Outcome, ...]]:
    groups = cloud.autoscaling(region).groups_with_tag(FAMILY_TAG)
    policy_of, wrong = policies(groups, region)
    families = sorted({policy.family for policy in policy_of.values()})
    newest = dict(
        zip(families, side_by_side(partial(_newest, cloud.cvm(region)), families), strict=True)
    )
    requests: dict[str, Request] = {}
    for group, policy in list(policy_of.items()):
        image = newest[policy.family]
        if isinstance(image, ApiError):
            wrong += (_unknown_family(group, region, image),)
            del policy_of[group]
            continue
        asked = Request(
            region, image_id=image.image_id if image else None, image_family=policy.family
        )
        requests[group] = by_policy(asked, policy)
    fleet = Fleet(region, groups=tuple(g for g in groups if g.group_id in policy_of))

    def cases(fleet: Fleet) -> dict[str, Case]:
        return {
            group.group_id: Case(requests[group.group_id], fleet, group, settings.allowed)
            for group in fleet.groups
        }

    fleet = look(requests, fleet, cloud, settings.allowed)
    baked = [
        group
        for group in fleet.groups
        for activity in [fleet.activities.get(group.group_id)]
        if activity and watch.bake_over(activity, policy_of[group.group_id], now)
    ]
    fleet = with_instances(fleet, cloud, baked)
    unread = [case.group for case in cases(fleet).values() if _may_need_someone(case)]
    fleet = with_instances(fleet, cloud, unread)
    fleet = with_newest_activities(fleet, cloud, unread) if unread else fleet
    return cases(fleet), policy_of, wrong


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


def _unknown_family(group: str, region: str, error: ApiError) -> Outcome:
    return Outcome(
        o.FAILED,
        f"its image family can't be looked up: {error}",
        region,
        status=error.status,
        group=group,
        code=error.code,
        remedy=error.remedy,
        request_id=error.request_id or "",
        retryable=error.retryable,
    )


def _decide(
    cases: dict[str, Case],
    policy_of: dict[str, Policy],
    cloud: Cloud,
    settings: Settings,
    now: datetime,
) -> tuple[list[Member], dict[str, Decision]]:
    """Decide family by family; they share what may refresh at the same time."""
    free = settings.max_refreshing
    if cases:
        free -= refreshing(next(iter(cases.values())).fleet)
    members: list[Member] = []
    decisions: dict[str, Decision] = {}
    families = {policy.family for policy in policy_of.values()}
    for family in sorted(families, key=lambda name: place(name, now)):
        own = {group: c for group, c in cases.items() if policy_of[group].family == family}
        some, decided = in_turn(own, policy_of, cloud, now, free)
        members += some
        decisions |= decided
        free -= sum(isinstance(decision, Start) for decision in decided.values())
    return members, decisions


def _acts(
    members: list[Member], decisions: dict[str, Decision], settings: Settings, now: datetime
) -> Iterable[tuple[Member, Act]]:
    """Say what the groups need besides a start."""
    for family in {member.policy.family for member in members}:
        some = [member for member in members if member.policy.family == family]
        turns = waits(some, now)
        for member in some:
            case, decision = member.case, decisions[member.group_id]
            act: Act | None = None
            if case.is_live:
                wait = turns[member.group_id]
                below = [m.group_id for m in some if _rejects_below(m, decisions, member)]
                newer = case.is_newer and wait is not None and wait.code == "RingWaits"
                act = watch.newer_image(case) if wait is None else None
                act = act or watch.live(
                    case, member.policy, settings.limits, now, below, newer_waits=newer
                )
            elif isinstance(decision, Outcome):
                act = None if member.policy.hold else restore(case)
                comes = decision.outcome == o.QUEUED and not member.policy.hold
                comes = comes or (decision.outcome == o.REFUSED and decision.retryable)
                act = act or watch.leftovers(case, settings.limits, now, start_comes=comes)
            if act and act.kind != "alert" and not case.may_be_refreshed:
                reason = f"{act.reason}; the group is none of ALLOWED_GROUPS"
                act = act._replace(kind="alert", reason=reason)
            if act:
                yield member, act


def _rejects_below(one: Member, decisions: dict[str, Decision], member: Member) -> bool:
    """Say whether one of a lower ring rejects what the member's launch configuration names."""
    decision, image = decisions[one.group_id], member.case.configured_image_id
    rejects = isinstance(decision, Outcome) and decision.outcome == o.REJECTED
    return one.policy.ring < member.policy.ring and rejects and decision.image == image


def _after_restores(
    members: list[Member], decisions: dict[str, Decision], acts: dict[str, Act]
) -> dict[str, Decision]:
    """Let no group start on a launch configuration that is given its old image in this pass."""
    restored = {
        member.case.group.launch_configuration_id
        for member in members
        for act in [acts.get(member.group_id)]
        if act and act.kind == "restore"
    }
    return {
        group: decision.ends(
            o.QUEUED, f"{decision.launch_configuration} is being restored", status=202
        )
        if isinstance(decision, Start) and decision.launch_configuration in restored
        else decision
        for group, decision in decisions.items()
    }


def _finish(act: Act, case: Case, decision: Decision, cloud: Cloud) -> Outcome:
    outcome = steer(act, case, cloud)
    if act.urgent:
        outcome = outcome._replace(notes=(*outcome.notes, *_platform_says(act, case, cloud)))
    if act.kind != "alert" or isinstance(decision, Start):
        return outcome
    if not act.urgent and decision.outcome in (o.REJECTED, o.REFUSED) and _worth_telling(decision):
        return decision._replace(notes=(*decision.notes, f"{act.reason}: {act.remedy}"))
    why = decision.outcome in (o.REJECTED, o.REFUSED) or decision.code
    return outcome._replace(notes=(*outcome.notes, decision.reason)) if why else outcome


def _platform_says(act: Act, case: Case, cloud: Cloud) -> tuple[str, ...]:
    """Give the platform's own words, or why they can't be had."""
    try:
        return _words(act, case, cloud)
    except ApiError as error:
        return (f"what the platform says of it could not be read: {error}",)


def _words(act: Act, case: Case, cloud: Cloud) -> tuple[str, ...]:
    """Collect what the activity, its scaling activities and CVM say of the instances."""
    activity = case.activity
    if activity is None or not act.instances:
        return ()
    seen = [i for b in activity.batches for i in b.instances if i.instance_id in act.instances]
    said = [f"{i.instance_id}: {i.message}" for i in seen if i.message]
    region = case.fleet.region
    said += cloud.autoscaling(region).messages(
        sorted({i.scaling_activity_id for i in seen if i.scaling_activity_id})
    )
    for machine in cloud.cvm(region).machines(act.instances).values():
        operation = machine.get("LatestOperation")
        if operation and machine.get("LatestOperationState") != "SUCCESS":
            message = machine.get("LatestOperationErrorMsg") or ""
            state = f"{operation} {machine.get('LatestOperationState')} {message}".strip()
            said.append(f"{machine['InstanceId']}: {state}")
    return (*said[:20], f"and {len(said) - 20} more") if len(said) > 20 else tuple(said)


def _held_waves(
    members: list[Member],
    decisions: dict[str, Decision],
    ends: list[Outcome],
    now: datetime,
) -> Iterable[Outcome]:
    """Say, once a family, which groups stop the rings above them until someone acts."""
    ended = {outcome.group: outcome for outcome in ends}
    for family in sorted({member.policy.family for member in members}):
        some = [member for member in members if member.policy.family == family]
        waiting = [m for m in some if getattr(decisions[m.group_id], "code", "") == "RingWaits"]
        holding = (ended[member.group_id] for member in holders(some, now))
        stopped = [
            end
            for end in holding
            if _worth_telling(end) and (end.outcome in NEEDS_SOMEONE or end.code == "Held")
        ]
        if waiting and stopped:
            names = ", ".join(f"{e.group} ({e.outcome}: {e.reason})" for e in stopped)
            yield Outcome(
                o.ATTENTION,
                f"family {family}: {len(waiting)} groups of higher rings wait for {names}",
                stopped[0].region,
                image=stopped[0].image,
                code="WaveHeld",
                remedy="See the lines of the groups that are named.",
            )
