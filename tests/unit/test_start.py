from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instance_refresh.model.action import Finding
from instance_refresh.model.request import Request
from instance_refresh.rules.start import planned, start_of
from tests.unit.fleets import NEW, OLD, activity, fleet, group, image, instances, member_of

if TYPE_CHECKING:
    from instance_refresh.model.action import Start
    from instance_refresh.model.fleet import Fleet
    from instance_refresh.model.outcome import Plan

ASKED = Request(region="ap-guangzhou", group_ids=("asg-a",), image_id=NEW)
PLAIN = Request(region="ap-guangzhou", group_ids=("asg-a",))


def start(where: Fleet, asked: Request = ASKED) -> Start:
    return start_of(member_of(asked, where))


def plan(where: Fleet, **rolling: Any) -> Plan:
    return start(where, ASKED._replace(rolling=rolling)).plan


def test_a_start_says_all_that_is_sent_and_what_was() -> None:
    one = start(fleet(group(name="web"), activities=(activity("SUCCESSFUL"),)))
    assert (one.region, one.group, one.group_name) == ("ap-guangzhou", "asg-a", "web")
    assert (one.launch_configuration, one.configured_image, one.image) == ("asc-a", OLD, NEW)
    assert (one.sets_image, one.refreshes, one.refresh_mode) == (True, True, "ROLLING_UPDATE_RESET")
    assert one.newest_activity == "asr-1"
    assert start(fleet()).newest_activity == ""
    assert not start_of(member_of(ASKED, fleet()), refreshes=False).refreshes


def test_a_plan_counts_the_instances() -> None:
    some = (*instances("asg-a", 3, OLD), *instances("asg-a", 3, NEW, "STANDBY"))
    where = fleet(instances={"asg-a": (*some, *instances("asg-a", 2, NEW))})
    counted = plan(where, BatchNumber=2, MaxSurge=1)
    assert (counted.reinstalled, counted.current, counted.left) == (5, 2, 3)
    assert (counted.batches, counted.least_in_service) == (2, 3)
    assert plan(where, BatchNumber=2).least_in_service == 2


def test_what_a_rollback_puts_back() -> None:
    assert plan(fleet()).rollback_image == OLD
    gone = fleet(images={NEW: image(NEW)})
    deprecated = fleet(images={NEW: image(NEW), OLD: image(OLD, deprecated=True)})
    assert plan(gone).rollback_image == plan(deprecated).rollback_image == ""
    several = (*instances("asg-a", 1, OLD), *instances("asg-a", 1, NEW))
    assert plan(fleet(instances={"asg-a": several})).rollback_image == ""
    replaced = ASKED._replace(refresh_mode="ROLLING_UPDATE_REPLACE")
    assert start(fleet(), replaced).plan.rollback_image == ""


def test_what_is_put_back_if_the_start_is_refused() -> None:
    assert start(fleet()).put_back_image == OLD
    assert start(fleet(images={NEW: image(NEW)})).put_back_image == ""  # the old one is gone
    assert start(fleet(), PLAIN).put_back_image == ""
    crashed = fleet(names=NEW)
    assert start(crashed).put_back_image == OLD
    assert start(crashed, PLAIN).put_back_image == ""
    assert start(fleet(names=NEW, runs=NEW)).put_back_image == ""
    some = (*instances("asg-a", 1, OLD), *instances("asg-a", 1, NEW))
    assert start(fleet(names=NEW, instances={"asg-a": some})).put_back_image == ""


def test_an_image_that_failed_here_is_not_what_is_put_back() -> None:
    bad = "img-bad"
    images = {OLD: image(OLD, 0), bad: image(bad, 5), NEW: image(NEW, 10)}
    failed = fleet(names=bad, images=images, activities=(activity("FAILED"),))
    assert start(failed).put_back_image == OLD
    untried = fleet(names=bad, images=images)
    assert start(untried).put_back_image == bad


def test_after_a_crash_all_groups_of_the_configuration_say_what_is_put_back() -> None:
    groups = [group(f"asg-{n}", launch_configuration_id="asc-s") for n in "abc"]
    shared = fleet(*groups, names=NEW)
    assert start(shared).put_back_image == OLD
    moved = {**shared.instances, "asg-b": tuple(instances("asg-b", 4, NEW))}
    assert start(shared._replace(instances=moved)).put_back_image == ""
    out = {**shared.instances, "asg-b": tuple(instances("asg-b", 4, NEW, "STANDBY"))}
    assert start(shared._replace(instances=out)).put_back_image == OLD
    live = fleet(*groups, names=NEW, activities=(activity("RUNNING", "asg-c"),))
    assert start(live).put_back_image == ""
    stranger = fleet(*groups, group("asg-z"), names=NEW)
    apart = {**stranger.instances, "asg-z": tuple(instances("asg-z", 4, NEW))}
    assert start(stranger._replace(instances=apart)).put_back_image == OLD


def test_a_plan_of_what_is_no_start_says_what_would_be_done() -> None:
    member = member_of(PLAIN, fleet())
    found = planned(member, Finding("Restored", "it goes back"))
    assert (found.outcome, found.code, found.reason) == ("planned", "Restored", "it goes back")
    refused = member.ends("refused", "no")
    assert planned(member, refused) == refused
