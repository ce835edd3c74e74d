"""What is only watched takes nothing from those that follow, and is touched only as is meant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.harness import World, answering, tags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.region import Region

OLD, NEW, OTHER = "img-00000001", "img-00000002", "img-00000003"
FOLLOWER, UNTAGGED = "asg-follower", "asg-untagged"


def fill(it: World) -> None:
    it.region.add_image(OLD, family="web", created=it.cloud.clock.now())
    it.region.add_image(OTHER, family="other", created=it.cloud.clock.now())
    it.advance(3600)
    it.region.add_group(FOLLOWER, image=OLD, instances=2, tags=tags())
    it.region.add_group(UNTAGGED, image=OLD, instances=4)


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    def since() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return since


def pause(it: World, group: str, image: str = OTHER) -> None:
    """Let a refresh fail in a group that follows nothing yet, and end in a pause."""
    it.cloud.faults.fail_image(image)
    it.post(AutoScalingGroupId=group, ImageId=image)
    it.finish()
    (activity,) = it.region.activities_of(it.region.groups[group])
    assert activity.status == "FAILED_PAUSE"


def writes(it: World) -> list[str]:
    return [c.action for c in it.calls_of("schedule") if not c.action.startswith("Describe")]


@pytest.mark.world(fill=fill, MAX_REFRESHING="1")
def test_a_refresh_that_is_only_watched_takes_no_followers_place(it: World) -> None:
    pause(it, UNTAGGED)
    it.make_image(NEW)
    it.ticks(1)
    assert it.region.activities_of(it.region.groups[FOLLOWER])


@pytest.mark.world(fill=fill, PAUSED_ACTION_OTHERS="rollback")
def test_a_group_with_a_wrong_tag_is_watched_and_left_alone(it: World, logged: Any) -> None:
    pause(it, UNTAGGED)
    it.region.groups[UNTAGGED].tags |= tags(ring="first", hold="until Monday")
    it.ticks(6)
    (named,) = [line for line in logged() if line.get("code") == "RefreshPaused"]
    assert named["group"] == UNTAGGED
    assert writes(it) == []


@pytest.mark.world(fill=fill, RESTORE="all")
def test_a_group_with_a_wrong_tag_keeps_its_launch_configuration(it: World) -> None:
    it.cloud.faults.fail_image(OTHER)
    settings = {"RollingUpdateSettings": {"FailProcess": "AUTO_ROLLBACK"}}
    it.post(AutoScalingGroupId=UNTAGGED, ImageId=OTHER, RefreshSettings=settings)
    it.region.groups[UNTAGGED].tags |= tags(ring="first")
    it.finish()
    it.ticks(3)
    assert it.configured(UNTAGGED) == OTHER
    del it.region.groups[UNTAGGED].tags["instance-refresh:ring"]
    del it.region.groups[UNTAGGED].tags["instance-refresh:image-family"]
    it.ticks(1)
    assert it.configured(UNTAGGED) == OLD


@pytest.mark.world(fill=fill, PAUSED_ACTION_OTHERS="cancel")
def test_a_follower_whose_family_cannot_be_looked_up_is_not_treated_as_one_of_the_others(
    it: World,
) -> None:
    it.region.groups[FOLLOWER].tags |= tags(bake="1d", batch_size=1)
    it.make_image(NEW)
    it.ticks(1)
    it.advance(3 * 3600)  # the bake goes on; the others' limit is over
    (activity,) = it.region.activities_of(it.region.groups[FOLLOWER])
    assert activity.status == "AUTO_PAUSE"
    before = writes(it)
    it.cloud.faults.inject("DescribeImageFromFamily", "denied", times=None)
    it.ticks(1)
    assert writes(it) == before
    assert activity.status == "AUTO_PAUSE"


@pytest.mark.world(fill=fill)
def test_others_that_cannot_be_read_stop_no_follower(it: World, logged: Any) -> None:
    pause(it, UNTAGGED)
    it.make_image(NEW)
    logged()

    def unread(real: Any, region: Region, parameters: Mapping[str, Any]) -> dict[str, Any]:
        if "AutoScalingGroupIds" in parameters:
            raise ValueError
        answer: dict[str, Any] = real(region, parameters)
        return answer

    with answering("DescribeAutoScalingGroups", unread):
        it.ticks(12)
    assert it.region.activities_of(it.region.groups[FOLLOWER])
    (failed,) = [line for line in logged() if line["level"] == "ERROR"]
    assert "only watched" in failed["message"]


@pytest.mark.world(fill=fill)
def test_what_can_never_be_put_back_is_no_error_every_five_minutes(it: World, logged: Any) -> None:
    it.cloud.faults.fail_image(OTHER)
    settings = {"RollingUpdateSettings": {"FailProcess": "AUTO_ROLLBACK"}}
    it.post(AutoScalingGroupId=UNTAGGED, ImageId=OTHER, RefreshSettings=settings)
    it.finish()
    logged()
    it.cloud.faults.inject("ModifyLaunchConfigurationAttributes", "denied", times=None)
    it.ticks(24)
    lines = logged()
    assert [line["group"] for line in lines if line["level"] == "ERROR"] == [UNTAGGED]
    counts = [line["outcomes"] for line in lines if line["message"] == "summary"]
    assert all(count.get("failed") == 1 for count in counts)


@pytest.mark.parametrize(("days", "back"), [(6.9, True), (7.1, False)])
@pytest.mark.world(fill=fill)
def test_the_first_tick_of_all_leaves_what_failed_long_ago_as_it_is(
    it: World, days: float, *, back: bool
) -> None:
    it.cloud.faults.fail_image(OTHER)
    settings = {"RollingUpdateSettings": {"FailProcess": "AUTO_ROLLBACK"}}
    it.post(AutoScalingGroupId=UNTAGGED, ImageId=OTHER, RefreshSettings=settings)
    it.finish()
    it.advance(days * 86400)
    it.ticks(3)
    assert it.configured(UNTAGGED) == (OLD if back else OTHER)


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.world(fill=fill)
def test_ends_are_found_among_many_activities_in_any_order(
    it: World, logged: Any, newest_first: bool
) -> None:
    """The API documents no order: here it is by group."""
    for name in ("asg-aaaaaaaa", "asg-zzzzzzzz"):
        it.region.add_group(name, image=OLD, instances=1)
    for _ in range(101):
        it.post(AutoScalingGroupIds=["asg-aaaaaaaa", "asg-zzzzzzzz"])
        it.finish()
    it.advance(10 * 24 * 3600)
    it.ticks(1)
    it.post(AutoScalingGroupId=UNTAGGED)
    it.finish()
    (ended,) = it.region.activities_of(it.region.groups[UNTAGGED])
    logged()

    def by_group(real: Any, region: Region, parameters: Mapping[str, Any]) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        first, total = parameters.get("Offset", 0), 1
        while len(found) < total:
            answer = real(region, {**parameters, "Limit": 100, "Offset": len(found)})
            found, total = found + answer["RefreshActivitySet"], answer["TotalCount"]
        found.sort(key=lambda one: (one["AutoScalingGroupId"], one["CreatedTime"]))
        found = found[::-1] if newest_first else found
        return {"TotalCount": total, "RefreshActivitySet": found[first : first + 100]}

    with answering("DescribeRefreshActivities", by_group):
        it.ticks(3)
    told = [line["activity"] for line in logged() if line.get("outcome") == "succeeded"]
    assert told == [ended.refresh_activity_id]


@pytest.mark.world(fill=fill)
def test_a_tick_whose_time_is_a_second_late_tells_what_lies_before_it(
    it: World, logged: Any
) -> None:
    it.post(AutoScalingGroupId=UNTAGGED)
    for _ in range(6):
        now = it.cloud.clock.now()
        it.advance(301 - now.timestamp() % 300)
        late = f"{it.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        event = {"Type": "Timer", "TriggerName": "tick", "Time": late, "Message": ""}
        it.call("schedule", event)
    told = [line for line in logged() if line.get("outcome") == "succeeded"]
    assert [line["group"] for line in told] == [UNTAGGED]
