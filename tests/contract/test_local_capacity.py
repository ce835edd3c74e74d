"""How many instances a group has, whether it is enabled, and which of them are in standby."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.local_cloud import Fleet, fleet

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def it() -> Iterator[Fleet]:
    with fleet(instances=3, min_size=1, max_size=5) as made:
        yield made


def group(it: Fleet) -> dict[str, Any]:
    answer = it.call("DescribeAutoScalingGroups", AutoScalingGroupIds=[it.id])
    found: dict[str, Any] = answer["AutoScalingGroupSet"][0]
    return found


def desire(it: Fleet, action: str = "ModifyDesiredCapacity", **given: Any) -> None:
    it.call(action, AutoScalingGroupId=it.id, **given)


def test_a_scale_out_launches_what_the_launch_configuration_names_by_then(it: Fleet) -> None:
    it.publish()
    desire(it, DesiredCapacity=5)
    assert group(it)["InActivityStatus"] == "IN_ACTIVITY"
    it.wait(60)
    assert it.images == [it.old] * 3 + [it.new] * 2
    found = group(it)
    assert (found["InServiceInstanceCount"], found["InActivityStatus"]) == (5, "NOT_IN_ACTIVITY")
    (step,) = it.call("DescribeAutoScalingActivities")["ActivitySet"]
    assert (step["ActivityType"], step["StatusCode"]) == ("SCALE_OUT", "SUCCESSFUL")


def test_an_image_that_can_not_be_launched_fails_the_scale_out(it: Fleet) -> None:
    it.publish()
    it.cloud.faults.fail_image(it.new)
    desire(it, DesiredCapacity=4)
    it.wait(60)
    assert len(it.instances) == 3
    desire(it, "ScaleOutInstances", ScaleOutNumber=1)
    it.wait(60)
    assert (len(it.instances), group(it)["DesiredCapacity"]) == (3, 4)
    step = it.call("DescribeAutoScalingActivities")["ActivitySet"][1]
    assert (step["StatusCode"], it.new in step["StatusMessage"]) == ("FAILED", True)


@pytest.mark.parametrize(("policy", "left"), [("OLDEST_INSTANCE", 2), ("NEWEST_INSTANCE", 0)])
def test_a_scale_in_takes_the_oldest_or_newest_away(it: Fleet, policy: str, left: int) -> None:
    for number, instance in enumerate(it.instances):
        it.wait(1)
        instance.created_time = it.cloud.clock.now()
        instance.instance_name = str(number)
    desire(it, "ModifyAutoScalingGroup", TerminationPolicies=[policy], DesiredCapacity=1)
    it.wait(20)
    assert [instance.instance_name for instance in it.instances] == [str(left)]


@pytest.mark.parametrize("sizes", [{"DesiredCapacity": 6}, {"DesiredCapacity": 0}, {"MinSize": 4}])
def test_the_desired_capacity_lies_between_the_least_and_the_most(
    it: Fleet, sizes: dict[str, int]
) -> None:
    wanted = {"AutoScalingGroupId": it.id, **sizes}
    code = it.call.code("ModifyAutoScalingGroup", **wanted)
    assert code == "InvalidParameterValue.Size"
    assert (it.group.min_size, it.group.desired_capacity) == (1, 3)


def test_a_refreshed_group_is_scaled_out_when_the_refresh_is_over(it: Fleet) -> None:
    it.publish()
    activity = it.start(batches=1)
    code = it.call.code("ModifyDesiredCapacity", AutoScalingGroupId=it.id, DesiredCapacity=4)
    assert code == "ResourceUnavailable.AutoScalingGroupDisabled"
    desire(it, "ModifyAutoScalingGroup", DesiredCapacity=4)
    it.finish(activity)
    assert len(it.instances) == 3
    it.wait(100)
    assert it.images == [it.new] * 4


def test_a_disabled_group_is_scaled_out_when_it_is_enabled(it: Fleet) -> None:
    desire(it, "DisableAutoScalingGroup")
    assert group(it)["EnabledStatus"] == "DISABLED"
    desire(it, "ModifyAutoScalingGroup", DesiredCapacity=4)
    it.wait(100)
    assert len(it.instances) == 3
    desire(it, "EnableAutoScalingGroup")
    it.wait(100)
    assert (group(it)["EnabledStatus"], len(it.instances)) == ("ENABLED", 4)


def test_a_number_of_instances_is_launched_by_hand_even_if_disabled(it: Fleet) -> None:
    desire(it, "DisableAutoScalingGroup")
    desire(it, "ScaleOutInstances", ScaleOutNumber=2)
    start = it.call.code("StartInstanceRefresh", **it.parameters())
    assert start == "ResourceUnavailable.AutoScalingGroupInActivity"
    it.wait(60)
    assert (group(it)["DesiredCapacity"], len(it.instances)) == (5, 5)
    more = it.call.code("ScaleOutInstances", AutoScalingGroupId=it.id, ScaleOutNumber=1)
    assert more == "ResourceInsufficient.AutoScalingGroupAboveMaxSize"


def test_what_is_set_while_a_refresh_keeps_its_group_disabled_is_for_afterwards(it: Fleet) -> None:
    for verb, status in (("Disable", "DISABLED"), ("Enable", "ENABLED")):
        activity = it.start(batches=1)
        desire(it, f"{verb}AutoScalingGroup")
        assert group(it)["EnabledStatus"] == "DISABLED"
        assert it.finish(activity) == "SUCCESSFUL"
        assert group(it)["EnabledStatus"] == status


def test_what_a_cancel_leaves_behind_comes_back_into_service_by_hand(it: Fleet) -> None:
    it.publish()
    bad = it.instances[0]
    it.cloud.faults.fail_instance(bad.instance_id)
    activity = it.start(batches=3, FailProcess="AUTO_CANCEL")
    assert it.finish(activity) == "CANCELLED"
    (item,) = activity.batches[0].instances
    assert (item.instance_id, item.instance_status) == (bad.instance_id, "FAILED")
    assert bad.life_cycle_state == "MODIFYING_LB"
    assert [i.instance_id for i in it.start(batches=1).instances()] == [
        instance.instance_id for instance in it.instances[1:]
    ]
    desire(it, "ExitStandby", InstanceIds=[bad.instance_id])
    assert bad.in_service


def test_an_instance_in_standby_is_shown_in_the_state_that_its_group_says(it: Fleet) -> None:
    it.group.standby_state = "STOPPED"
    machine = it.instances[0]
    desire(it, "EnterStandby", InstanceIds=[machine.instance_id])
    assert (machine.life_cycle_state, it.group.desired_capacity) == ("STOPPED", 2)
    again = {"AutoScalingGroupId": it.id, "InstanceIds": [machine.instance_id]}
    assert it.call.code("EnterStandby", **again) == "ResourceUnavailable.InstanceInOperation"
    desire(it, "ExitStandby", InstanceIds=[machine.instance_id])
    assert (machine.life_cycle_state, it.group.desired_capacity) == ("IN_SERVICE", 3)
    assert it.call.code("ExitStandby", **again) == "ResourceUnavailable.InstanceInOperation"
    other = {"AutoScalingGroupId": it.id, "InstanceIds": ["ins-00000000"]}
    code = it.call.code("EnterStandby", **other)
    assert code == "ResourceNotFound.InstancesNotInAutoScalingGroup"


@pytest.mark.parametrize(
    ("action", "given", "code"),
    [
        ("EnableAutoScalingGroup", {}, "ResourceNotFound.AutoScalingGroupNotFound"),
        ("ModifyAutoScalingGroup", {}, "ResourceNotFound.AutoScalingGroupNotFound"),
        ("ScaleOutInstances", {"ScaleOutNumber": 1}, "ResourceNotFound.AutoScalingGroupNotFound"),
    ],
)
def test_a_group_that_is_not_there(
    it: Fleet, action: str, given: dict[str, int], code: str
) -> None:
    assert it.call.code(action, AutoScalingGroupId="asg-00000000", **given) == code


def test_a_group_gets_another_launch_configuration_if_there_is_one(it: Fleet) -> None:
    other = it.region.add_launch_configuration(image=it.new).launch_configuration_id
    unknown = {"AutoScalingGroupId": it.id, "LaunchConfigurationId": "asc-00000000"}
    code = it.call.code("ModifyAutoScalingGroup", **unknown)
    assert code == "InvalidParameterValue.LaunchConfigurationNotFound"
    desire(it, "ModifyAutoScalingGroup", LaunchConfigurationId=other)
    assert group(it)["LaunchConfigurationId"] == other


@pytest.mark.parametrize("verb", ["Stop", "Resume", "Cancel"])
def test_steering_knows_no_group_that_is_not_there(it: Fleet, verb: str) -> None:
    names = {**it.names(it.start()), "AutoScalingGroupId": "asg-00000000"}
    code = it.call.code(f"{verb}InstanceRefresh", **names)
    assert code == "ResourceNotFound.RefreshActivityNotFound"


def hook(it: Fleet, transition: str, **more: Any) -> str:
    made: str = it.call(
        "CreateLifecycleHook",
        AutoScalingGroupId=it.id,
        LifecycleHookName=transition,
        LifecycleTransition=f"INSTANCE_{transition}",
        HeartbeatTimeout=600,
        **more,
    )["LifecycleHookId"]
    return made


@pytest.mark.parametrize("kind", ["NORMAL", "EXTENSION"])
def test_what_is_launched_waits_in_hooks_and_is_destroyed_where_one_abandons_it(
    it: Fleet, kind: str
) -> None:
    named = hook(it, "LAUNCHING", LifecycleTransitionType=kind)
    desire(it, "ScaleOutInstances", ScaleOutNumber=2)
    it.wait(60)
    states = [instance.life_cycle_state for instance in it.instances]
    assert states == ["IN_SERVICE"] * 3 + ["IN_LAUNCHING_HOOK"] * 2
    assert group(it)["InActivityStatus"] == "IN_ACTIVITY"
    bad, good = it.instances[3:]
    result = {"InstanceId": bad.instance_id, "LifecycleActionResult": "ABANDON"}
    it.call("CompleteLifecycleAction", LifecycleHookId=named, **result)
    it.wait(600)
    assert it.instances[3:] == [good]
    found = group(it)
    assert (found["InServiceInstanceCount"], found["DesiredCapacity"]) == (4, 4)
    assert found["InActivityStatus"] == "NOT_IN_ACTIVITY"
    (step,) = it.call("DescribeAutoScalingActivities")["ActivitySet"]
    assert (step["StatusCode"], named in step["StatusMessage"]) == ("PARTIALLY_SUCCESSFUL", True)


@pytest.mark.parametrize("result", ["CONTINUE", "ABANDON"])
def test_what_is_to_go_waits_in_hooks_and_goes_whatever_they_say(it: Fleet, result: str) -> None:
    hook(it, "TERMINATING", DefaultResult=result)
    desire(it, DesiredCapacity=1)
    it.wait(599)
    states = [instance.life_cycle_state for instance in it.instances]
    assert sorted(states) == ["IN_SERVICE", *["IN_TERMINATING_HOOK"] * 2]
    it.wait(60)
    assert len(it.instances) == 1
    assert group(it)["InActivityStatus"] == "NOT_IN_ACTIVITY"
