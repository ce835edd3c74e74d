"""The status: the pass without its writes.

What a tick reads is read and decided in the same way; then what only people want to know is read:
the instances of the groups whose instances no rule needed, and what the platform says of failures.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import ApiError, NotServed
from ..gateway.reading import side_by_side
from ..model.fleet import FAMILY_TAG, Fleet
from ..model.member import member
from ..model.outcome import Outcome
from ..model.policy import NO_POLICY, Policy, policy
from ..model.request import Request
from ..rules.edges import Between
from ..rules.preflight import refusal, refusal_fields, region_refused
from ..rules.standing import Standing
from ..rules.start import planned
from ..rules.status import Surveyed, document
from ..rules.verdicts import verdicts
from . import find
from .look import Looks, images, instances, look, platform_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ..gateway.actions import AutoScaling
    from ..gateway.cloud import Cloud
    from ..model.fleet import Activity, Group
    from ..model.member import Member
    from ..model.query import Query
    from ..settings import Settings
    from .look import Asked


class _Found(NamedTuple):
    """The groups of a survey: `followers`, those with wrong tags among them, and `others`.

    `shown` are the groups asked for, None for all; `missing` those that are named and not there.
    """

    followers: tuple[Group, ...]
    others: tuple[Group, ...]
    shown: frozenset[str] | None
    missing: tuple[Outcome, ...]


def survey(query: Query, cloud: Cloud, settings: Settings, now: datetime) -> dict[str, Any]:
    """Say where the groups stand; a NotServed where what is asked for isn't there."""
    region, allowed, limits = query.region, settings.allowed, settings.limits
    if settings.allowed_regions and region not in settings.allowed_regions:
        raise _not_served(region_refused(region))
    there = _find(query, cloud)
    between = Between(settings.schedule_cron.before(now) or now - timedelta(minutes=5), now)
    seen, are_all = cloud.autoscaling(region).activities_since(between.since - find.LOOK_BACK)
    seen, elsewhere = _of_these(there, seen, cloud.autoscaling(region))
    found = find.following(there.followers, region, allowed, cloud)
    found = find.with_others(found, seen, between, allowed, cloud)
    asked, fleet, wrong = find.with_activities(found, seen, are_all=are_all)
    looks = Looks(allowed, limits, now, watches=True)
    members, unread = _look(asked, fleet, looks, cloud)
    ends = verdicts(members, limits, now, elsewhere)
    todo = ends.todo
    if settings.mode == "observe":
        todo = {m.group_id: planned(m, todo[m.group_id]) for m in members}
    idle, unread_idle = _idle(there, fleet, looks, cloud)
    families = {m.policy.family for m in members} - {""}
    standings = (
        Standing(m, ends.decided.get(m.group_id), todo.get(m.group_id), why)
        for m, why in (*_shown(members, cloud), *_shown(idle, cloud))
    )
    surveyed = Surveyed(
        region,
        tuple(one for one in standings if there.shown or not _is_over(one)),
        (*wrong, *unread, *unread_idle, *there.missing),
        tuple(cloud.cvm(region).of_families(families) if families else ()),
        there.shown,
    )
    return document(surveyed, limits, now)


def _is_over(one: Standing) -> bool:
    """Say whether a group that is only watched has nothing more to tell."""
    done = getattr(one.todo, "outcome", "") == "already_current"
    return one.member.request.watched and done


def _find(query: Query, cloud: Cloud) -> _Found:
    """Find the groups; those that are asked for with all that follow their families.

    A ring's turn depends on the whole family.
    """
    autoscaling = cloud.autoscaling(query.region)
    if query.for_all:
        return _Found(tuple(autoscaling.groups_with_tag(FAMILY_TAG)), (), None, ())
    named = autoscaling.groups(query.groups)
    named += autoscaling.groups_with_tags(query.tags) if query.tags else []
    families = {*query.families, *(g.tags[FAMILY_TAG] for g in named if FAMILY_TAG in g.tags)}
    tags = [((FAMILY_TAG, name),) for name in sorted(families)]
    listed = side_by_side(autoscaling.groups_with_tags, tags)
    followers = [group for some in listed for group in some]
    lone = {group.group_id: group for group in named if FAMILY_TAG not in group.tags}
    of_families = {g.group_id for g in followers if g.tags[FAMILY_TAG] in query.families}
    asked_for = {*query.groups, *of_families, *(group.group_id for group in named)}
    missing = _missing(query, named, followers)
    return _Found(tuple(followers), tuple(lone.values()), frozenset(asked_for), missing)


