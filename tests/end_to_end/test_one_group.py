"""One group that follows a family, and what may happen around it between two ticks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from instance_refresh import apply, reconcile
from instance_refresh.gateway.autoscaling import AutoScaling
from tests.end_to_end.harness import World, world
from tests.end_to_end.invariants import Invariants
from tests.end_to_end.person import steer

if TYPE_CHECKING:
    from collections.abc import Iterator

A, B, C = "img-0000000a", "img-0000000b", "img-0000000c"
GROUP = "asg-one00001"
PAUSES = {"RollingUpdateSettings": {"BatchPause": "BATCH_INTERVAL_PAUSE"}}


@pytest.fixture
def it() -> Iterator[World]:
    with world() as made:
        made.region.add_image(A, family="web", created=made.cloud.clock.now())
        yield made


def tags(**policy: object) -> dict[str, str]:
    known = {"image_family": "web", **policy}
    return {f"instance-refresh:{k.replace('_', '-')}": str(v) for k, v in known.items()}


def follower(it: World, count: int = 4, group: str = GROUP, **policy: object) -> None:
    it.region.add_group(group, image=A, instances=count, tags=tags(**policy))
    it.advance(3600)


def publish(it: World, image: str, created: datetime | None = None) -> None:
    it.region.add_image(image, family="web", created=created or it.cloud.clock.now())
    it.advance(60)


def rolled(it: World) -> None:
    it.tick()
    it.finish()


def ticks(it: World, count: int, step: float = 700) -> list[dict[str, Any]]:
    """Tick a few times, each activity in between to its end or pause; give the last outcomes."""
    last: list[dict[str, Any]] = []
    for _ in range(count):
        last = it.tick()["Outcomes"]
        it.finish()
        it.advance(step)
    return last


def newest(it: World, group: str = GROUP) -> Any:
    return it.region.activities_of(it.region.groups[group])[-1]


def test_a_rollback_takes_no_more_at_a_time_than_the_refresh_did(it: World) -> None:
    follower(it, 8, batch_size=1)
    publish(it, B)
    it.cloud.faults.fail_instance(it.members(GROUP)[-1].instance_id)
    rolled(it)
    publish(it, C)
    assert it.tick()["Outcomes"][0]["Outcome"] == "rolled_back"
    least = 8
    while newest(it).status in ("INIT", "RUNNING"):
        it.advance(5)
        least = min(least, sum(i.life_cycle_state == "IN_SERVICE" for i in it.members(GROUP)))
    assert least >= 6  # the one that failed, and one at a time
    assert it.runs(GROUP) == {A}


def test_what_touched_nothing_is_cancelled_where_it_should_be_rolled_back(it: World) -> None:
    follower(it, paused_action="rollback")
    publish(it, B)
    it.cloud.faults.fail_image(B)
    surge = {"RollingUpdateSettings": {"MaxSurge": 1}}
    it.post(AutoScalingGroupId=GROUP, ImageId=B, RefreshSettings=surge)
    it.finish()
    assert newest(it).status == "FAILED_PAUSE"
    it.advance(3600)
    assert [o["Outcome"] for o in it.tick()["Outcomes"]] == ["cancelled"]
    assert newest(it).status == "CANCELLED"


def test_what_gives_way_to_a_newer_image_is_no_attempt_at_it(it: World) -> None:
    """C was made before B's attempt, and got its family after it."""
    follower(it, bake="1h")
    made = it.cloud.clock.now()
    publish(it, B, made)
    rolled(it)
    publish(it, C, made + timedelta(seconds=30))
    ticks(it, 5, 7200)
    assert it.runs(GROUP) == {C}


@pytest.mark.parametrize("crashed", [False, True])
def test_a_withdrawn_image_that_runs_nowhere_leaves_the_configuration(
    it: World, *, crashed: bool
) -> None:
    """It failed here, or the function died between its two writes."""
    follower(it, fail_process="AUTO_ROLLBACK")
    publish(it, B)
    it.cloud.faults.fail_image(B)
    if crashed:
        named = it.region.groups[GROUP].launch_configuration_id
        configuration = it.region.launch_configurations[named]
        configuration.image_id, configuration.updated_time = B, it.cloud.clock.now()
    else:
        rolled(it)
    assert it.configured(GROUP) == B
    it.region.images[B].image_deprecated = True
    ticks(it, 3)
    assert (it.configured(GROUP), it.runs(GROUP)) == (A, {A})


