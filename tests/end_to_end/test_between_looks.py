"""What changes around a group between two looks, or speaks against touching it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end import person
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
from tests.end_to_end.harness import allowed, tags
from tests.end_to_end.invariants import Invariants
from tests.end_to_end.meanwhile import after, decided, first
from tests.end_to_end.seams import quick

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.calls import Call
    from tests.end_to_end.harness import World


pytestmark = pytest.mark.world(fill=one_image)


def test_a_region_and_a_group_that_are_not_allowed_are_left_alone(it: World) -> None:
    follower(it, bake="10m")
    it.make_image(B)
    it.environ["ALLOWED_REGIONS"] = "ap-shanghai"
    assert [o["Code"] for o in it.tick()["Outcomes"]] == ["RegionNotAllowed"]
    assert it.cloud.writes() == []
    del it.environ["ALLOWED_REGIONS"]
    rolled(it)
    before = len(it.cloud.writes())
    it.environ["ALLOWED_GROUPS"] = "asg-other000"
    ticks(it, 1)
    it.make_image(C)
    ticks(it, 2)
    assert len(it.cloud.writes()) == before
    it.advance(86400)
    (said,) = it.tick()["Outcomes"]
    assert said["Outcome"] == "attention"
    assert said["Reason"].endswith("the group is none of ALLOWED_GROUPS")


def test_a_tick_that_comes_late_is_judged_by_the_time_it_comes(it: World) -> None:
    now = it.cloud.clock.now()
    follower(it, window=f"{now.hour:02}:00-{(now.hour + 2) % 24:02}:00 UTC")
    it.make_image(B)
    stamp = f"{it.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    event = {"Type": "Timer", "TriggerName": "tick", "Time": stamp, "Message": ""}
    it.advance(5 * 3600)
    assert it.call("schedule", event)["States"] == {"WindowClosed": 1}


def test_a_refusal_that_passes_hides_no_alert(it: World) -> None:
    follower(it)
    it.make_image(B)
    it.region.groups[GROUP].in_activity_status = "IN_ACTIVITY"
    assert it.tick()["Outcomes"] == []
    del it.region.images[A]
    (said,) = it.tick()["Outcomes"]
    assert (said["Outcome"], said["Code"]) == ("attention", "ImageGone")
    assert said["Notes"] == [f"group {GROUP} is in a scaling activity"]


@pytest.mark.parametrize("named", [B, C])
def test_what_waits_half_way_is_said_when_it_waits_for_long(it: World, named: str) -> None:
    """A scale-out, or a refresh that was cancelled, has brought the image to one instance."""
    follower(it, window="03:00-03:01 UTC")
    it.make_image(B)
    it.make_image(C)
    configuration = it.region.groups[GROUP].launch_configuration_id
    it.region.launch_configurations[configuration].image_id = named
    it.members(GROUP)[0].image_id = named
    result = it.tick()
    assert (result["Outcomes"], result["States"]) == ([], {"WindowClosed": 1})
    it.advance(86400)
    (said,) = it.tick()["Outcomes"]
    assert (said["Outcome"], said["Code"]) == ("attention", "NotDeployed")
    assert said["Notes"] == ["its maintenance window opens at 2026-01-02 03:00 UTC"]
    it.region.groups[GROUP].tags = tags(hold="a sale")
    assert [o["Code"] for o in it.tick()["Outcomes"]] == ["MixedFleet"]


def test_a_start_refused_for_now_says_that_the_configuration_is_ahead(it: World) -> None:
    follower(it)
    it.make_image(B)

    def scale() -> None:
        it.region.groups[GROUP].in_activity_status = "IN_ACTIVITY"

    with after(it, first("ModifyLaunchConfigurationAttributes"), scale):
        status, document = it.post(AutoScalingGroupId=GROUP, ImageId=B)
    assert (status, document["Outcomes"][0]["Retryable"]) == (409, True)
    assert f"names {B} already" in document["Outcomes"][0]["Reason"]
    it.region.groups[GROUP].in_activity_status = "NOT_IN_ACTIVITY"
    assert it.post(AutoScalingGroupId=GROUP, ImageId=B)[0] == 202


@pytest.mark.parametrize("groups", [1, 6])
@pytest.mark.parametrize(
    "read",
    ["DescribeAutoScalingGroups", "DescribeLaunchConfigurations", "DescribeAutoScalingInstances"],
)
def test_a_refresh_that_begins_during_the_look_is_known_for_what_it_brings(
    it: World, read: str, groups: int
) -> None:
    names = [f"asg-many{n:04}" for n in range(groups)]
    for name in names:
        it.region.add_group(name, image=A, instances=2)
    it.make_image(B)
    asked = {"AutoScalingGroupIds": names, "ImageId": B}

    def begin() -> None:
        assert it.post(**asked)[0] == 202

    with after(it, first(read), begin):
        document = it.post(**asked)[1]
    assert {o["Outcome"] for o in document["Outcomes"]} == {"in_progress"}


def on_first_page(it: World, action: str, change: Callable[[], object]) -> None:
    """Let something change whenever the first page of a list has been read."""

    def called(call: Call) -> None:
        if (call.action, call.params.get("Offset"), call.params.get("Limit")) == (action, 0, 100):
            change()

    it.cloud.on_call = called


def test_a_canary_is_not_missed_where_a_group_is_deleted_while_they_are_listed(it: World) -> None:
    names = [f"asg-many{n:04}" for n in range(100)]
    for name in names:
        it.region.add_group(name, image=A, tags=tags(ring=1))
    follower(it)
    it.make_image(B)
    on_first_page(it, "DescribeAutoScalingGroups", lambda: it.region.groups.pop(names[0], None))
    assert it.tick()["States"] == {"started": 1, "RingWaits": 99}
    assert newest(it).status == "INIT"


def test_instances_are_listed_by_their_groups_where_the_regions_list_changes(it: World) -> None:
    names = [f"asg-many{n:04}" for n in range(30)]
    for name in names:
        it.region.add_group(name, image=A, instances=5)
    it.make_image(B)
    others = [it.region.add_group(image=A, instances=1) for _ in range(9)]

    def scale_in() -> None:
        it.region.remove_instance(it.region.instances_of(others.pop())[0].instance_id)

    on_first_page(it, "DescribeAutoScalingInstances", scale_in)
    document = it.post(AutoScalingGroupIds=names, ImageId=B, DryRun=True)[1]
    assert [o["Plan"]["Reinstalled"] for o in document["Outcomes"]] == [5] * 30


def test_a_refused_start_puts_nothing_back_under_one_that_another_function_began(it: World) -> None:
    follower(it)
    it.make_image(B)
    start = "StartInstanceRefresh"
    actions = [action.rpartition(":")[2] for action in allowed("webhook")]
    it.roles["webhook"] = it.cloud.role(allow=[action for action in actions if action != start])

    def begin() -> None:
        assert it.tick()["States"] == {"started": 1}

    with after(it, first(start), begin):
        status, document = it.post(AutoScalingGroupId=GROUP, ImageId=B)
    assert (status, document["Outcomes"][0]["Outcome"]) == (502, "failed")
    assert "left as it is" in document["Outcomes"][0]["Reason"]
    it.finish()
    assert it.runs(GROUP) == {B}


def configure(it: World, image: str) -> None:
    """Let a person put an image into the group's launch configuration."""
    person.configure(Invariants(it), GROUP, image)


