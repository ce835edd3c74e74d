"""The vendor's own examples: each is accepted, and answered in its shape, for the typed SDK."""

from __future__ import annotations

import json
import warnings
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from tencentcloud.autoscaling.v20180419 import models as autoscaling_models
from tencentcloud.cvm.v20170312 import models as cvm_models

from local.clock import ManualClock
from local.cloud import Cloud
from local.contract import Contract
from tests.contract.local_cloud import Calls, Fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.autoscaling.models import Group

MODELS = {"as": autoscaling_models, "cvm": cvm_models}
FOLDERS = {"as": "autoscaling/v20180419", "cvm": "cvm/v20170312"}


def examples() -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Read (service, action, request, answer) from the vendor's CLI."""
    for service, folder in FOLDERS.items():
        place = files("tccli").joinpath(f"services/{folder}/examples.json")
        content = json.loads(place.read_text("utf-8"))["actions"]
        for action in Contract(service).actions:
            for example in content[action]:
                request = example["input"].partition("\n\n")[2]
                yield (
                    service,
                    action,
                    json.loads(request),
                    json.loads(example["output"])["Response"],
                )


EXAMPLES = list(examples())


def group(it: Fleet, name: str) -> Group:
    """Give a group of the example's name, with six instances."""
    if name in it.region.groups:
        return it.region.groups[name]
    tags = {"city": "shenzhen"}
    made = it.region.add_group(name, image=it.old, instances=6, tags=tags, load_balancer=True)
    source = it.region.launch_configurations[made.launch_configuration_id]
    source.tags["k1"] = "v2"
    source.data_disks = [dict.fromkeys(DISK, None) | {"DiskType": "CLOUD_SSD", "DiskSize": 50}]
    source.instance_charge_prepaid = {"Period": 1, "RenewFlag": "NOTIFY_AND_AUTO_RENEW"}
    return made


DISK = (
    "DiskType", "DiskSize", "SnapshotId", "DeleteWithInstance", "Encrypt", "BurstPerformance",
    "ThroughputPerformance",
)  # fmt: skip


def rename(items: dict[str, Any], old: str, new: str, field: str) -> None:
    items[new] = items.pop(old)
    setattr(items[new], field, new)


def prepare(it: Fleet, action: str, request: dict[str, Any]) -> None:
    """Put what an example names into the cloud."""
    its_group = group(it, request.get("AutoScalingGroupId", "asg-pts6qcgp"))
    for name in set(words(request)):
        put(it, its_group, name)
    for family in ("", request.get("ImageFamily", "")):
        it.region.add_image(family=family, tags={"a": "b"})
    for instance in it.region.instances.values():
        instance.tags["city"] = "shenzhen"
    if action == "ExitStandby":
        for name in request["InstanceIds"]:
            it.region.instances[name].enter_standby("MODIFYING_LB")
    if action.endswith(("LifecycleHooks", "LifecycleAction")):
        wait_in_a_hook(it, its_group, request)
    elif action == "DescribeAutoScalingActivities" or (
        "Refresh" in action and action != "StartInstanceRefresh"
    ):
        refresh(it, its_group, action, request)


def wait_in_a_hook(it: Fleet, its_group: Group, request: dict[str, Any]) -> None:
    """Have instances of a refresh wait in the hook that the example names."""
    if filters := request.get("Filters"):
        its_group = group(it, filters[0]["Values"][0])
    target = {"TargetType": "TDMQ_CMQ_QUEUE", "QueueName": "q"}
    given = {
        "AutoScalingGroupId": its_group.auto_scaling_group_id,
        "LifecycleHookName": "one",
        "LifecycleTransition": "INSTANCE_TERMINATING",
        "LifecycleTransitionType": "EXTENSION",
        "NotificationTarget": {**target, "TopicName": ""},
    }
    made = it.call("CreateLifecycleHook", **given)["LifecycleHookId"]
    for name in set(words(request)):
        if name.startswith("ash-"):
            rename(it.region.lifecycle_hooks, made, name, "lifecycle_hook_id")
    it.group, it.id = its_group, its_group.auto_scaling_group_id
    it.start(1)
    it.wait(20)
    for waiting in it.region.lifecycle_actions:
        waiting.token = request.get("LifecycleActionToken", waiting.token)


