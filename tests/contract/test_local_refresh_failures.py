"""A refresh that goes wrong, and the ways back: retry, skip, cancel, roll back; surge, replace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.local_cloud import Fleet, fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

REPLACE = "ROLLING_UPDATE_REPLACE"
NO_ROLLBACK = "ResourceUnavailable.RefreshActivityCanNotRollback"


@pytest.fixture
def it() -> Iterator[Fleet]:
    with fleet(instances=4) as made:
        made.publish()
        yield made


def test_a_failed_instance_pauses_and_stays_in_standby(it: Fleet) -> None:
    bad = it.instances[1]
    it.cloud.faults.fail_instance(bad.instance_id)
    activity = it.start(batches=2)
    assert it.finish(activity) == "FAILED_PAUSE"
    assert [b.refresh_batch_status for b in activity.batches] == ["PARTIALLY_SUCCESSFUL", "WAITING"]
    assert (bad.life_cycle_state, bad.latest_operation_state) == ("MODIFYING_LB", "FAILED")
    assert bad.image_id == it.old
    item = activity.batches[0].instances[1]
    assert item.instance_status == "FAILED"
    answer = it.call("DescribeAutoScalingActivities", ActivityIds=[item.last_activity_id])
    step = answer["ActivitySet"][0]
    assert step["StatusCode"] == "PARTIALLY_SUCCESSFUL"
    assert bad.instance_id in step["StatusMessage"]
    assert [d["InstanceId"] for d in step["DetailedStatusMessageSet"]] == [bad.instance_id]


def test_retry_tries_only_the_failed_ones_again(it: Fleet) -> None:
    bad = it.instances[1]
    it.cloud.faults.fail_instance(bad.instance_id, times=2)
    activity = it.start(batches=2)
    it.finish(activity)
    for status in ("FAILED_PAUSE", "SUCCESSFUL"):
        it.steer("Resume", activity, ResumeMode="RETRY")
        assert it.finish(activity) == status
    assert [r.instance_id for r in it.region.reinstalls].count(bad.instance_id) == 3
    assert len(it.region.reinstalls) == 6
    assert it.images == [it.new] * 4
    assert all(instance.in_service for instance in it.instances)


def test_continue_passes_the_failed_ones_over(it: Fleet) -> None:
    bad = it.instances[0]
    it.cloud.faults.fail_instance(bad.instance_id)
    activity = it.start(batches=2)
    it.finish(activity)
    it.steer("Resume", activity, ResumeMode="CONTINUE")
    assert it.finish(activity) == "SUCCESSFUL"
    assert it.images == [it.old] + [it.new] * 3
    assert (bad.life_cycle_state, bad.standby) == ("MODIFYING_LB", True)


def test_a_bad_image_fails_the_whole_batch_and_auto_cancel_ends_it(it: Fleet) -> None:
    it.cloud.faults.fail_image(it.new)
    activity = it.start(batches=2, FailProcess="AUTO_CANCEL")
    assert it.finish(activity) == "CANCELLED"
    assert [b.refresh_batch_status for b in activity.batches] == ["FAILED", "CANCELLED"]
    assert [i.in_service for i in it.instances] == [False, False, True, True]
    assert it.group.enabled_status == "ENABLED"


def test_auto_rollback_puts_each_image_back_one_instance_a_batch(it: Fleet) -> None:
    it.cloud.faults.fail_instance(it.instances[3].instance_id)
    activity = it.start(batches=2, FailProcess="AUTO_ROLLBACK")
    it.finish(activity)
    back = list(it.region.activities.values())[-1]
    assert (activity.status, back.activity_type, back.status) == ("FAILED", "ROLLBACK", "INIT")
    assert back.origin_refresh_activity_id == activity.refresh_activity_id
    assert it.group.enabled_status == "DISABLED"
    assert it.finish(back) == "SUCCESSFUL"
    assert [len(batch.instances) for batch in back.batches] == [1] * 4
    assert it.images == [it.old] * 4
    assert all(instance.in_service for instance in it.instances)
    source = it.region.launch_configurations[it.group.launch_configuration_id]
    assert source.image_id == it.new


def test_a_rollback_of_a_paused_activity_takes_what_was_touched(it: Fleet) -> None:
    activity = it.start(batches=2, BatchPause="FIRST_BATCH_PAUSE")
    it.finish(activity)
    answer = it.call("RollbackInstanceRefresh", **it.rollback(activity, batches=2))
    back = it.region.activities[answer["RefreshActivityId"]]
    assert activity.status == "CANCELLED"
    assert it.finish(back) == "SUCCESSFUL"
    assert len(list(back.instances())) == 2
    assert it.images == [it.old] * 4


def test_only_the_newest_success_can_be_rolled_back(it: Fleet) -> None:
    first, second = it.start(), None
    it.finish(first)
    second = it.start()
    code = it.call.code("RollbackInstanceRefresh", **it.rollback(first))
    assert code == "ResourceUnavailable.AutoScalingGroupInRefreshActivity"
    assert it.call.code("RollbackInstanceRefresh", **it.rollback(second)) == NO_ROLLBACK
    it.finish(second)
    assert it.call.code("RollbackInstanceRefresh", **it.rollback(first)) == NO_ROLLBACK
    answer = it.call("RollbackInstanceRefresh", **it.rollback(second))
    back = it.region.activities[answer["RefreshActivityId"]]
    it.finish(back)
    code = it.call.code("RollbackInstanceRefresh", **it.rollback(back))
    assert code == "ResourceUnavailable.RollbackTypeActivityCanNotRollbackAgain"
    assert it.call.code("RollbackInstanceRefresh", **it.rollback(second)) == NO_ROLLBACK


def test_a_rollback_is_checked(it: Fleet) -> None:
    activity = it.start(batches=2, BatchPause="FIRST_BATCH_PAUSE")
    it.finish(activity)
    start = it.rollback(activity, batches=3)
    code = it.call.code("RollbackInstanceRefresh", **start)
    assert code == "InvalidParameterValue.BatchNumberTooLarge"
    surge = it.rollback(activity, MaxSurge=1)
    code = it.call.code("RollbackInstanceRefresh", **surge)
    assert code == "InvalidParameter.InScenario"
    mode = {**it.rollback(activity), "RefreshMode": REPLACE}
    assert it.call.code("RollbackInstanceRefresh", **mode) == "InvalidParameterValue"
    unknown = {**it.rollback(activity), "OriginRefreshActivityId": "asr-00000000"}
    code = it.call.code("RollbackInstanceRefresh", **unknown)
    assert code == "ResourceNotFound.RefreshActivityNotFound"
    for instance in it.instances[:2]:
        it.region.remove_instance(instance.instance_id)
    code = it.call.code("RollbackInstanceRefresh", **it.rollback(activity))
    assert code == "ResourceUnavailable.NoInstanceCanRollback"
    assert activity.status == "AUTO_PAUSE"


def test_a_rollback_that_fails_waits_for_someone(it: Fleet) -> None:
    activity = it.start(batches=1)
    it.finish(activity)
    it.cloud.faults.fail_image(it.old)
    answer = it.call(
        "RollbackInstanceRefresh", **it.rollback(activity, FailProcess="AUTO_ROLLBACK")
    )
    back = it.region.activities[answer["RefreshActivityId"]]
    assert it.finish(back) == "FAILED_PAUSE"


def test_replace_makes_new_instances_and_can_not_be_rolled_back(it: Fleet) -> None:
    before = {instance.instance_id for instance in it.instances}
    activity = it.start(batches=2, mode=REPLACE)
    it.wait(20)
    assert sum(instance.in_service for instance in it.instances) == 4
    assert it.finish(activity) == "SUCCESSFUL"
    after = {instance.instance_id for instance in it.instances}
    assert len(after) == 4
    assert not before & after
    assert it.images == [it.new] * 4
    assert not before & set(it.region.instances)
    assert {item.instance_id for item in activity.instances()} == before
    assert it.call.code("RollbackInstanceRefresh", **it.rollback(activity)) == NO_ROLLBACK


def test_a_failed_replacement_leaves_the_old_instance_in_service(it: Fleet) -> None:
    it.cloud.faults.fail_image(it.new)
    activity = it.start(batches=2, mode=REPLACE, FailProcess="AUTO_ROLLBACK")
    assert it.finish(activity) == "CANCELLED"
    assert it.images == [it.old] * 4
    assert all(instance.in_service for instance in it.instances)


def test_max_surge_adds_instances_for_the_length_of_the_activity(it: Fleet) -> None:
    activity = it.start(batches=2, MaxSurge=2)
    it.wait(it.cloud.timing.init_seconds + it.cloud.timing.launch_seconds)
    assert len(it.instances) == 6
    assert activity.surge == "READY"
    it.until(lambda: activity.surge == "REMOVING")
    assert it.refused("Stop", activity).endswith("StatusConflictWithOperation")
    assert it.refused("Cancel", activity).endswith("StatusConflictWithOperation")
    assert it.finish(activity) == "SUCCESSFUL"
    assert it.images == [it.new] * 4
    kinds = [step.activity_type for step in it.region.scaling_activities.values()]
    assert (kinds[0], kinds[-1]) == ("SCALE_OUT", "SCALE_IN")


def test_max_surge_that_can_not_be_launched_pauses_and_is_retried(it: Fleet) -> None:
    it.cloud.faults.fail_image(it.new)
    activity = it.start(batches=2, MaxSurge=1)
    assert it.finish(activity) == "FAILED_PAUSE"
    assert activity.current_refresh_batch_num == 0
    it.cloud.faults.clear()
    it.steer("Resume", activity)
    assert it.finish(activity) == "SUCCESSFUL"
    assert it.images == [it.new] * 4


def test_max_surge_that_can_not_be_launched_is_cancelled_instead_of_rolled_back(it: Fleet) -> None:
    it.cloud.faults.fail_image(it.new)
    activity = it.start(batches=2, MaxSurge=1, FailProcess="AUTO_ROLLBACK")
    assert it.finish(activity) == "CANCELLED"
    assert len(it.region.activities) == 1


def test_a_cancelled_activity_takes_its_extra_instances_along(it: Fleet) -> None:
    activity = it.start(batches=2, MaxSurge=2, BatchPause="FIRST_BATCH_PAUSE")
    it.finish(activity)
    assert len(it.instances) == 6
    it.steer("Cancel", activity)
    assert len(it.instances) == 4


def test_an_unhealthy_target_fails_after_the_timeout() -> None:
    health = {"CheckInstanceTargetHealth": True, "CheckInstanceTargetHealthTimeout": 120}
    with fleet(instances=2, load_balancer=True) as it:
        it.publish()
        it.cloud.faults.fail_target_health(it.new)
        activity = it.start(batches=1, health=health)
        it.wait(100)
        assert activity.status == "RUNNING"
        it.wait(100)
        assert activity.status == "FAILED_PAUSE"
        assert it.images == [it.new] * 2
        assert {i.health_status for i in it.instances} == {"CLB_UNHEALTHY"}
        it.cloud.faults.clear()
        it.steer("Resume", activity)
        assert it.finish(activity) == "SUCCESSFUL"
        assert {i.health_status for i in it.instances} == {"HEALTHY"}


HEALTH = {"CheckInstanceTargetHealth": True, "CheckInstanceTargetHealthTimeout": 60}


@pytest.mark.parametrize("healthy", [True, False])
def test_a_new_instance_that_is_lost_leaves_the_old_one_in_service(*, healthy: bool) -> None:
    with fleet(instances=1, load_balancer=True) as it:
        it.publish()
        if not healthy:
            it.cloud.faults.fail_target_health(it.new)
        (old,) = it.instances
        activity = it.start(batches=1, mode=REPLACE, health=HEALTH)
        it.until(lambda: len(it.instances) == 2)
        it.region.remove_instance(it.instances[1].instance_id)
        assert it.finish(activity) == "FAILED_PAUSE"
        assert (it.instances, old.in_service) == ([old], True)


def test_nothing_is_rolled_back_where_nothing_is_left() -> None:
    with fleet(instances=2, load_balancer=True) as it:
        it.publish()
        names = [instance.instance_id for instance in it.instances]
        it.cloud.faults.fail_instance(names[0])
        activity = it.start(batches=1, FailProcess="AUTO_ROLLBACK", health=HEALTH)
        it.until(lambda: it.images == [it.old, it.new])
        for name in names:
            it.region.remove_instance(name)
        assert it.finish(activity) == "FAILED"
        assert list(it.region.activities.values()) == [activity]
        assert it.group.enabled_status == "ENABLED"


def test_health_is_not_checked_without_a_load_balancer(it: Fleet) -> None:
    it.cloud.faults.fail_target_health(it.new)
    activity = it.start(batches=1, health={"CheckInstanceTargetHealth": True})
    assert it.finish(activity) == "SUCCESSFUL"


def test_an_image_that_disappears_mid_way_fails_the_rest(it: Fleet) -> None:
    activity = it.start(batches=2)
    it.until(lambda: activity.current_refresh_batch_num == 2)
    del it.region.images[it.new]
    assert it.finish(activity) == "FAILED_PAUSE"
    message = activity.batches[1].instances[0].instance_status_message
    assert message.startswith("InvalidImageId.NotFound")
