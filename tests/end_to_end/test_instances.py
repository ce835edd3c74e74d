"""Instances that fail, reboot, are shut down or gone while their group rolls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.follower import (
    GROUP,
    A,
    B,
    C,
    follower,
    newest,
    one_image,
    rolled,
    ticks,
)
from tests.end_to_end.harness import tags

if TYPE_CHECKING:
    from tests.end_to_end.harness import World


pytestmark = pytest.mark.world(fill=one_image)


def test_a_rollback_takes_no_more_at_a_time_than_the_refresh_did(it: World) -> None:
    follower(it, 8, batch_size=1)
    it.make_image(B)
    it.cloud.faults.fail_instance(it.members(GROUP)[-1].instance_id)
    rolled(it)
    it.make_image(C)
    assert it.tick()["Outcomes"][0]["Outcome"] == "rolled_back"
    least = 8
    while newest(it).status in ("INIT", "RUNNING"):
        it.advance(5)
        least = min(least, sum(i.life_cycle_state == "IN_SERVICE" for i in it.members(GROUP)))
    assert least >= 6  # the one that failed, and one at a time
    assert it.runs(GROUP) == {A}


def test_what_touched_nothing_is_cancelled_where_it_should_be_rolled_back(it: World) -> None:
    follower(it, paused_action="rollback")
    it.make_image(B)
    it.cloud.faults.fail_image(B)
    surge = {"RollingUpdateSettings": {"MaxSurge": 1}}
    it.post(AutoScalingGroupId=GROUP, ImageId=B, RefreshSettings=surge)
    it.finish()
    assert newest(it).status == "FAILED_PAUSE"
    it.advance(3600)
    assert [o["Outcome"] for o in it.tick()["Outcomes"]] == ["cancelled"]
    assert newest(it).status == "CANCELLED"


@pytest.mark.parametrize("state", ["REBOOTING", "STOPPED", "STANDBY"])
def test_a_canary_that_does_not_run_is_none(it: World, state: str) -> None:
    follower(it, 2, ring=1)
    it.region.add_group("asg-ring0000", image=A, instances=1, tags=tags(fail_process="AUTO_CANCEL"))
    it.advance(3600)
    it.make_image(B)
    (canary,) = it.members("asg-ring0000")
    if state == "STANDBY":
        it.cloud.faults.fail_instance(canary.instance_id)
        rolled(it)
        assert canary.life_cycle_state == "STANDBY"
    else:
        canary.instance_state = state
    ticks(it, 2)
    assert it.region.activities_of(it.region.groups[GROUP]) == []


def test_a_refresh_waits_for_an_instance_that_reboots(it: World) -> None:
    follower(it)
    it.make_image(B)
    rebooting = it.members(GROUP)[0]
    rebooting.instance_state = "REBOOTING"
    assert it.tick()["Outcomes"] == []
    assert it.post(AutoScalingGroupId=GROUP, ImageId=B)[1]["code"] == "InstanceChanging"
    rebooting.instance_state = "RUNNING"
    ticks(it, 2)
    assert it.runs(GROUP) == {B}
    assert set(it.reinstalls().values()) == {1}


def test_a_rollback_checks_health_as_its_origin_did(it: World) -> None:
    follower(it, 2, paused_action="rollback")
    it.region.groups[GROUP].forward_load_balancer_set = [{"LoadBalancerId": "lb-00000001"}]
    it.make_image(B)
    it.cloud.faults.fail_target_health(A)
    unchecked = {
        "CheckInstanceTargetHealth": False,
        "RollingUpdateSettings": {"BatchPause": "BATCH_INTERVAL_PAUSE"},
    }
    it.post(AutoScalingGroupId=GROUP, ImageId=B, RefreshSettings=unchecked)
    it.finish()
    it.advance(4 * 3600)
    ticks(it, 2)
    assert (newest(it).activity_type, newest(it).status) == ("ROLLBACK", "SUCCESSFUL")


def test_an_instance_that_is_shut_down_holds_nothing_up(it: World) -> None:
    follower(it)
    it.make_image(B)
    off, *on = it.members(GROUP)
    off.instance_state = "STOPPED"
    rolled(it)
    assert {instance.image_id for instance in on} == {B}
    assert off.image_id == A
    off.instance_state = "RUNNING"
    ticks(it, 2)
    assert it.runs(GROUP) == {B}


def test_an_empty_group_needs_someone_only_where_something_is_wrong(it: World) -> None:
    follower(it, 0)
    result = it.tick()
    assert (result["Outcomes"], result["States"]) == ([], {"refused": 1})
    it.make_image(B)
    it.advance(2 * 86400)
    assert it.tick()["Outcomes"] == []
    named = it.region.groups[GROUP].launch_configuration_id
    it.region.launch_configurations[named].launch_configuration_status = "SECURITY_GROUP_ABNORMAL"
    assert [o["Outcome"] for o in it.tick()["Outcomes"]] == ["refused"]


@pytest.mark.parametrize("mode", ["ROLLING_UPDATE_REPLACE", "ROLLING_UPDATE_RESET"])
@pytest.mark.parametrize("state", ["REBOOTING", "STOPPED"])
def test_a_batch_that_does_not_run_is_not_resumed(it: World, state: str, mode: str) -> None:
    follower(it, bake="10m")
    it.make_image(B)
    it.members(GROUP)[-1].instance_state = "STOPPED"  # which is no part of the refresh
    it.call("image_published", it.publish("images/a.json", {"ImageId": B, "RefreshMode": mode}))
    it.finish()
    (refreshed,) = (one for one in it.members(GROUP) if one.image_id == B)
    refreshed.instance_state = state
    assert ticks(it, 2) == []
    assert newest(it).status == "AUTO_PAUSE"
    it.advance(3 * 3600)
    assert [o["Code"] for o in it.tick()["Outcomes"]] == ["RefreshPaused"]
    refreshed.instance_state = "RUNNING"
    assert [o["Code"] for o in it.tick()["Outcomes"]] == ["Baked"]


@pytest.mark.parametrize("mode", ["ROLLING_UPDATE_REPLACE", "ROLLING_UPDATE_RESET"])
def test_a_bake_ends_where_the_batchs_instances_are_gone(it: World, mode: str) -> None:
    follower(it, bake="10m")
    it.make_image(B)
    event = it.publish("images/web.json", {"ImageId": B, "RefreshMode": mode})
    assert it.call("image_published", event)["Outcomes"][0]["Outcome"] == "started"
    it.finish()
    if mode == "ROLLING_UPDATE_RESET":
        it.region.remove_instance(newest(it).batches[0].instances[0].instance_id)
    it.advance(700)
    ticks(it, 6)
    assert newest(it).status == "SUCCESSFUL"
    assert it.runs(GROUP) == {B}
