"""Read all that the rules decide by, before anything is written.

`READS` says what is read and of which groups, cheapest first; `IN_TURN` what is read besides of
groups that follow a family, `WATCHES` what a tick reads to see what else they need. Each row sees
what the rows before it have read. A group that is settled needs no more, so a converged fleet costs
few calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..errors import ApiError
from ..gateway.actions import FILTER_VALUES
from ..model.fleet import IN_SERVICE
from ..model.member import Member, member
from ..model.request import START
from ..rules import rings, watch
from ..rules.decide import settled
from ..rules.restore import ended_badly

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from ..gateway.cloud import Cloud
    from ..model.fleet import Activity, Fleet, Group, Instance
    from ..model.limits import Allowed, Limits
    from ..model.policy import Policy
    from ..model.request import Request, Verb

    Asked = Sequence[tuple[Group, Request, Policy]]
    # Which groups (None is all), and what is read of them.
    Row = tuple[
        Callable[[list[Member], "Looks"], list[Member]] | None,
        Callable[[Fleet, list[Member], Cloud], Fleet],
    ]


class Looks(NamedTuple):
    """How it is looked: a pass that `watches` sees what live and failed refreshes need, too."""

    allowed: Allowed
    limits: Limits
    now: datetime
    watches: bool


def look(asked: Asked, fleet: Fleet, looks: Looks, cloud: Cloud) -> list[Member]:
    """Read what the rules need to know, and give the groups as they see them."""
    members = _members(asked, fleet, looks)
    rows = STEERED[asked[0][1].action] if asked else ()
    if looks.watches:
        rows = tuple(row for row in rows if row is not ACTIVITIES)  # a tick has listed them before
    if any(policy.family for _, _, policy in asked):
        rows += IN_TURN
    if looks.watches:
        rows += WATCHES
    for wanted, read in rows:
        some = wanted(members, looks) if wanted else members
        if some:
            fleet = read(fleet, some, cloud)
            members = _members(asked, fleet, looks)
    return members


def _members(asked: Asked, fleet: Fleet, looks: Looks) -> list[Member]:
    return [
        member(request, policy, looks.allowed, fleet, group) for group, request, policy in asked
    ]


# Which groups: pure, from what is known so far.


def with_open_instances(members: list[Member], looks: Looks) -> list[Member]:
    """Give those that no rule has settled, and those whose instances tell how a refresh went."""
    return [m for m in members if settled(m) is None or (looks.watches and _to_be_seen(m, looks))]


def _to_be_seen(one: Member, looks: Looks) -> bool:
    """Say whether a batch has baked or is stuck, or an attempt may have left something.

    It may have where the launch configuration names another image, or no instance is in service.
    """
    if one.is_live:
        return watch.bake_over(one, looks.now) or watch.seems_stuck(
            one.activity, looks.limits, looks.now
        )
    if one.request.watched:
        return ended_badly(one)
    behind = one.image_id != one.configured or not one.group.in_service
    return behind and one.group.instances > 0


def with_unknown_images(members: list[Member], _: Looks) -> list[Member]:
    """Give those whose instances run an image that is not known: a rollback puts it back."""
    return [
        m
        for m in members
        if any(one.image_id and one.image_id not in m.fleet.images for one in m.instances or ())
    ]


def with_unknown_past(members: list[Member], looks: Looks) -> list[Member]:
    """Give those whose past says whether the image failed here, or what an attempt has left.

    A newer image takes the place of a paused one only if it has not failed here.
    """
    return [
        m
        for m in members
        if m.group_id not in m.fleet.past
        and (settled(m) is None or (looks.watches and (_may_be_left(m) or watch.newer_image(m))))
    ]


def _may_be_left(one: Member) -> bool:
    """Say whether an attempt may have left something: an instance out of service, or an image."""
    if one.instances is None or one.request.watched:
        return False
    out = any(instance.life_cycle_state != IN_SERVICE for instance in one.instances)
    unknown = one.group_id not in one.fleet.activities
    return out or (unknown and one.configured not in one.running_images)


def with_unknown_end(members: list[Member], looks: Looks) -> list[Member]:
    """Give those that are done, whose last activity's end decides whether a higher ring moves."""
    if not any(m.policy.bake for m in members):
        return []
    return [
        m
        for family in rings.families(members, looks.now)
        for m in rings.unknown_ends(family, {m.group_id: settled(m) for m in family})
    ]


def gone_wrong(members: list[Member], looks: Looks) -> list[Member]:
    """Give those whose refresh seems frozen or stuck: the platform is asked why."""
    return [
        m
        for m in members
        if watch.seems_frozen(m, looks.limits, looks.now)
        or watch.seems_stuck(m.activity, looks.limits, looks.now)
    ]


def without_activity(members: list[Member], _: Looks) -> list[Member]:
    return [m for m in members if m.group_id not in m.fleet.activities]


def with_open_rollback(members: list[Member], _: Looks) -> list[Member]:
    """Give those whose instances say whether there is something to roll back, or to restore."""
    from ..rules.asked import action_of  # few requests steer

    return [m for m in members if action_of(m) is None]


# What is read of them.