@pytest.mark.parametrize(("action", "ends"), [("alert", "attention"), ("rollback", "rolled_back")])
def test_a_withdrawn_image_is_brought_no_further(it: World, action: str, ends: str) -> None:
    follower(it, bake="10m", paused_action=action)
    publish(it, B)
    rolled(it)
    it.region.images[B].image_deprecated = True
    it.advance(700)
    (said,) = it.tick()["Outcomes"]
    assert (said["Outcome"], said["Code"]) == ("attention", "ImageWithdrawn")
    it.advance(3 * 3600)
    (said,) = it.tick()["Outcomes"]
    assert said["Outcome"] == ends
    it.finish()
    if action == "alert":
        assert said["Code"] == "ImageWithdrawn"
        assert "doesn't scale or heal" in said["Reason"]
        assert sum(i.image_id == B for i in it.members(GROUP)) == 1
    else:
        (said,) = it.tick()["Outcomes"]
        assert (said["Outcome"], said["Reason"][:4]) == ("restored", "move")
        assert f"from {B} to {A}" in said["Reason"]


def test_what_a_lower_ring_rejects_is_brought_no_further(it: World) -> None:
    follower(it, ring=1, bake="10m")
    it.region.add_group("asg-ring0000", image=A, instances=1, tags=tags())
    it.advance(3600)
    publish(it, B)
    rolled(it)
    rolled(it)
    assert newest(it).status == "AUTO_PAUSE"
    steer(Invariants(it), "asg-ring0000", "Rollback")
    it.finish()
    it.advance(700)
    said = {o.get("AutoScalingGroupId"): o for o in it.tick()["Outcomes"]}
    assert said[GROUP]["Code"] == "RejectedBelow"
    assert "asg-ring0000 rejected" in said[GROUP]["Reason"]
    publish(it, C)  # what mends it is on its way
    ticks(it, 1)
    assert sum(instance.image_id == B for instance in it.members(GROUP)) == 1
    ticks(it, 12)
    assert it.runs(GROUP) == {C}


@pytest.mark.parametrize("state", ["REBOOTING", "STOPPED", "STANDBY"])
def test_a_canary_that_does_not_run_is_none(it: World, state: str) -> None:
    follower(it, 2, ring=1)
    it.region.add_group("asg-ring0000", image=A, instances=1, tags=tags(fail_process="AUTO_CANCEL"))
    it.advance(3600)
    publish(it, B)
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
    publish(it, B)
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
    publish(it, B)
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


def test_an_image_that_is_only_syncing_is_not_withdrawn(it: World) -> None:
    follower(it)
    publish(it, B)
    publish(it, C)
    named = it.region.groups[GROUP].launch_configuration_id
    it.region.launch_configurations[named].image_id = C  # the function died before the start
    it.region.images[C].image_state = "SYNCING"
    ticks(it, 1)
    it.region.images[C].image_state = "NORMAL"
    ticks(it, 2)
    assert it.runs(GROUP) == {C}
    assert set(it.reinstalls().values()) == {1}


def test_an_image_that_is_gone_cancels_no_refresh_of_it(it: World) -> None:
    follower(it, bake="10m")
    publish(it, B)
    rolled(it)
    del it.region.images[B]
    it.advance(700)
    assert [o["Code"] for o in it.tick()["Outcomes"]] == ["ImageWithdrawn"]
    assert newest(it).status == "AUTO_PAUSE"


def test_a_region_and_a_group_that_are_not_allowed_are_left_alone(it: World) -> None:
    follower(it, bake="10m")
    publish(it, B)
    it.environ["ALLOWED_REGIONS"] = "ap-shanghai"
    assert [o["Code"] for o in it.tick()["Outcomes"]] == ["RegionNotAllowed"]
    assert it.cloud.writes() == []
    del it.environ["ALLOWED_REGIONS"]
    rolled(it)
    before = len(it.cloud.writes())
    it.environ["ALLOWED_GROUPS"] = "asg-other000"
    ticks(it, 1)
    publish(it, C)
    ticks(it, 2)
    assert len(it.cloud.writes()) == before
    it.advance(86400)
    (said,) = it.tick()["Outcomes"]
    assert said["Outcome"] == "attention"
    assert said["Reason"].endswith("the group is none of ALLOWED_GROUPS")


