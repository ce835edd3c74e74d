from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from instance_refresh.model.action import Start
from instance_refresh.model.fleet import FAMILY_TAG, Activity
from instance_refresh.model.policy import Policy
from instance_refresh.model.request import Request
from instance_refresh.model.window import window
from instance_refresh.rules.decide import decide, settled
from instance_refresh.rules.rings import (
    families,
    gate,
    places,
    turn,
    unfinished,
    unknown_ends,
    waits,
)
from tests.unit.fleets import LIMITS, NEW, OLD, activity, fleet, group, hours, instances, member_of

if TYPE_CHECKING:
    from instance_refresh.model.member import Member

ASKED = Request(region="ap-guangzhou", image_id=NEW, image_family="web")


def members(
    *rings: int, done: tuple[str, ...] = (), newest: tuple[Activity, ...] = (), **fields: Any
) -> list[Member]:
    """Groups asg-0, asg-1, … in these rings; those `done` run the image."""
    groups = [group(f"asg-{n}", tags={FAMILY_TAG: "web"}) for n in range(len(rings))]
    running = {
        g.group_id: tuple(instances(g.group_id, 4, NEW if g.group_id in done else OLD))
        for g in groups
    }
    where = fleet(*groups, names=NEW, instances=running, activities=newest, looked=bool(newest))
    return [
        member_of(ASKED, where, one, Policy("web", ring, **fields))
        for one, ring in zip(groups, rings, strict=True)
    ]


def turns(some: list[Member], now: float = 30, free: int = 99) -> dict[str, str]:
    return {
        name: "start" if isinstance(one, Start) else one.code or getattr(one, "outcome", "")
        for name, one in gate(some, decide(some, LIMITS), hours(now), free).items()
    }


def known(some: list[Member]) -> dict[str, Any]:
    return {member.group_id: settled(member) for member in some}


def test_rings_go_one_after_another() -> None:
    assert turns(members(0, 1, 1)) == {
        "asg-0": "start", "asg-1": "RingWaits", "asg-2": "RingWaits",
    }  # fmt: skip
    assert turns(members(0, 1, 1, done=("asg-0",))) == {
        "asg-0": "already_current", "asg-1": "start", "asg-2": "start",
    }  # fmt: skip
    assert turns(members(3, 1, 2, done=("asg-1",)))["asg-2"] == "start"


def test_a_group_names_some_of_many_that_it_waits_for() -> None:
    some = members(*[0] * 50, 1)
    wait = waits(some, decide(some, LIMITS), hours(30))["asg-50"]
    assert wait is not None
    assert wait.reason.startswith("ring 1 waits for ring 0: asg-0, asg-1, ")
    assert wait.reason.endswith(", asg-19, and 30 more")
    few = waits(members(*[0] * 20, 1), decide(members(*[0] * 20, 1), LIMITS), hours(30))["asg-20"]
    assert few is not None
    assert few.reason.endswith(", asg-19")


def test_a_ring_waits_for_the_bake_of_the_one_below() -> None:
    ended = activity("SUCCESSFUL", "asg-0", created=25, ended=hours(29.5))
    some = members(0, 1, done=("asg-0",), newest=(ended,), bake=timedelta(hours=1))
    assert turns(some)["asg-1"] == "RingWaits"
    assert turns(some, now=30.5)["asg-1"] == "start"
    assert unknown_ends(some, known(some)) == []
    unread = members(0, 1, done=("asg-0",), bake=timedelta(hours=1))
    assert [member.group_id for member in unknown_ends(unread, known(unread))] == ["asg-0"]
    all_done = members(0, 1, done=("asg-0", "asg-1"), bake=timedelta(hours=1))
    assert unknown_ends(all_done, known(all_done)) == []


def test_a_bake_of_what_is_not_known_or_still_runs_is_over() -> None:
    """Without a bake, an activity or its end there is nothing to wait for."""
    for newest in ((), (activity("SUCCESSFUL", "asg-0", created=29.9, ended=None),)):
        some = members(0, 1, done=("asg-0",), newest=newest, bake=timedelta(hours=1))
        assert turns(some)["asg-1"] == "start"
    ended = activity("SUCCESSFUL", "asg-0", created=29, ended=hours(29.9))
    assert turns(members(0, 1, done=("asg-0",), newest=(ended,)))["asg-1"] == "start"
    exactly = activity("SUCCESSFUL", "asg-0", created=25, ended=hours(29))
    some = members(0, 1, done=("asg-0",), newest=(exactly,), bake=timedelta(hours=1))
    assert turns(some)["asg-1"] == "start"


