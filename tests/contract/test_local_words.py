"""Every word that the local cloud writes into a field with listed values is one of the list."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.local_cloud import Calls, Fleet, fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

# The fields of each object that the vendor's documents list the values of.
LISTED = {
    "AutoScalingInstanceSet": ("Instance", ["LifeCycleState", "HealthStatus", "WarmupStatus"]),
    "AutoScalingGroupSet": ("AutoScalingGroup", ["EnabledStatus", "InActivityStatus"]),
    "ActivitySet": ("Activity", ["ActivityType", "StatusCode"]),
    "LifecycleActionResultSet": ("LifecycleActionResultInfo", ["ResultReason"]),
    "RefreshActivitySet": ("RefreshActivity", ["Status", "ActivityType"]),
    "RefreshBatchSet": ("RefreshBatch", ["RefreshBatchStatus"]),
    "RefreshBatchRelatedInstanceSet": ("RefreshBatchRelatedInstance", ["InstanceStatus"]),
    "ImageSet": ("Image", ["ImageType", "ImageState", "ImageSource", "Architecture"]),
}
READS = (
    ("as", "DescribeAutoScalingInstances"),
    ("as", "DescribeAutoScalingGroups"),
    ("as", "DescribeAutoScalingActivities"),
    ("as", "DescribeRefreshActivities"),
    ("cvm", "DescribeImages"),
)


@cache
def documents(service: str) -> Any:
    folder = {"as": "autoscaling/v20180419", "cvm": "cvm/v20170312"}[service]
    text = files("tccli").joinpath(f"services/{folder}/api.json").read_text("utf-8")
    return json.loads(text)["objects"]


def listed(service: str, name: str, field: str) -> set[str]:
    members = documents(service)[name]["members"]
    (document,) = (each["document"] for each in members if each["name"] == field)
    return set(re.findall(r"[A-Za-z][A-Za-z0-9_]{2,}", document))


def objects(value: Any, key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Walk through all objects of an answer, each with the key that its list is under."""
    if isinstance(value, list):
        for item in value:
            yield from objects(item, key)
    elif isinstance(value, dict):
        yield key, value
        for name, item in value.items():
            yield from objects(item, name)


def written(it: Fleet, seconds: int) -> dict[tuple[str, str, str], set[str]]:
    """Look at everything, again and again, and gather the words in the listed fields."""
    found: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    for _ in range(0, seconds, 7):
        it.wait(7)
        for service, action in READS:
            for key, item in objects(Calls(it.cloud, service)(action, Limit=100)):
                name, fields = LISTED.get(key, ("", []))
                for field in fields:
                    found[service, name, field].add(item[field])
    return found


@pytest.mark.parametrize("mode", ["ROLLING_UPDATE_RESET", "ROLLING_UPDATE_REPLACE"])
@pytest.mark.parametrize("process", ["AUTO_PAUSE", "AUTO_CANCEL", "AUTO_ROLLBACK"])
def test_words(mode: str, process: str) -> None:
    with fleet(instances=4, load_balancer=True) as it:
        it.publish()
        for transition in ("LAUNCHING", "TERMINATING"):
            it.call(
                "CreateLifecycleHook",
                AutoScalingGroupId=it.id,
                LifecycleHookName=transition,
                LifecycleTransition=f"INSTANCE_{transition}",
                LifecycleTransitionType="EXTENSION",
                HeartbeatTimeout=30,
            )
        it.cloud.faults.fail_instance(it.instances[2].instance_id)
        health = {"CheckInstanceTargetHealth": True}
        it.start(2, mode=mode, FailProcess=process, MaxSurge=1, health=health)
        found = written(it, 900)
        it.call("ModifyAutoScalingGroup", AutoScalingGroupId=it.id, DesiredCapacity=2)
        for key, words in written(it, 200).items():
            found[key] |= words
    # The document lists no type for the steps of a refresh, and none is written.
    found["as", "Activity", "ActivityType"].discard("")
    assert {words for words in found if not found[words] <= listed(*words)} == set()
    assert len(found) == sum(len(fields) for _, fields in LISTED.values())