def test_a_tick_that_comes_late_is_judged_by_the_time_it_comes(it: World) -> None:
    now = it.cloud.clock.now()
    follower(it, window=f"{now.hour:02}:00-{(now.hour + 2) % 24:02}:00 UTC")
    publish(it, B)
    stamp = f"{it.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    event = {"Type": "Timer", "TriggerName": "tick", "Time": stamp, "Message": ""}
    it.advance(5 * 3600)
    assert it.call("schedule", event)["States"] == {"WindowClosed": 1}


def test_an_instance_that_is_shut_down_holds_nothing_up(it: World) -> None:
    follower(it)
    publish(it, B)
    off, *on = it.members(GROUP)
    off.instance_state = "STOPPED"
    rolled(it)
    assert {instance.image_id for instance in on} == {B}
    assert off.image_id == A
    off.instance_state = "RUNNING"
    ticks(it, 2)
    assert it.runs(GROUP) == {B}


def test_a_refusal_that_passes_hides_no_alert(it: World) -> None:
    follower(it)
    publish(it, B)
    it.region.groups[GROUP].in_activity_status = "IN_ACTIVITY"
    assert it.tick()["Outcomes"] == []
    del it.region.images[A]
    (said,) = it.tick()["Outcomes"]
    assert (said["Outcome"], said["Code"]) == ("attention", "ImageGone")
    assert said["Notes"] == [f"group {GROUP} is in a scaling activity"]


def test_an_empty_group_needs_someone_only_where_something_is_wrong(it: World) -> None:
    follower(it, 0)
    result = it.tick()
    assert (result["Outcomes"], result["States"]) == ([], {"refused": 1})
    named = it.region.groups[GROUP].launch_configuration_id
    it.region.launch_configurations[named].launch_configuration_status = "SECURITY_GROUP_ABNORMAL"
    assert [o["Outcome"] for o in it.tick()["Outcomes"]] == ["refused"]


def test_a_refused_start_does_not_put_back_what_failed_before(it: World) -> None:
    follower(it, fail_process="AUTO_ROLLBACK")
    publish(it, B)
    it.cloud.faults.fail_image(B)
    rolled(it)
    publish(it, C)
    it.cloud.faults.inject("StartInstanceRefresh", "denied")
    (said,) = it.tick()["Outcomes"]
    assert said["Outcome"] == "failed"
    assert it.configured(GROUP) == A


def test_a_start_refused_for_now_says_that_the_configuration_is_ahead(it: World) -> None:
    follower(it)
    publish(it, B)
    real = AutoScaling.set_image

    def then(self: AutoScaling, *names: str) -> None:
        real(self, *names)
        it.region.groups[GROUP].in_activity_status = "IN_ACTIVITY"

    with mock.patch.object(AutoScaling, "set_image", then):
        status, document = it.post(AutoScalingGroupId=GROUP, ImageId=B)
    assert (status, document["Outcomes"][0]["Retryable"]) == (409, True)
    assert f"names {B} already" in document["Outcomes"][0]["Reason"]
    it.region.groups[GROUP].in_activity_status = "NOT_IN_ACTIVITY"
    assert it.post(AutoScalingGroupId=GROUP, ImageId=B)[0] == 202


def test_a_held_group_that_is_frozen_is_reported_and_left_alone(it: World) -> None:
    follower(it, paused_action="cancel")
    publish(it, B)
    it.cloud.faults.fail_instance(it.members(GROUP)[1].instance_id)
    rolled(it)
    it.region.groups[GROUP].tags = tags(hold="a sale", paused_action="cancel")
    it.advance(2 * 86400)
    (said,) = it.tick()["Outcomes"]
    assert (said["Outcome"], said["Code"]) == ("attention", "RefreshPaused")
    assert said["Reason"].endswith("held by its tag: a sale")
    assert newest(it).status == "FAILED_PAUSE"


def test_nothing_is_put_back_under_a_refresh_that_began_meanwhile(it: World) -> None:
    follower(it, fail_process="AUTO_ROLLBACK")
    publish(it, B)
    it.cloud.faults.fail_image(B)
    rolled(it)
    it.cloud.faults.clear()
    it.region.reinstalls.clear()

    def late(*wanted: Any) -> Any:
        assert it.post(AutoScalingGroupId=GROUP, ImageId=B, Force=True)[0] == 202
        with mock.patch.dict("os.environ", it.environ, clear=True):
            return apply.act(*wanted)

    with mock.patch("instance_refresh.reconcile.carry_out", late):
        assert it.tick()["States"] == {"queued": 1}
    it.finish()
    assert {done.to_image for done in it.region.reinstalls} == {B}


