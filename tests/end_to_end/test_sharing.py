"""Groups that share a launch configuration, which moves for all of them or for none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from instance_refresh.model.fleet import FAMILY_TAG

if TYPE_CHECKING:
    from tests.end_to_end.harness import World

FIRST, SECOND = "img-00000001", "img-00000002"
GROUPS = [f"asg-web0000{number}" for number in range(6)]


def two_images(it: World) -> None:
    it.make_image(FIRST)
    it.advance(3540)
    it.make_image(SECOND)


pytestmark = pytest.mark.world(fill=two_images)


def share(it: World, groups: list[str], **tags: str) -> None:
    configuration = it.region.add_launch_configuration(image=FIRST)
    for group in groups:
        it.region.add_group(
            group,
            image=FIRST,
            instances=2,
            launch_configuration=configuration.launch_configuration_id,
            tags={FAMILY_TAG: "web", **tags},
        )


def test_more_groups_than_may_refresh_at_a_time(it: World) -> None:
    share(it, GROUPS)
    for _ in range(4):
        it.tick()
        it.finish()
    assert {image for group in GROUPS for image in it.runs(group)} == {SECOND}
    assert set(it.reinstalls().values()) == {1}


def test_what_may_not_start_takes_no_place_from_others(it: World) -> None:
    it.environ["MAX_REFRESHING"] = "1"
    share(it, GROUPS[:2])
    it.region.groups[GROUPS[1]].tags |= {"instance-refresh:hold": "a sale"}
    share(it, GROUPS[2:3])
    said = {o["AutoScalingGroupId"]: o["Outcome"] for o in it.tick()["Outcomes"]}
    assert said == {GROUPS[0]: "refused", GROUPS[1]: "queued", GROUPS[2]: "started"}


def test_one_is_rolled_back_before_the_other_has_started(it: World) -> None:
    share(it, GROUPS[:2], **{"instance-refresh:fail-process": "AUTO_ROLLBACK"})
    it.cloud.faults.fail_image(SECOND)
    it.cloud.faults.inject("StartInstanceRefresh", "denied", after=1)
    for _ in range(4):
        it.tick()
        it.finish()
    assert {it.configured(group) for group in GROUPS[:2]} == {FIRST}
    again = [done for done in it.region.reinstalls if done.from_image == done.to_image]
    rollbacks = {
        a.refresh_activity_id
        for a in it.region.activities.values()
        if a.activity_type == "ROLLBACK"
    }
    assert {done.activity_id for done in again} <= rollbacks


@pytest.mark.parametrize("second", [0, 1])
def test_both_go_back_to_one_image(it: World, second: int) -> None:
    """The newest that any of them runs, whichever is restored first."""
    share(it, GROUPS[:2], **{"instance-refresh:fail-process": "AUTO_ROLLBACK"})
    for instance in it.members(GROUPS[second]):
        instance.image_id = SECOND
    bad = "img-00000003"
    it.region.add_image(bad, family="web", created=it.cloud.clock.now())
    it.cloud.faults.fail_image(bad)
    it.advance(60)
    for _ in range(3):
        it.tick()
        it.finish()
    assert it.configured(GROUPS[0]) == SECOND


@pytest.mark.parametrize("asked", [GROUPS[:2], GROUPS[1:2]])
@pytest.mark.parametrize("ended", [False, True])
def test_one_that_is_refused_takes_the_image_from_none_that_has_it(
    it: World, asked: list[str], *, ended: bool
) -> None:
    share(it, GROUPS[:2])
    it.cloud.faults.inject("StartInstanceRefresh", "denied", after=1, times=None)
    it.post(AutoScalingGroupIds=GROUPS[:2], ImageId=SECOND)
    if ended:
        it.finish()
    it.post(AutoScalingGroupIds=asked, ImageId=SECOND)
    assert it.configured(GROUPS[0]) == SECOND
    it.finish()
    assert it.runs(GROUPS[0]) == {SECOND}
