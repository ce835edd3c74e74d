"""An image that is withdrawn, rejected or overtaken while groups roll onto it."""

from __future__ import annotations

from datetime import timedelta
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
from tests.end_to_end.invariants import Invariants
from tests.end_to_end.meanwhile import after, first
from tests.end_to_end.person import steer

if TYPE_CHECKING:
    from tests.end_to_end.harness import World

PAUSES = {"RollingUpdateSettings": {"BatchPause": "BATCH_INTERVAL_PAUSE"}}


pytestmark = pytest.mark.world(fill=one_image)


def test_what_gives_way_to_a_newer_image_is_no_attempt_at_it(it: World) -> None:
    """C was made before B's attempt, and got its family after it."""
    follower(it, bake="1h")
    made = it.cloud.clock.now()
    it.make_image(B, made)
    rolled(it)
    it.make_image(C, made + timedelta(seconds=30))
    ticks(it, 5, 7200)
    assert it.runs(GROUP) == {C}


@pytest.mark.parametrize(("withdrawn", "crashed"), [((B,), False), ((B,), True), ((A, B), False)])
def test_a_withdrawn_image_that_runs_nowhere_leaves_the_configuration(
    it: World, withdrawn: tuple[str, ...], *, crashed: bool
) -> None:
    """It failed here, or the function died between its two writes; its family may be empty now."""
    follower(it, fail_process="AUTO_ROLLBACK")
    it.make_image(B)
    it.cloud.faults.fail_image(B)
    if crashed:
        named = it.region.groups[GROUP].launch_configuration_id
        configuration = it.region.launch_configurations[named]
        configuration.image_id, configuration.updated_time = B, it.cloud.clock.now()
    else:
        rolled(it)
    assert it.configured(GROUP) == B
    for image in withdrawn:
        it.region.images[image].image_deprecated = True
    ticks(it, 3)
    assert (it.configured(GROUP), it.runs(GROUP)) == (A, {A})


@pytest.mark.parametrize("others", [0, 6])
def test_an_image_of_no_family_that_failed_leaves_the_configuration(it: World, others: int) -> None:
    follower(it, fail_process="AUTO_ROLLBACK")
    for number in range(others):  # then more than one call reads
        it.region.add_group(f"asg-other00{number}", image=A, instances=1, tags=tags())
    it.make_image(B)
    it.cloud.faults.fail_image(B)
    rolled(it)
    it.region.images[B].image_family = ""
    assert it.tick()["Outcomes"][0]["Outcome"] == "restored"
    assert it.configured(GROUP) == A


def test_a_refresh_with_an_image_of_no_family_leaves_nothing_unsaid(it: World) -> None:
    follower(it)
    it.make_image(B)
    it.region.images[B].image_family = ""
    it.cloud.faults.fail_instance(it.members(GROUP)[1].instance_id)
    cancels = {"RollingUpdateSettings": {"FailProcess": "AUTO_CANCEL"}}
    it.post(AutoScalingGroupId=GROUP, ImageId=B, RefreshSettings=cancels)
    it.finish()
    assert [o["Code"] for o in it.tick()["Outcomes"]] == ["StandbyLeft", "RefreshEnded"]


@pytest.mark.parametrize(("action", "ends"), [("alert", "attention"), ("rollback", "rolled_back")])
def test_a_withdrawn_image_is_brought_no_further(it: World, action: str, ends: str) -> None:
    follower(it, bake="10m", paused_action=action)
    it.make_image(B)
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
        said, *_ = it.tick()["Outcomes"]
        assert (said["Outcome"], said["Reason"][:4]) == ("restored", "move")
        assert f"from {B} to {A}" in said["Reason"]


def test_what_a_lower_ring_rejects_is_brought_no_further(it: World) -> None:
    follower(it, ring=1, bake="10m")
    it.region.add_group("asg-ring0000", image=A, instances=1, tags=tags())
    it.advance(3600)
    it.make_image(B)
    rolled(it)
    rolled(it)
    assert newest(it).status == "AUTO_PAUSE"
    steer(Invariants(it), "asg-ring0000", "Rollback")
    it.finish()
    it.advance(700)
    said = {o.get("AutoScalingGroupId"): o for o in it.tick()["Outcomes"]}
    assert said[GROUP]["Code"] == "RejectedBelow"
    assert "asg-ring0000 rejected" in said[GROUP]["Reason"]
    it.make_image(C)  # what mends it is on its way
    ticks(it, 1)
    assert sum(instance.image_id == B for instance in it.members(GROUP)) == 1
    ticks(it, 12)
    assert it.runs(GROUP) == {C}