def test_an_end_is_unknown_only_below_a_ring_that_moves() -> None:
    bake: dict[str, Any] = {"bake": timedelta(hours=1)}
    two = members(0, 0, 1, done=("asg-0", "asg-1"), **bake)
    assert [m.group_id for m in unknown_ends(two, known(two))] == ["asg-0", "asg-1"]
    same = members(0, 0, done=("asg-0",), **bake)
    assert unknown_ends(same, known(same)) == []
    open_ = known(two) | {"asg-2": None}
    assert [m.group_id for m in unknown_ends(two, open_)] == ["asg-0", "asg-1"]
    assert [m.group_id for m in unknown_ends(two, open_ | {"asg-0": None})] == ["asg-1"]
    live = members(0, 1, done=("asg-0",), newest=(activity("RUNNING", "asg-1"),), **bake)
    unread = [m._replace(fleet=m.fleet._replace(activities={})) for m in live]
    assert [m.group_id for m in unknown_ends(unread, known(live))] == ["asg-0"]


def test_what_waits_is_queued_and_what_goes_takes_a_place_each() -> None:
    some = members(0, 0, 0, 1, done=("asg-0",))
    decided = gate(some, decide(some, LIMITS), hours(30), 1)
    assert sorted(turns(some, free=1).values()) == [
        "CapReached", "RingWaits", "already_current", "start",
    ]  # fmt: skip
    waiting = [one for one in decided.values() if getattr(one, "outcome", "") == "queued"]
    assert [getattr(one, "status", 0) for one in waiting] == [202, 202]


def test_families_come_in_another_order_each_hour() -> None:
    groups = [group(f"asg-{n}") for n in range(4)]
    some = [member_of(ASKED, fleet(*groups), g, Policy("ab"[n % 2])) for n, g in enumerate(groups)]
    orders = set()
    for hour in range(24):
        found = families(some, hours(hour))
        assert sorted([m.group_id for m in family] for family in found) == [
            ["asg-0", "asg-2"], ["asg-1", "asg-3"],
        ]  # fmt: skip
        orders.add(found[0][0].policy.family)
    assert orders == {"a", "b"}


def test_a_failure_holds_the_rings_above() -> None:
    failed = activity("FAILED", "asg-0", created=20)
    some = members(0, 0, 1, done=("asg-1",), newest=(failed,))
    assert turns(some) == {
        "asg-0": "rejected", "asg-1": "already_current", "asg-2": "RingWaits",
    }  # fmt: skip
    assert [member.group_id for member in unfinished(some, decide(some, LIMITS), hours(30))] == [
        "asg-0"
    ]


def test_a_group_without_instances_holds_nobody_up() -> None:
    groups = [group("asg-0", count=0), group("asg-1")]
    where = fleet(*groups)
    some = [member_of(ASKED, where, g, Policy("web", n)) for n, g in enumerate(groups)]
    assert turns(some) == {"asg-0": "GroupEmpty", "asg-1": "start"}


def test_holds_windows_and_the_cap_make_it_wait() -> None:
    assert turns(members(0, hold="a sale"))["asg-0"] == "Held"
    closed = window("02:00-05:00 UTC")
    assert turns(members(0, window=closed), now=6)["asg-0"] == "WindowClosed"
    assert turns(members(0, window=closed), now=27)["asg-0"] == "start"
    assert list(turns(members(0, 0, 0), free=2).values()) == ["start", "start", "CapReached"]
    assert turns(members(0), free=-1)["asg-0"] == "CapReached"


def test_a_closed_window_says_when_it_opens() -> None:
    some = members(0, window=window("Mon-Fri 02:00-05:00 Asia/Shanghai"))
    wait = waits(some, decide(some, LIMITS), hours(48))[
        "asg-0"
    ]  # 2026-01-03 08:00 there, a Saturday
    assert wait is not None
    assert wait.reason == "its maintenance window opens at 2026-01-05 02:00 CST"


def test_groups_that_share_a_configuration_count_as_one() -> None:
    groups = [group(f"asg-{n}", launch_configuration_id="asc-s") for n in range(3)]
    some = [member_of(ASKED, fleet(*groups), g, Policy("web")) for g in groups]
    assert list(turns(some, free=1).values()) == ["start", "start", "start"]
    assert places(gate(some, decide(some, LIMITS), hours(30), 1).values()) == 1
    assert list(turns(some, free=0).values()) == ["CapReached"] * 3


def test_a_start_that_reinstalls_nothing_takes_no_place() -> None:
    ahead = fleet(group("asg-0"), names=OLD, runs=NEW)
    some = [member_of(ASKED, ahead, policy=Policy("web"))]
    assert turns(some, free=0) == {"asg-0": "start"}
    assert places(decide(some, LIMITS).values()) == 0


def test_a_name_that_is_no_unicode_has_its_turn() -> None:
    assert turn("\ud800", hours(30)) >= 0