def newest_or_live_activities(fleet: Fleet, members: list[Member], cloud: Cloud) -> Fleet:
    """Read the newest activities of few groups, or all that are live: either is one call."""
    if len(members) <= FILTER_VALUES:
        return newest_activities(fleet, members, cloud)
    live = cloud.autoscaling(fleet.region).live_activities()
    return fleet._replace(activities={one.group_id: one for one in live})


def newest_activities(fleet: Fleet, members: list[Member], cloud: Cloud) -> Fleet:
    """Read the groups' activities: the newest counts most, and the one that it undid."""
    ids = [m.group_id for m in members]
    seen = {one.activity_id: one for one in cloud.autoscaling(fleet.region).activities_of(ids)}
    newest = {one.group_id: one for one in seen.values()}
    past: dict[str, tuple[Activity, ...]] = dict.fromkeys(ids, ())
    for one in seen.values():
        past[one.group_id] = (*past.get(one.group_id, ()), one)
    origins = {o.activity_id: o for a in newest.values() if (o := seen.get(a.origin_id))}
    return fleet._replace(
        activities={**fleet.activities, **dict.fromkeys(ids), **newest},
        origins={**fleet.origins, **origins},
        past={**fleet.past, **past},
    )


def later_activities(fleet: Fleet, members: list[Member], cloud: Cloud) -> Fleet:
    """Read the newest activities again, and the images that those that began meanwhile bring."""
    fleet = newest_activities(fleet, members, cloud)
    begun = [m for m in members if (one := fleet.activities[m.group_id]) and one.live]
    return launch_configurations(fleet, begun, cloud) if begun else fleet


def launch_configurations(fleet: Fleet, members: list[Member], cloud: Cloud) -> Fleet:
    """Read them after the activities: what a live one brings was put in before it began."""
    ids = {m.group.launch_configuration_id for m in members} - {""}
    found = cloud.autoscaling(fleet.region).launch_configurations(sorted(ids))
    by_id = {configuration.launch_configuration_id: configuration for configuration in found}
    return fleet._replace(launch_configurations={**fleet.launch_configurations, **by_id})


def images(fleet: Fleet, members: list[Member], cloud: Cloud) -> Fleet:
    """Read the images to bring, those that the launch configurations name and those that run."""
    wanted = {name for m in members for name in (m.image_id, m.configured)}
    wanted |= {one.image_id for m in members for one in m.instances or ()}
    found = cloud.cvm(fleet.region).images(sorted(wanted - fleet.images.keys() - {""}))
    return fleet._replace(images={**fleet.images, **{image.image_id: image for image in found}})


def instances(fleet: Fleet, members: list[Member], cloud: Cloud) -> Fleet:
    """Read the groups' instances, with the image that each really runs."""
    listed = cloud.autoscaling(fleet.region).instances([m.group for m in members])
    machines = cloud.cvm(fleet.region).machines(instance.instance_id for instance in listed)
    seen: dict[str, list[Instance]] = {m.group_id: [] for m in members}
    for one in listed:
        machine = machines.get(one.instance_id)
        known = (machine.image_id, machine.system_disk, machine.state) if machine else ()
        seen.setdefault(one.group_id, []).append(one.__class__(*one[:4], *known))
    by_group = {group: tuple(some) for group, some in seen.items()}
    return fleet._replace(instances={**fleet.instances, **by_group})


def platform_words(fleet: Fleet, members: list[Member], cloud: Cloud) -> Fleet:
    """Read what the platform says of what failed; where it can't be read, that is said."""
    activities = [m.activity for m in members if m.activity]
    since = min((one.created for one in activities if one.created), default=None)
    concerned = [
        n for one in activities for n in (*one.failed_instances, *one.unfinished_instances)
    ]
    try:
        ids = [m.group_id for m in members]
        went_wrong = cloud.autoscaling(fleet.region).failed_scaling_activities(ids, since)
        machines = cloud.cvm(fleet.region).machines(concerned)
    except ApiError as error:
        return fleet._replace(unread=str(error))
    by_group = {
        m.group_id: tuple(a for a in went_wrong if a.group_id == m.group_id) for m in members
    }
    return fleet._replace(scaling_activities=by_group, machines=machines)


ACTIVITIES: Row = (None, newest_or_live_activities)
READS: tuple[Row, ...] = (
    ACTIVITIES,
    (None, launch_configurations),
    (None, images),
    (with_open_instances, instances),
    (with_unknown_images, images),
    (with_unknown_past, later_activities),
)
IN_TURN: tuple[Row, ...] = ((with_unknown_end, later_activities),)
WATCHES: tuple[Row, ...] = ((gone_wrong, platform_words),)
# What is read for each action of a request: an activity, and what a rollback would put back.
STEERED: dict[Verb, tuple[Row, ...]] = {
    START: READS,
    "StopInstanceRefresh": (ACTIVITIES,),
    "ResumeInstanceRefresh": (ACTIVITIES, (without_activity, newest_activities)),
    "CancelInstanceRefresh": (ACTIVITIES, (without_activity, newest_activities)),
    "RollbackInstanceRefresh": (
        ACTIVITIES,
        (without_activity, newest_activities),
        (with_open_rollback, launch_configurations),
        (with_open_rollback, instances),
        (with_unknown_images, images),
    ),
    "Hold": (),
    "Release": (),
}