def test_an_image_that_is_only_syncing_is_not_withdrawn(it: World) -> None:
    follower(it)
    it.make_image(B)
    it.make_image(C)
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
    it.make_image(B)
    rolled(it)
    del it.region.images[B]
    it.advance(700)
    assert [o["Code"] for o in it.tick()["Outcomes"]] == ["ImageWithdrawn"]
    assert newest(it).status == "AUTO_PAUSE"


def test_a_refused_start_does_not_put_back_what_failed_before(it: World) -> None:
    follower(it, fail_process="AUTO_ROLLBACK")
    it.make_image(B)
    it.cloud.faults.fail_image(B)
    rolled(it)
    it.make_image(C)
    it.cloud.faults.inject("StartInstanceRefresh", "denied")
    (said,) = it.tick()["Outcomes"]
    assert said["Outcome"] == "failed"
    assert it.configured(GROUP) == A


def test_a_late_event_of_an_older_image_brings_it_nowhere(it: World) -> None:
    follower(it, 2, ring=1)
    it.region.add_group("asg-ring0000", image=A, instances=2, tags=tags())
    it.make_image(B)
    event = it.publish("images/web.json", {"ImageId": B})
    it.make_image(C)
    rolled(it)
    late = it.call("image_published", event)["Outcomes"]
    assert [o["Outcome"] for o in late] == ["superseded", "superseded"]
    ticks(it, 2)
    assert it.runs(GROUP) == {C}
    assert set(it.reinstalls().values()) == {1}


def test_no_refresh_gives_way_to_the_image_that_it_brings(it: World) -> None:
    """It was begun, and paused, after the tick had read the launch configuration."""
    follower(it, batch_pause="BATCH_INTERVAL_PAUSE")
    it.make_image(B)

    def begin() -> None:
        assert it.post(AutoScalingGroupId=GROUP, ImageId=B, RefreshSettings=PAUSES)[0] == 202
        it.finish()

    with after(it, first("DescribeLaunchConfigurations"), begin):
        assert it.tick()["States"] == {"in_progress": 1}
    assert newest(it).status == "AUTO_PAUSE"


def test_what_failed_here_is_not_tried_again_after_each_command(it: World) -> None:
    """A command reinstalls what runs: it says nothing of the image that was rolled back."""
    follower(it, fail_process="AUTO_ROLLBACK")
    it.make_image(B)
    it.cloud.faults.fail_image(B)
    ticks(it, 3)
    for _ in range(2):
        (said,) = it.tick({"AutoScalingGroupId": GROUP})["Outcomes"]
        assert (said["Outcome"], said["ImageId"]) == ("started", A)
        (later,) = ticks(it, 2)
        assert (later["Outcome"], later["ImageId"]) == ("rejected", B)
    it.make_image(C)
    ticks(it, 3)
    assert it.runs(GROUP) == {C}


@pytest.mark.parametrize("others", [0, 6])
def test_what_failed_here_takes_the_place_of_nothing_that_a_person_rolls_out(
    it: World, others: int
) -> None:
    """With many groups, only activities that are live are read of all of them."""
    follower(it, fail_process="AUTO_ROLLBACK", batch_size="50pct")
    for number in range(others):
        it.region.add_group(f"asg-other00{number}", image=A, tags=tags(image_family="other"))
    it.make_image(C)
    it.make_image(B)
    it.cloud.faults.fail_image(B)
    ticks(it, 3)
    status, _ = it.post(AutoScalingGroupId=GROUP, ImageId=C, Force=True, RefreshSettings=PAUSES)
    assert status == 202
    it.finish()
    for _ in range(3):
        assert "cancelled" not in {o["Outcome"] for o in it.tick()["Outcomes"]}
        steer(Invariants(it), GROUP, "CONTINUE")
        it.finish()
    assert it.runs(GROUP) == {C}
    (said,) = [o for o in ticks(it, 3) if o["AutoScalingGroupId"] == GROUP]
    assert (said["Outcome"], said["ImageId"]) == ("rejected", B)
    assert it.runs(GROUP) == {C}


@pytest.mark.parametrize("commands", [0, 2])
def test_what_failed_here_is_not_tried_again_however_long_ago(it: World, commands: int) -> None:
    """A tick lists the activities of some days; what is older is looked up."""
    follower(it, fail_process="AUTO_ROLLBACK")
    it.make_image(B)
    it.cloud.faults.fail_image(B)
    ticks(it, 3)
    for week in range(3):
        it.advance(8 * 86400)
        if week < commands:
            assert it.tick({"AutoScalingGroupId": GROUP})["Outcomes"][0]["Outcome"] == "started"
            it.finish()
        (said,) = [o for o in ticks(it, 2) if o["Outcome"] != "succeeded"]
        assert (said["Outcome"], said["ImageId"]) == ("rejected", B)
        assert it.runs(GROUP) == {A}