def _of_these(
    there: _Found, seen: list[Activity], autoscaling: AutoScaling
) -> tuple[list[Activity], int]:
    """Give the activities of the groups that were found, and count the other live followers.

    These take places of MAX_REFRESHING too.
    """
    if there.shown is None:
        return seen, 0
    ids = {group.group_id for group in (*there.followers, *there.others)}
    live = {one.group_id for one in seen if one.live} - ids
    others = autoscaling.groups(sorted(live)) if live else []
    followers = (isinstance(policy(g.tags), Policy) for g in others if FAMILY_TAG in g.tags)
    return [one for one in seen if one.group_id in ids], sum(followers)


def _idle(
    there: _Found, fleet: Fleet, looks: Looks, cloud: Cloud
) -> tuple[list[Member], tuple[Outcome, ...]]:
    """Look at groups that are asked for, follow no family and are not refreshing."""
    watched = {group.group_id for group in fleet.groups}
    asked = [
        (group, Request(fleet.region, group_ids=(group.group_id,), watched=True), NO_POLICY)
        for group in there.others
        if group.group_id not in watched
    ]
    alone = Fleet(fleet.region, groups=tuple(group for group, _, _ in asked))
    return _look(asked, alone, looks, cloud)


def _missing(
    query: Query, named: Sequence[Group], followers: Sequence[Group]
) -> tuple[Outcome, ...]:
    """Say which groups are not there; a NotServed where nothing is that was asked for."""
    there = {group.group_id for group in named}
    missing = tuple(
        Outcome("refused", region=query.region, group=name, **refusal_fields([why]))
        for name in query.groups
        if name not in there
        for why in [refusal("GroupNotFound", f"there is no scaling group {name}")]
    )
    if named or followers:
        return missing
    if missing:
        raise _not_served(missing[0])
    code, what = ("NoFollower", "follows the image family") if query.families else _NO_TAGS
    wanted = query.families or [f"{key}={value}" for key, value in query.tags]
    why = refusal(code, f"no scaling group {what} {', '.join(wanted)}")
    raise _not_served(Outcome("refused", region=query.region, **refusal_fields([why])))


_NO_TAGS = ("NoGroupMatches", "has the tags")


def _not_served(refused: Outcome) -> NotServed:
    return NotServed(refused.code, refused.status, refused.reason, refused.remedy)


def _look(
    asked: Asked, fleet: Fleet, looks: Looks, cloud: Cloud
) -> tuple[list[Member], tuple[Outcome, ...]]:
    """Look at the groups; one that is answered with nonsense is named, and the others are shown."""
    if not asked:
        return [], ()
    try:
        return look(asked, fleet, looks, cloud), ()
    except ApiError as error:
        if error.code != "InvalidAnswer":
            raise
        if len(asked) == 1:
            group, why = asked[0][0], f"it can't be read: {error}"
            fields = {"group": group.group_id, "group_name": group.name, **error.fields}
            return [], (Outcome("failed", why, fleet.region, **fields),)
    halves = (asked[: len(asked) // 2], asked[len(asked) // 2 :])
    parts = [_look(half, fleet, looks, cloud) for half in halves]
    return [m for some, _ in parts for m in some], tuple(one for _, some in parts for one in some)


def _shown(members: Sequence[Member], cloud: Cloud) -> list[tuple[Member, str]]:
    """Read what is only shown, after all was decided; gives why where it can't be read."""
    seen: list[tuple[Member, str]] = []
    for fleet in {id(m.fleet): m.fleet for m in members}.values():
        some = [m for m in members if m.fleet is fleet]
        unseen = [m for m in some if m.instances is None]
        failed = [m for m in some if m.is_live and m.activity and m.activity.failed_instances]
        failed = [m for m in failed if m.group_id not in fleet.scaling_activities]
        now, unread = _instances(fleet, unseen, cloud) if unseen else (fleet, {})
        now = platform_words(now, failed, cloud) if failed else now
        now = images(now, [_seen_in(now, m) for m in some], cloud)
        seen += [(_seen_in(now, m), unread.get(m.group_id, "")) for m in some]
    return seen


def _seen_in(fleet: Fleet, one: Member) -> Member:
    return member(one.request, one.policy, one.allowed, fleet, one.group)


def _instances(
    fleet: Fleet, some: Sequence[Member], cloud: Cloud
) -> tuple[Fleet, Mapping[str, str]]:
    """Read the groups' instances, and why not of those that are answered with nonsense."""
    try:
        return instances(fleet, list(some), cloud), {}
    except ApiError as error:
        if error.code != "InvalidAnswer":
            raise
        if len(some) == 1:
            return fleet, {some[0].group_id: f"its instances can't be read: {error}"}
    fleet, first = _instances(fleet, some[: len(some) // 2], cloud)
    fleet, second = _instances(fleet, some[len(some) // 2 :], cloud)
    return fleet, {**first, **second}
