"""Of which groups more is read: predicates on what is known so far."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from instance_refresh.model.fleet import Batch, BatchInstance
from instance_refresh.model.limits import ALL
from instance_refresh.model.policy import NO_POLICY, Policy
from instance_refresh.model.request import Request
from instance_refresh.rollout.look import (
    Looks,
    gone_wrong,
    with_open_instances,
    with_unknown_end,
    with_unknown_past,
)
from tests.unit.fleets import LIMITS, NEW, OLD, activity, fleet, group, hours, instances, member_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from instance_refresh.model.fleet import Activity, Fleet
    from instance_refresh.model.member import Member

TICK = Looks(ALL, LIMITS, hours(30), watches=True)
REQUEST = TICK._replace(watches=False)
ASKED = Request(region="ap-guangzhou", image_id=NEW, image_family="web")
WEB = Policy("web")


def paused(status: str = "AUTO_PAUSE", ended: float = 21) -> Activity:
    one = BatchInstance("ins-aI0", "SUCCESSFUL", "", "")
    batch = Batch(1, "SUCCESSFUL", hours(20), hours(ended), (one,))
    return activity(status, batches=(batch,))


def unread(*activities: Activity, asked: Request = ASKED, policy: Policy = WEB, **is_: Any) -> Any:
    """A group of which no instance was read yet, and no activity but those that are live."""
    where = fleet(activities=activities, looked=False, **{"instances": {}, **is_})
    return member_of(asked, where, policy=policy)


def wanted(
    which: Callable[[list[Member], Looks], list[Member]], one: Member, looks: Looks = TICK
) -> bool:
    return which([one], looks) == [one]


def test_instances_are_read_of_groups_that_may_start() -> None:
    for looks in (TICK, REQUEST):
        assert wanted(with_open_instances, unread(), looks)
        assert wanted(with_open_instances, unread(names=NEW), looks)
        settled = unread(activity("RUNNING", created=29.9), names=NEW)
        assert not wanted(with_open_instances, settled, looks)


def test_instances_are_read_where_the_watch_needs_them() -> None:
    baked = WEB._replace(bake=timedelta(hours=1))
    assert wanted(with_open_instances, unread(paused(), policy=baked, names=NEW))
    assert not wanted(with_open_instances, unread(paused(), policy=baked, names=NEW), REQUEST)
    assert not wanted(with_open_instances, unread(paused(ended=29.9), policy=baked, names=NEW))
    assert not wanted(with_open_instances, unread(paused(), names=NEW))
    stuck = unread(activity("RUNNING", created=28.9), names=NEW)
    assert wanted(with_open_instances, stuck)
    assert not wanted(with_open_instances, stuck, REQUEST)


def refused(count: int = 4, names: str = OLD, in_service: int | None = None) -> Member:
    where = fleet(group(status="LB_ABNORMAL", count=count), instances={}, names=names, looked=False)
    if in_service is not None:
        only = where.groups[0]._replace(in_service=in_service)
        where = where._replace(groups=(only,))
    return member_of(ASKED, where, policy=WEB)


def test_instances_are_read_where_an_attempt_may_have_left_something() -> None:
    assert wanted(with_open_instances, refused())
    assert not wanted(with_open_instances, refused(), REQUEST)
    assert not wanted(with_open_instances, refused(names=NEW))
    assert wanted(with_open_instances, refused(names=NEW, in_service=0))
    assert not wanted(with_open_instances, refused(count=0))


def test_activities_are_read_of_groups_that_would_start() -> None:
    would = unread(instances=fleet().instances)
    for looks in (TICK, REQUEST):
        assert wanted(with_unknown_past, would, looks)
        read = fleet(past={"asg-a": ()})
        assert not wanted(with_unknown_past, member_of(ASKED, read, policy=WEB), looks)
    current = unread(names=NEW, instances=fleet(runs=NEW).instances)
    assert not wanted(with_unknown_past, current)


def test_activities_are_read_where_a_command_says_nothing_of_what_failed_before_it() -> None:
    command = activity("SUCCESSFUL")
    since = fleet(activities=(command,))
    assert wanted(with_unknown_past, member_of(ASKED, since, policy=WEB))
    read = since._replace(past={"asg-a": (command,)})
    assert not wanted(with_unknown_past, member_of(ASKED, read, policy=WEB))


def test_activities_are_read_where_something_may_be_left() -> None:
    def done(some: Any, **is_: Any) -> Member:
        """A group that is not to be started, as its image is older than what it runs."""
        seen: Member = unread(
            asked=ASKED._replace(image_id=OLD), instances={"asg-a": tuple(some)}, **is_
        )
        return seen

    runs = instances("asg-a", 3, NEW)
    assert not wanted(with_unknown_past, done(runs, names=NEW))
    out = (*runs, *instances("asg-a", 1, NEW, "STANDBY"))
    assert wanted(with_unknown_past, done(out, names=NEW))
    assert not wanted(with_unknown_past, done(out, names=NEW), REQUEST)
    assert wanted(with_unknown_past, done(runs, names=OLD))
    assert not wanted(with_unknown_past, refused())


def test_activities_are_read_where_a_newer_image_would_take_the_place_of_a_paused_one() -> None:
    waits = unread(paused(), names=OLD)
    assert wanted(with_unknown_past, waits)
    assert not wanted(with_unknown_past, waits, REQUEST)
    read = waits.fleet._replace(past={"asg-a": (paused(),)})
    assert not wanted(with_unknown_past, member_of(ASKED, read, policy=WEB))
    assert not wanted(with_unknown_past, unread(paused(), names=NEW))


def test_the_end_of_an_activity_is_read_where_a_higher_ring_waits_for_its_bake() -> None:
    groups = [group(f"asg-{n}") for n in range(2)]
    runs = {"asg-0": tuple(instances("asg-0", 4, NEW)), "asg-1": tuple(instances("asg-1", 4, OLD))}
    where = fleet(*groups, names=NEW, instances=runs, looked=False)

    def of(policy: Policy, seen: Fleet = where) -> list[str]:
        some = [
            member_of(ASKED, seen, one, policy and policy._replace(ring=ring))
            for ring, one in enumerate(groups)
        ]
        return [m.group_id for m in with_unknown_end(some, REQUEST)]

    bake = WEB._replace(bake=timedelta(minutes=10))
    assert of(bake) == ["asg-0"]
    assert of(WEB) == []
    assert of(NO_POLICY._replace(bake=timedelta(minutes=10))) == []
    assert of(bake, where._replace(activities={"asg-0": None})) == []
    same = {**runs, "asg-1": tuple(instances("asg-1", 4, NEW))}
    assert of(bake, where._replace(instances=same)) == []


def test_the_platform_is_asked_of_what_is_frozen_or_stuck() -> None:
    stuck = unread(activity("RUNNING", created=28.9), names=NEW)
    for wrong in (unread(paused("FAILED_PAUSE")), unread(paused("AUTO_PAUSE")), stuck):
        assert wanted(gone_wrong, wrong)
    for well in (
        unread(),
        unread(paused("FAILED_PAUSE", ended=29.9)),
        unread(paused("MANUAL_PAUSE")),
        unread(activity("RUNNING", created=29.1)),
        unread(activity("FAILED")),
    ):
        assert not wanted(gone_wrong, well)
