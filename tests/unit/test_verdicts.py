"""All groups of a pass seen together: who starts, what is done besides, and what is told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.action import Action, Finding, Start
from instance_refresh.model.fleet import Batch, BatchInstance
from instance_refresh.model.limits import Allowed
from instance_refresh.model.outcome import Outcome
from instance_refresh.model.policy import NO_POLICY, Policy
from instance_refresh.model.request import Request
from instance_refresh.model.window import window
from instance_refresh.rules.decide import decide
from instance_refresh.rules.verdicts import in_turn, verdicts
from tests.unit.fleets import (
    LIMITS,
    NEW,
    OLD,
    activity,
    fleet,
    group,
    hours,
    image,
    instances,
    member_of,
)

if TYPE_CHECKING:
    from instance_refresh.model.fleet import Activity, Fleet
    from instance_refresh.model.member import Member
    from instance_refresh.rules.decide import Decision

ASKED = Request(region="ap-guangzhou", image_id=NEW, image_family="web")


def word(one: Decision) -> str:
    """Say in a word what is to be done."""
    if isinstance(one, Start):
        return "start"
    if isinstance(one, Finding):
        return one.action.kind if one.action else one.code
    return one.code or one.outcome


def todo(some: list[Member], now: float = 30, **limits: Any) -> list[str]:
    found = verdicts(some, LIMITS._replace(**limits), hours(now))
    assert list(found.todo) == [m.group_id for m in some]
    return [word(one) for one in found.todo.values()]


def turns(some: list[Member], **limits: Any) -> list[str]:
    """Give what starts in turn, and nothing else."""
    most = LIMITS._replace(**limits)
    return [word(one) for one in in_turn(some, decide(some, most), most, hours(30)).values()]


def said(some: list[Member], name: str, now: float = 30, **limits: Any) -> Outcome:
    one = verdicts(some, LIMITS._replace(**limits), hours(now)).todo[name]
    assert isinstance(one, Outcome)
    return one


def followers(where: Fleet, *policies: Policy, allowed: Allowed = Allowed()) -> list[Member]:  # noqa: B008 — a value
    return [
        member_of(ASKED, where, g, policy, allowed)
        for g, policy in zip(where.groups, policies, strict=True)
    ]


def groups(count: int, **fields: Any) -> list[Any]:
    return [group(f"asg-{n}", **fields) for n in range(count)]


def paused(status: str, name: str = "asg-0", **fields: Any) -> Activity:
    """An activity that is paused since hour 21, after its first batch."""
    first = f"ins-{name[4:]}I0"
    how = "FAILED" if status == "FAILED_PAUSE" else "SUCCESSFUL"
    one = Batch(1, how, hours(20), hours(21), (BatchInstance(first, how, "", ""),))
    return activity(status, name, batches=(one,), **fields)


WEB = Policy("web")
BAKED = Policy("web", bake=timedelta(minutes=10))


def test_nobody_asked_is_nothing_to_do() -> None:
    assert verdicts([], LIMITS, hours(30)) == ({}, {}, frozenset())


def test_tags_start_no_more_groups_than_are_meant() -> None:
    where = fleet(*groups(3))

    def by(**asked: Any) -> list[str]:
        request = ASKED._replace(image_family=None, **asked)
        some = [member_of(request, where, g) for g in where.groups]
        return turns(some, groups=2)

    meant = ("asg-0", "asg-1", "asg-2")
    assert by(tags=(("a", "b"),)) == ["TooManyGroups"] * 3
    assert by(tags=(("a", "b"),), max_groups=3) == ["start"] * 3
    assert by(group_ids=meant) == by(group_ids=meant, max_groups=1) == ["start"] * 3
    alone = [member_of(ASKED._replace(tags=(("a", "b"),)), where)]
    assert turns(alone, groups=1) == ["start"]


def test_live_groups_take_places_and_families_share_them() -> None:
    where = fleet(*groups(4), names=NEW, activities=(activity("RUNNING", "asg-0", created=29.9),))
    some = followers(where, WEB, WEB, Policy("www"), Policy("www"))
    assert turns(some, refreshing=4) == ["in_progress", "start", "start", "start"]
    for free in (0, 1, 2):
        starts = turns(some, refreshing=1 + free)
        assert starts.count("start") == free
        assert starts.count("CapReached") == 3 - free


def test_followers_that_refresh_elsewhere_take_places_too() -> None:
    some = followers(fleet(*groups(4)), *[WEB] * 4)
    for elsewhere, free in ((0, 3), (1, 2), (3, 0)):
        found = verdicts(some, LIMITS._replace(refreshing=3), hours(30), elsewhere).todo
        assert [word(one) for one in found.values()].count("start") == free
    assert todo(some, refreshing=3).count("start") == 3


def test_only_followers_wait_their_turn() -> None:
    where = fleet(*groups(2))
    some = [member_of(ASKED, where, g, NO_POLICY) for g in where.groups]
    assert turns(some, refreshing=1) == ["start", "start"]


def test_what_the_watch_finds_is_told_of_a_group_that_starts_nothing() -> None:
    late = followers(fleet(*groups(1)), WEB._replace(window=window("02:00-03:00 UTC")))
    assert todo(late, 30) == ["WindowClosed"]
    assert todo(late, 35) == ["NotDeployed"]
    assert verdicts(late, LIMITS, hours(35)).overdue == {"asg-0"}
    assert verdicts(late, LIMITS, hours(30)).overdue == frozenset()
    assert todo(late, 50) == ["start"]
    frozen = fleet(*groups(1), names=NEW, activities=(paused("FAILED_PAUSE"),))
    assert said(followers(frozen, WEB), "asg-0").urgent


def test_no_action_is_taken_on_a_group_that_is_not_allowed() -> None:
    where = fleet(*groups(2), names=NEW, activities=(paused("FAILED_PAUSE"),))
    some = followers(where, WEB, WEB, allowed=Allowed(groups=("asg-1",)))
    told = said(some, "asg-0", paused_action="rollback")
    assert told.reason.endswith("; the group is none of ALLOWED_GROUPS")
    some = followers(where, WEB, WEB, allowed=Allowed(groups=("asg-0",)))
    assert todo(some, paused_action="rollback")[0] == "rollback"


def older(status: str = "AUTO_PAUSE", lower: str = NEW, **policy: Any) -> list[Member]:
    """asg-0, in ring 1, is paused with the old image; asg-1 is below it and runs `lower`."""
    where = fleet(*groups(2), activities=(paused(status),))
    runs = {**where.instances, "asg-1": tuple(instances("asg-1", 4, lower))}
    newer = where.launch_configurations["asc-1"]._replace(image_id=lower)
    where = where._replace(
        instances=runs, launch_configurations={**where.launch_configurations, "asc-1": newer}
    )
    return followers(where, BAKED._replace(ring=1, **policy), WEB)


def test_a_newer_image_takes_the_place_of_a_paused_one_in_its_turn() -> None:
    assert todo(older(), 21.1) == ["cancel", "already_current"]
    assert todo(older(), 21.1, refreshing=0) == ["queued", "already_current"]
    assert todo(older(lower=OLD), 21.1) == ["queued", "start"]
    assert todo(older(hold="a sale"), 21.1) == ["queued", "already_current"]
    assert todo(older(window=window("02:00-03:00 UTC")), 21.1) == ["queued", "already_current"]


def test_what_failed_here_takes_the_place_of_nothing_however_new_it_is() -> None:
    failed = activity("FAILED", "asg-0", created=15, activity_id="asr-0")
    waits = paused("AUTO_PAUSE")
    where = fleet(*groups(1), activities=(waits,), past={"asg-0": (failed, waits)})
    set_since = where.launch_configurations["asc-0"]._replace(updated=hours(16))
    tried = where._replace(launch_configurations={"asc-0": set_since})
    assert todo(followers(tried, BAKED), 21.1) == ["queued"]
    assert todo(followers(tried, BAKED), 21.3) == ["resume"]
    older_than_it = failed._replace(created=hours(5))
    untried = tried._replace(past={"asg-0": (older_than_it, waits)})
    assert todo(followers(untried, BAKED), 21.1) == ["cancel"]
    assert todo(followers(where._replace(past={}), BAKED), 21.1) == ["cancel"]


def test_a_batch_that_has_baked_goes_on_only_if_no_newer_image_waits_for_its_ring() -> None:
    assert todo(older(lower=OLD), 21.3) == ["queued", "start"]
    closed = older(window=window("21:15-22:00 UTC"))
    assert todo(closed, 21.2)[0] == "queued"
    same = fleet(*groups(2), names=NEW, activities=(paused("AUTO_PAUSE"),))
    assert todo(followers(same, BAKED._replace(ring=1), WEB), 21.3) == ["resume", "start"]


def test_an_image_that_a_lower_ring_rejected_goes_on_nowhere() -> None:
    failed = activity("FAILED", "asg-1", created=20)

    def above(ring: int, names: str = NEW, **fields: Any) -> list[str]:
        where = fleet(
            *groups(2), names=names, activities=(paused("AUTO_PAUSE"), failed._replace(**fields))
        )
        return todo(followers(where, BAKED._replace(ring=ring), WEB), 21.3)

    assert above(1)[0] == "RejectedBelow"
    assert above(0)[0] == "resume"
    assert above(1, created=hours(5))[0] == "resume"  # before the image was made


def test_what_failed_leaves_the_configuration_unless_the_group_is_held() -> None:
    where = fleet(*groups(1), names=NEW, activities=(activity("FAILED", "asg-0", created=20),))
    found = verdicts(followers(where, WEB), LIMITS, hours(30))
    (one,) = found.todo.values()
    assert isinstance(one, Finding)
    assert one.action == Action("restore", image=OLD)
    assert [word(one) for one in found.decided.values()] == ["rejected"]
    held = said(followers(where, WEB._replace(hold="a sale")), "asg-0")
    assert held.outcome == "rejected"
    assert "the instances run" in held.notes[0]


@pytest.mark.parametrize(
    ("whose", "of_follower", "of_other"),
    [
        ("all", "restore", "restore"),
        ("followers", "restore", "already_current"),
        ("off", "rejected", "already_current"),
    ],
)
def test_whose_configurations_go_back(whose: Any, of_follower: str, of_other: str) -> None:
    where = fleet(*groups(1), names=NEW, activities=(activity("FAILED", "asg-0", created=20),))
    assert todo(followers(where, WEB), restore=whose) == [of_follower]
    watched = Request(region="ap-guangzhou", group_ids=("asg-0",), watched=True)
    assert todo([member_of(watched, where)], restore=whose) == [of_other]


def test_no_group_starts_on_a_configuration_that_is_being_restored() -> None:
    sharing = groups(2, launch_configuration_id="asc-s")
    failed = activity("FAILED", "asg-0", created=20)
    where = fleet(*sharing, names=NEW, activities=(failed,))
    assert todo(followers(where, WEB, WEB)) == ["restore", "queued"]
    waits = said(followers(where, WEB, WEB), "asg-1")
    assert (waits.status, waits.reason) == (202, "asc-s is being restored")
    other = fleet(*groups(2), names=NEW, activities=(failed,))
    assert todo(followers(other, WEB, WEB)) == ["restore", "start"]


def mixed(policy: Policy = WEB, *, where: Fleet | None = None) -> list[Member]:
    some = (*instances("asg-0", 2, OLD), *instances("asg-0", 1, NEW))
    seen = where or fleet(*groups(1))
    return followers(seen._replace(instances={"asg-0": some}), policy)


def test_what_a_start_is_going_to_mend_is_not_told() -> None:
    closed = WEB._replace(window=window("02:00-03:00 UTC"))
    assert todo(mixed(closed)) == ["WindowClosed"]
    assert todo(mixed(WEB._replace(hold="a sale"))) == ["MixedFleet"]
    busy = fleet(group("asg-0", in_activity=True))
    assert todo(mixed(where=busy)) == ["GroupInActivity"]
    broken = fleet(group("asg-0", status="LB_ABNORMAL"))
    told = said(mixed(where=broken), "asg-0")
    assert told.code == "GroupAbnormal"
    assert "several images" in told.notes[0]
    images = {OLD: image(OLD, 5), NEW: image(NEW, 0)}
    done = fleet(*groups(1), images=images, names=OLD)
    assert todo(mixed(where=done)) == ["MixedFleet"]
