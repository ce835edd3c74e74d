"""A refresh that goes well: batches, pauses, stop, resume, cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.autoscaling.activity import RefreshInstance, split
from tests.contract.local_cloud import REGION, Calls, Fleet, fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFLICT = "ResourceUnavailable.RefreshActivityStatusConflictWithOperation"


@pytest.fixture
def it() -> Iterator[Fleet]:
    with fleet(instances=5) as made:
        yield made


def test_batches_run_one_after_the_other_onto_the_launch_configurations_image(it: Fleet) -> None:
    it.publish()
    activity = it.start(batches=2)
    assert activity.status == "INIT"
    it.wait(it.cloud.timing.init_seconds)
    assert (activity.status, activity.current_refresh_batch_num) == ("RUNNING", 1)
    assert [b.refresh_batch_status for b in activity.batches] == ["INIT", "WAITING"]
    it.wait(it.cloud.timing.batch_init_seconds)
    first = activity.batches[0]
    assert first.refresh_batch_status == "RUNNING"
    assert {i.instance_status for i in first.instances} == {"RUNNING"}
    it.wait(it.cloud.timing.reinstall_seconds)
    assert [b.refresh_batch_status for b in activity.batches] == ["SUCCESSFUL", "INIT"]
    assert it.images == [it.new] * 3 + [it.old] * 2
    assert it.finish(activity) == "SUCCESSFUL"
    assert it.images == [it.new] * 5
    assert activity.end_time == it.cloud.clock.now()
    assert [(r.from_image, r.to_image, r.ok) for r in it.region.reinstalls] == [
        (it.old, it.new, True)
    ] * 5


@pytest.mark.parametrize(
    ("instances", "batches", "sizes"),
    [(5, 2, [3, 2]), (4, 4, [1] * 4), (7, 3, [3, 2, 2]), (6, 1, [6]), (9, 4, [3, 2, 2, 2])],
)
def test_batches_are_even_the_larger_ones_first(
    instances: int, batches: int, sizes: list[int]
) -> None:
    items = [RefreshInstance(f"ins-{n:08}", "img-00000001") for n in range(instances)]
    made = split(items, batches)
    assert [len(batch.instances) for batch in made] == sizes
    assert [batch.refresh_batch_num for batch in made] == list(range(1, batches + 1))
    assert [item for batch in made for item in batch.instances] == items


def test_instances_that_already_match_are_reinstalled_again(it: Fleet) -> None:
    it.finish(it.start(batches=1))
    assert [(r.from_image, r.to_image) for r in it.region.reinstalls] == [(it.old, it.old)] * 5


def test_the_group_is_disabled_until_the_end_and_instances_leave_service(it: Fleet) -> None:
    activity = it.start(batches=2, BatchPause="BATCH_INTERVAL_PAUSE")

    def seen() -> tuple[str, str, int, int]:
        answer = it.call("DescribeAutoScalingGroups", AutoScalingGroupIds=[it.id])
        group = answer["AutoScalingGroupSet"][0]
        counts = group["InServiceInstanceCount"], group["InstanceCount"]
        return (group["EnabledStatus"], group["InActivityStatus"], *counts)

    assert seen() == ("DISABLED", "NOT_IN_ACTIVITY", 5, 5)
    it.wait(10)
    assert seen() == ("DISABLED", "IN_ACTIVITY", 2, 5)
    it.finish(activity)
    assert seen() == ("DISABLED", "NOT_IN_ACTIVITY", 5, 5)
    it.steer("Resume", activity)
    it.finish(activity)
    assert seen() == ("ENABLED", "NOT_IN_ACTIVITY", 5, 5)


def test_a_disabled_group_is_disabled_again_afterwards(it: Fleet) -> None:
    it.group.enabled_status = "DISABLED"
    assert it.finish(it.start()) == "SUCCESSFUL"
    assert it.group.enabled_status == "DISABLED"


def test_cvm_and_auto_scaling_tell_of_the_reinstall(it: Fleet) -> None:
    it.publish()
    activity = it.start(batches=1)
    it.wait(10)
    cvm = Calls(it.cloud, "cvm")
    name = it.instances[0].instance_id
    machine = cvm("DescribeInstances", InstanceIds=[name])["InstanceSet"][0]
    assert machine["LatestOperation"] == "ResetInstance"
    assert machine["LatestOperationState"] == "OPERATING"
    assert machine["ImageId"] == it.old
    instance = it.call("DescribeAutoScalingInstances", InstanceIds=[name])
    assert instance["AutoScalingInstanceSet"][0]["LifeCycleState"] == "MODIFYING_LB"
    it.finish(activity)
    machine = cvm("DescribeInstances", InstanceIds=[name])["InstanceSet"][0]
    assert (machine["LatestOperationState"], machine["ImageId"]) == ("SUCCESS", it.new)
    step = it.call("DescribeAutoScalingActivities", ActivityIds=[step_of(it)])["ActivitySet"][0]
    assert (step["StatusCode"], step["StatusMessage"]) == ("SUCCESSFUL", "Success")
    assert {i["InstanceStatus"] for i in step["RelatedInstanceSet"]} == {"SUCCESSFUL"}
    assert activity.refresh_activity_id in step["Cause"]


def step_of(it: Fleet) -> str:
    answer = it.call("DescribeRefreshActivities")["RefreshActivitySet"][0]
    last: str = answer["RefreshBatchSet"][0]["RefreshBatchRelatedInstanceSet"][0]["LastActivityId"]
    return last


def test_each_instance_reads_the_image_when_it_is_reinstalled(it: Fleet) -> None:
    it.publish()
    activity = it.start(batches=2, BatchPause="FIRST_BATCH_PAUSE")
    it.finish(activity)
    third = it.region.add_image().image_id
    it.region.launch_configurations[it.group.launch_configuration_id].image_id = third
    it.steer("Resume", activity)
    it.finish(activity)
    assert it.images == [it.new] * 3 + [third] * 2


@pytest.mark.parametrize(
    ("pause", "pauses"), [("AUTOMATIC", 0), ("FIRST_BATCH_PAUSE", 1), ("BATCH_INTERVAL_PAUSE", 2)]
)
def test_pauses_between_batches(it: Fleet, pause: str, pauses: int) -> None:
    activity = it.start(batches=3, BatchPause=pause)
    for batch in range(1, pauses + 1):
        assert it.finish(activity) == "AUTO_PAUSE"
        assert activity.current_refresh_batch_num == batch
        it.wait(1_000_000)
        assert activity.status == "AUTO_PAUSE"
        it.steer("Resume", activity)
        assert activity.status == "RUNNING"
    assert it.finish(activity) == "SUCCESSFUL"


def test_stop_pauses_once_the_running_batch_has_ended(it: Fleet) -> None:
    activity = it.start(batches=3)
    it.wait(20)
    it.steer("Stop", activity)
    assert activity.status == "RUNNING"
    assert it.refused("Cancel", activity) == CONFLICT
    assert it.finish(activity) == "MANUAL_PAUSE"
    assert [b.refresh_batch_status for b in activity.batches] == [
        "SUCCESSFUL",
        "WAITING",
        "WAITING",
    ]
    assert it.refused("Stop", activity) == CONFLICT
    it.steer("Resume", activity)
    assert it.finish(activity) == "SUCCESSFUL"


def test_a_stop_in_the_first_seconds_pauses_before_the_first_batch(it: Fleet) -> None:
    activity = it.start()
    it.steer("Stop", activity)
    assert it.finish(activity) == "MANUAL_PAUSE"
    assert it.region.reinstalls == []


def test_a_stop_in_the_last_batch_changes_nothing(it: Fleet) -> None:
    activity = it.start(batches=1)
    it.wait(20)
    it.steer("Stop", activity)
    assert it.finish(activity) == "SUCCESSFUL"


def test_cancel_leaves_done_batches_and_ends_for_good(it: Fleet) -> None:
    it.publish()
    activity = it.start(batches=2, BatchPause="FIRST_BATCH_PAUSE")
    it.finish(activity)
    it.steer("Cancel", activity)
    assert activity.status == "CANCELLED"
    assert [b.refresh_batch_status for b in activity.batches] == ["SUCCESSFUL", "CANCELLED"]
    assert {i.instance_status for i in activity.batches[1].instances} == {"CANCELLED"}
    assert it.images == [it.new] * 3 + [it.old] * 2
    assert it.group.enabled_status == "ENABLED"
    for verb in ("Resume", "Stop", "Cancel"):
        assert it.refused(verb, activity) == CONFLICT
    code = it.call.code("RollbackInstanceRefresh", **it.rollback(activity))
    assert code == "ResourceUnavailable.RefreshActivityCanNotRollback"


def test_cancel_before_the_first_batch_touches_nothing(it: Fleet) -> None:
    activity = it.start()
    it.steer("Cancel", activity)
    it.wait(1000)
    assert (activity.status, it.region.reinstalls) == ("CANCELLED", [])


def test_an_instance_that_is_gone_blocks_nothing(it: Fleet) -> None:
    activity = it.start(batches=2)
    gone, moved, mid_way = (i.instance_id for i in it.instances[-3:])
    it.region.remove_instance(gone)
    it.region.instances[moved].auto_scaling_group_id = ""
    it.wait(20)
    it.region.remove_instance(mid_way)
    assert it.finish(activity) == "SUCCESSFUL"
    statuses = {i.instance_id: i.instance_status for i in activity.instances()}
    assert [statuses[name] for name in (gone, moved, mid_way)] == ["NOT_FOUND"] * 3
    assert list(statuses.values()).count("SUCCESSFUL") == 2


def test_the_timeline_is_the_same_whether_it_is_watched_or_not() -> None:
    def ends(step: float) -> list[object]:
        with fleet(instances=5) as it:
            activity = it.start(batches=3)
            for _ in range(int(1200 / step)):
                it.wait(step)
            return [activity.end_time, *(r.at for r in it.region.reinstalls)]

    assert ends(1200) == ends(10)


def test_regions_are_separate(it: Fleet) -> None:
    elsewhere = Calls(it.cloud, region="ap-shanghai")
    assert elsewhere("DescribeAutoScalingGroups")["TotalCount"] == 0
    code = elsewhere.code("StartInstanceRefresh", **it.parameters())
    assert code == "ResourceNotFound.AutoScalingGroupIdNotFound"
    assert it.cloud.region(REGION) is it.region
