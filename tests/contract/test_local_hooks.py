"""Lifecycle hooks: where instances of a refresh wait, and how that ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.local_cloud import Fleet, fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.autoscaling.activity import RefreshActivity

REPLACE = "ROLLING_UPDATE_REPLACE"


@pytest.fixture
def it() -> Iterator[Fleet]:
    with fleet(instances=2) as made:
        made.publish()
        yield made


def hook(it: Fleet, transition: str, **more: Any) -> str:
    given = {
        "AutoScalingGroupId": it.id,
        "LifecycleHookName": f"hook-{len(it.region.lifecycle_hooks)}",
        "LifecycleTransition": f"INSTANCE_{transition}",
        "LifecycleTransitionType": "EXTENSION",
        **more,
    }
    made: str = it.call("CreateLifecycleHook", **given)["LifecycleHookId"]
    return made


def complete(it: Fleet, hook_id: str, instance_id: str, result: str) -> None:
    it.call(
        "CompleteLifecycleAction",
        LifecycleHookId=hook_id,
        InstanceId=instance_id,
        LifecycleActionResult=result,
    )


def states(it: Fleet) -> list[str]:
    return [instance.life_cycle_state for instance in it.instances]


def results(it: Fleet, activity: RefreshActivity) -> list[tuple[str, str]]:
    last = activity.batches[0].instances[0].last_activity_id
    (step,) = it.call("DescribeAutoScalingActivities", ActivityIds=[last])["ActivitySet"]
    told = step["LifecycleActionResultSet"]
    return [(each["LifecycleActionResult"], each["ResultReason"]) for each in told]


def test_instances_wait_for_up_to_two_hours_before_and_after_the_reinstall(it: Fleet) -> None:
    hook(it, "TERMINATING", HeartbeatTimeout=7200)
    hook(it, "LAUNCHING", HeartbeatTimeout=7200)
    activity = it.start(batches=1)
    it.wait(7000)
    found = it.call("DescribeAutoScalingInstances")["AutoScalingInstanceSet"]
    assert [each["LifeCycleState"] for each in found] == ["IN_TERMINATING_HOOK"] * 2
    assert it.images == [it.old] * 2
    it.wait(7000)
    assert states(it) == ["IN_LAUNCHING_HOOK"] * 2
    assert it.images == [it.new] * 2
    assert activity.status == "RUNNING"
    assert it.finish(activity) == "SUCCESSFUL"
    assert states(it) == ["IN_SERVICE"] * 2
    assert results(it, activity) == [("CONTINUE", "HEARTBEAT_TIMEOUT")] * 4


def test_who_completes_a_hook_lets_the_instance_go_on(it: Fleet) -> None:
    named = hook(it, "LAUNCHING", HeartbeatTimeout=7200)
    activity = it.start(batches=1)
    it.until(lambda: states(it) == ["IN_LAUNCHING_HOOK"] * 2)
    for instance in it.instances:
        complete(it, named, instance.instance_id, "CONTINUE")
    assert it.finish(activity) == "SUCCESSFUL"
    assert results(it, activity) == [("CONTINUE", "CALL_INTERFACE")] * 2
    code = it.call.code(
        "CompleteLifecycleAction",
        LifecycleHookId=named,
        InstanceId=it.instances[0].instance_id,
        LifecycleActionResult="ABANDON",
    )
    assert code == "ResourceUnavailable.LifecycleActionResultHasSet"


def test_an_abandoned_launch_fails_its_instance_and_says_so(it: Fleet) -> None:
    named = hook(it, "LAUNCHING")
    other = hook(it, "LAUNCHING")
    activity = it.start(batches=1)
    it.until(lambda: states(it) == ["IN_LAUNCHING_HOOK"] * 2)
    bad, good = it.instances
    complete(it, named, bad.instance_id, "ABANDON")
    assert it.finish(activity) == "FAILED_PAUSE"
    assert [i.instance_status for i in activity.instances()] == ["FAILED", "SUCCESSFUL"]
    assert (bad.in_service, good.in_service) == (False, True)
    assert sorted(results(it, activity)) == [
        ("ABANDON", "ANOTHER_ACTION_ABANDON"),
        ("ABANDON", "CALL_INTERFACE"),
        ("CONTINUE", "HEARTBEAT_TIMEOUT"),
        ("CONTINUE", "HEARTBEAT_TIMEOUT"),
    ]
    assert named in activity.batches[0].instances[0].instance_status_message
    assert other not in activity.batches[0].instances[0].instance_status_message


def test_a_launch_that_times_out_ends_as_its_default_says(it: Fleet) -> None:
    hook(it, "LAUNCHING", HeartbeatTimeout=30, DefaultResult="ABANDON")
    activity = it.start(batches=1)
    assert it.finish(activity) == "FAILED_PAUSE"
    assert results(it, activity) == [("ABANDON", "HEARTBEAT_TIMEOUT")] * 2


def test_an_abandoned_termination_goes_on(it: Fleet) -> None:
    hook(it, "TERMINATING", HeartbeatTimeout=30, DefaultResult="ABANDON")
    assert it.finish(it.start(batches=1)) == "SUCCESSFUL"
    assert it.images == [it.new] * 2


def test_a_replacement_is_launched_before_the_old_one_is_terminated(it: Fleet) -> None:
    hook(it, "LAUNCHING")
    hook(it, "TERMINATING")
    activity = it.start(batches=1, mode=REPLACE)
    it.until(lambda: states(it) == ["IN_SERVICE"] * 2 + ["IN_LAUNCHING_HOOK"] * 2)
    it.until(lambda: states(it) == ["IN_TERMINATING_HOOK"] * 2 + ["IN_SERVICE"] * 2)
    assert it.finish(activity) == "SUCCESSFUL"
    assert it.images == [it.new] * 2


def test_hooks_of_type_normal_do_not_run_on_a_refresh(it: Fleet) -> None:
    hook(it, "LAUNCHING", LifecycleTransitionType="NORMAL")
    activity = it.start(batches=1)
    assert it.finish(activity) == "SUCCESSFUL"
    assert results(it, activity) == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"HeartbeatTimeout": 29}, "InvalidParameterValue.Range"),
        ({"HeartbeatTimeout": 7201}, "InvalidParameterValue.Range"),
        ({"DefaultResult": "STOP"}, "InvalidParameterValue"),
        (
            {"LifecycleCommand": {"CommandId": "cmd-1"}, "NotificationMetadata": "x"},
            "InvalidParameter.Conflict",
        ),
        ({"LifecycleHookName": "hook-0"}, "InvalidParameterValue.LifecycleHookNameDuplicated"),
    ],
)
def test_what_is_no_hook(it: Fleet, given: dict[str, Any], code: str) -> None:
    hook(it, "LAUNCHING")
    wanted = {
        "AutoScalingGroupId": it.id,
        "LifecycleHookName": "another",
        "LifecycleTransition": "INSTANCE_LAUNCHING",
    }
    assert it.call.code("CreateLifecycleHook", **{**wanted, **given}) == code
    assert it.call("DescribeLifecycleHooks")["TotalCount"] == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"LifecycleHookId": "hook"}, "InvalidParameterValue.InvalidLifecycleHookId"),
        ({"LifecycleHookId": "ash-00000000"}, "ResourceNotFound.LifecycleHookNotFound"),
        ({"LifecycleActionToken": "t"}, "InvalidParameter.MustOneParameter"),
        ({}, "ResourceNotFound.LifecycleHookInstanceNotFound"),
    ],
)
def test_what_can_not_be_completed(it: Fleet, given: dict[str, Any], code: str) -> None:
    wanted = {
        "LifecycleHookId": hook(it, "LAUNCHING"),
        "InstanceId": it.instances[0].instance_id,
        "LifecycleActionResult": "CONTINUE",
    }
    assert it.call.code("CompleteLifecycleAction", **{**wanted, **given}) == code


def test_an_instance_that_two_hooks_abandon_fails_once(it: Fleet) -> None:
    hook(it, "LAUNCHING", HeartbeatTimeout=30, DefaultResult="ABANDON")
    hook(it, "LAUNCHING", HeartbeatTimeout=60, DefaultResult="ABANDON")
    activity = it.start(batches=1, FailProcess="AUTO_ROLLBACK")
    assert it.finish(activity) == "FAILED"
    assert [a.activity_type for a in it.region.activities.values()] == ["NORMAL", "ROLLBACK"]