def test_a_refused_start_puts_nothing_back_over_what_a_person_has_set_meanwhile(it: World) -> None:
    follower(it)
    it.make_image(B)
    it.make_image(C)
    start = "StartInstanceRefresh"
    actions = [action.rpartition(":")[2] for action in allowed("webhook")]
    it.roles["webhook"] = it.cloud.role(allow=[action for action in actions if action != start])
    with after(it, first(start), lambda: configure(it, C)):
        _, document = it.post(AutoScalingGroupId=GROUP, ImageId=B)
    assert "used or changed meanwhile and left as it is" in document["Outcomes"][0]["Reason"]
    assert it.configured(GROUP) == C


def test_nothing_is_restored_over_what_a_person_has_set_meanwhile(it: World) -> None:
    follower(it, fail_process="AUTO_ROLLBACK")
    it.make_image(B)
    it.cloud.faults.fail_image(B)
    rolled(it)
    it.region.add_image(C, family="other", created=it.cloud.clock.now())
    with decided(it, lambda: configure(it, C), checks=2):
        assert it.tick()["States"] == {"queued": 1}
    assert it.configured(GROUP) == C


def test_a_rollback_that_a_person_began_meanwhile_is_no_progress(it: World) -> None:
    follower(it)
    it.make_image(B)
    rolled(it)
    it.make_image(C)
    watch = Invariants(it)

    def roll_back() -> None:
        person.steer(watch, GROUP, "Rollback")

    with after(it, first("ModifyLaunchConfigurationAttributes"), roll_back):
        status, document = it.post(AutoScalingGroupId=GROUP, ImageId=C)
    assert (status, document["Outcomes"][0]["Outcome"]) == (409, "busy")