def test_no_refresh_gives_way_to_the_image_that_it_brings(it: World) -> None:
    """It was begun, and paused, after the tick had read the launch configuration."""
    follower(it, batch_pause="BATCH_INTERVAL_PAUSE")
    publish(it, B)
    read = AutoScaling.launch_configurations
    begun: list[int] = []

    def then(self: AutoScaling, ids: Any) -> Any:
        found = read(self, ids)
        if not begun:
            begun.append(0)
            begun[0], _ = it.post(AutoScalingGroupId=GROUP, ImageId=B, RefreshSettings=PAUSES)
            it.finish()
        return found

    with mock.patch.object(AutoScaling, "launch_configurations", then):
        assert it.tick()["States"] == {"queued": 1}
    assert begun == [202]
    assert newest(it).status == "AUTO_PAUSE"


def test_a_paused_group_waits_until_the_ring_below_has_baked(it: World) -> None:
    lower = [f"asg-ring000{number}" for number in range(6)]  # more than one call reads
    follower(it, 2, ring=1, bake="1h")
    for group in lower:
        it.region.add_group(group, image=A, instances=2, tags=tags(bake="1h"))
    it.environ["MAX_REFRESHING"] = "20"
    whole = {"RollingUpdateSettings": {"BatchSize": "100%"}}
    publish(it, B)
    it.post(AutoScalingGroupIds=lower, ImageId=B, RefreshSettings=whole)
    it.finish()
    it.advance(3600)
    rolled(it)
    assert newest(it).status == "AUTO_PAUSE"
    publish(it, C)
    it.post(AutoScalingGroupIds=lower, ImageId=C, RefreshSettings=whole)
    it.finish()
    it.tick()
    assert newest(it).status == "AUTO_PAUSE"
    it.advance(3600)
    assert [o["Code"] for o in it.tick()["Outcomes"]] == ["NewerImage"]


@pytest.mark.parametrize("mode", ["ROLLING_UPDATE_REPLACE", "ROLLING_UPDATE_RESET"])
def test_a_bake_ends_where_the_batchs_instances_are_gone(it: World, mode: str) -> None:
    follower(it, bake="10m")
    publish(it, B)
    event = it.publish("images/web.json", {"ImageId": B, "RefreshMode": mode})
    assert it.call("image_published", event)["Outcomes"][0]["Outcome"] == "started"
    it.finish()
    if mode == "ROLLING_UPDATE_RESET":
        it.region.remove_instance(newest(it).batches[0].instances[0].instance_id)
    it.advance(700)
    ticks(it, 6)
    assert newest(it).status == "SUCCESSFUL"
    assert it.runs(GROUP) == {B}


def test_a_late_event_of_an_older_image_brings_it_nowhere(it: World) -> None:
    follower(it, 2, ring=1)
    it.region.add_group("asg-ring0000", image=A, instances=2, tags=tags())
    publish(it, B)
    event = it.publish("images/web.json", {"ImageId": B})
    publish(it, C)
    rolled(it)
    late = it.call("image_published", event)["Outcomes"]
    assert [o["Outcome"] for o in late] == ["superseded", "superseded"]
    ticks(it, 2)
    assert it.runs(GROUP) == {C}
    assert set(it.reinstalls().values()) == {1}


def test_two_groups_put_back_what_they_share_once(it: World) -> None:
    shared = it.region.add_launch_configuration(image=A).launch_configuration_id
    for group in ("asg-shared01", "asg-shared02"):
        known = tags(fail_process="AUTO_ROLLBACK")
        it.region.add_group(group, image=A, instances=2, launch_configuration=shared, tags=known)
    it.advance(3600)
    publish(it, B)
    it.cloud.faults.fail_image(B)
    rolled(it)
    one_by_one = mock.patch.object(
        reconcile, "side_by_side", lambda do, items: [do(item) for item in items]
    )
    with one_by_one:
        assert it.tick()["States"] == {"restored": 2}
    assert it.configured("asg-shared01") == A