def put(it: Fleet, its_group: Group, name: str) -> None:
    """Put the resource with an id into the cloud."""
    if name.startswith("img-"):
        it.region.add_image(name, tags={"myKey": "myValue"})
    elif name.startswith("asc-"):
        made = it.region.add_launch_configuration(name, image=it.old)
        made.data_disks = [dict.fromkeys(DISK)]
        made.instance_charge_prepaid = {"Period": 1, "RenewFlag": "NOTIFY_AND_AUTO_RENEW"}
    elif name.startswith("ins-"):
        some = its_group.instance_ids.pop(0)
        rename(it.region.instances, some, name, "instance_id")
        its_group.instance_ids.append(name)
    elif name.startswith("cluster-"):
        it.region.add_image(dedicated_cluster_id=name, cdc_cache_status="CACHED", tags={"a": "b"})


def words(value: Any) -> Iterator[str]:
    """Walk through all texts in a request."""
    if isinstance(value, dict):
        for item in value.values():
            yield from words(item)
    elif isinstance(value, list):
        for item in value:
            yield from words(item)
    elif isinstance(value, str):
        yield value


def refresh(it: Fleet, its_group: Group, action: str, request: dict[str, Any]) -> None:
    """Have a refresh in the state that the example needs, under the id that it names."""
    it.group, it.id = its_group, its_group.auto_scaling_group_id
    paused = action.startswith(("Resume", "Cancel", "Rollback"))
    health = {"CheckInstanceTargetHealth": True}
    pause = "FIRST_BATCH_PAUSE" if paused else "AUTOMATIC"
    activity = it.start(2, BatchPause=pause, health=health)
    if not action.startswith("Stop"):
        it.finish(activity)
    for name in set(words(request)):
        if name.startswith("asr-"):
            old = activity.refresh_activity_id
            rename(it.region.activities, old, name, "refresh_activity_id")
        elif name.startswith("asa-"):
            old = next(iter(it.region.scaling_activities))
            rename(it.region.scaling_activities, old, name, "activity_id")
    if paused:
        # The example rolls back three batches, so three instances must have been touched.
        assert len(activity.batches[0].instances) == 3


def shape(expected: Any, actual: Any, path: str) -> Iterator[str]:
    """Name each place where the answer lacks a key, or has another JSON type."""
    if expected is None or actual is None:
        return
    if isinstance(expected, dict):
        if not isinstance(actual, dict):
            yield f"{path} is no object"
            return
        for key, value in expected.items():
            if key not in actual:
                yield f"{path}/{key} is missing"
            else:
                yield from shape(value, actual[key], f"{path}/{key}")
    elif isinstance(expected, list):
        if not isinstance(actual, list):
            yield f"{path} is no list"
        elif expected and actual:
            yield from shape(expected[0], actual[0], f"{path}/0")
    elif type(expected) is not type(actual):
        yield f"{path} is {type(actual).__name__}, not {type(expected).__name__}"


@pytest.mark.parametrize(
    ("service", "action", "request_", "expected"),
    EXAMPLES,
    ids=[f"{action}-{number}" for number, (_, action, _, _) in enumerate(EXAMPLES)],
)
def test_an_example_is_answered_in_its_shape(
    service: str, action: str, request_: dict[str, Any], expected: dict[str, Any]
) -> None:
    with Cloud(clock=ManualClock()) as cloud:
        it = Fleet(cloud, instances=0)
        prepare(it, action, request_)
        answer = Calls(cloud, service)(action, **request_)
    assert list(shape(expected, answer, "")) == []
    for key, value in expected.items():
        if isinstance(value, list):
            assert answer[key], f"{key} is empty, so nothing of it was compared"
    typed = getattr(MODELS[service], f"{action}Response")()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        typed._deserialize(answer)
    assert typed.RequestId == answer["RequestId"]


def test_every_supported_action_has_an_example() -> None:
    shown = {(service, action) for service, action, _, _ in EXAMPLES}
    assert shown == {(s, action) for s in FOLDERS for action in Contract(s).actions}