def test_a_held_group_that_is_frozen_is_reported_and_left_alone(it: World) -> None:
    follower(it, paused_action="cancel")
    it.make_image(B)
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
    it.make_image(B)
    it.cloud.faults.fail_image(B)
    rolled(it)
    it.cloud.faults.clear()
    it.region.reinstalls.clear()

    def begin() -> None:
        assert it.post(AutoScalingGroupId=GROUP, ImageId=B, Force=True)[0] == 202

    with decided(it, begin, checks=2):
        assert it.tick()["States"] == {"queued": 1}
    it.finish()
    assert {done.to_image for done in it.region.reinstalls} == {B}


def test_a_configuration_is_not_set_under_a_refresh_that_began_meanwhile(it: World) -> None:
    """All run what is asked for and only the configuration is behind, as far as was seen."""
    follower(it)
    it.make_image(B)
    rolled(it)
    configure(it, A)

    def begin() -> None:
        it.make_image(C)
        assert it.tick()["States"] == {"started": 1}

    with after(it, first("DescribeInstances"), begin):
        status, document = it.post(AutoScalingGroupId=GROUP, ImageId=B)
    assert (status, document["Outcomes"][0]["Outcome"]) == (409, "busy")
    assert it.configured(GROUP) == C
    it.finish()
    assert it.runs(GROUP) == {C}


def test_a_refresh_that_was_given_the_newer_image_meanwhile_goes_on(it: World) -> None:
    follower(it, batch_pause="BATCH_INTERVAL_PAUSE")
    it.make_image(B)
    rolled(it)
    it.make_image(C)
    name = it.region.groups[GROUP].launch_configuration_id

    def give() -> None:
        it.region.launch_configurations[name].image_id = C

    with decided(it, give, checks=1):
        assert it.tick()["States"] == {"queued": 1}
    assert newest(it).status == "AUTO_PAUSE"


@pytest.mark.parametrize(
    ("action", "ends"), [("resume", "RUNNING"), ("rollback", "INIT"), ("cancel", "CANCELLED")]
)
def test_what_another_tick_has_done_meanwhile_is_no_failure(
    it: World, action: str, ends: str
) -> None:
    policy: dict[str, Any] = {"paused_action": action} if action != "resume" else {"bake": "10m"}
    follower(it, **policy)
    it.make_image(B)
    if action != "resume":
        it.cloud.faults.fail_instance(it.members(GROUP)[0].instance_id)
    rolled(it)
    it.advance(1000)

    with decided(it, it.tick):
        assert it.tick()["States"] == {"queued": 1}
    assert newest(it).status == ends


def test_a_paused_group_waits_until_the_ring_below_has_baked(it: World) -> None:
    lower = [f"asg-ring000{number}" for number in range(6)]  # more than one call reads
    follower(it, 2, ring=1, bake="1h")
    for group in lower:
        it.region.add_group(group, image=A, instances=2, tags=tags(bake="1h"))
    it.environ["MAX_REFRESHING"] = "20"
    whole = {"RollingUpdateSettings": {"BatchSize": "100%"}}
    it.make_image(B)
    it.post(AutoScalingGroupIds=lower, ImageId=B, RefreshSettings=whole)
    it.finish()
    it.advance(3600)
    rolled(it)
    assert newest(it).status == "AUTO_PAUSE"
    it.make_image(C)
    it.post(AutoScalingGroupIds=lower, ImageId=C, RefreshSettings=whole)
    it.finish()
    it.tick()
    assert newest(it).status == "AUTO_PAUSE"
    it.advance(3600)
    assert [o["Code"] for o in it.tick()["Outcomes"]] == ["NewerImage"]


def test_two_groups_put_back_what_they_share_once(it: World) -> None:
    shared = it.region.add_launch_configuration(image=A).launch_configuration_id
    for group in ("asg-shared01", "asg-shared02"):
        known = tags(fail_process="AUTO_ROLLBACK")
        it.region.add_group(group, image=A, instances=2, launch_configuration=shared, tags=known)
    it.advance(3600)
    it.make_image(B)
    it.cloud.faults.fail_image(B)
    rolled(it)
    with quick(workers=1):
        assert it.tick()["States"] == {"restored": 2}
    assert it.configured("asg-shared01") == A


def test_what_a_person_configures_ahead_of_its_turn_is_named(it: World) -> None:
    """A scale-out of it launches the image that the lower ring rejects."""
    it.region.add_group("asg-ring0000", image=A, tags=tags(fail_process="AUTO_ROLLBACK"))
    follower(it, ring=1)
    it.make_image(B)
    it.cloud.faults.fail_image(B)
    configure(it, B)
    ticks(it, 4)
    it.advance(86400)
    said = it.tick()
    assert said["States"] == {"rejected": 1, "attention": 1}
    assert GROUP in [outcome.get("AutoScalingGroupId") for outcome in said["Outcomes"]]
