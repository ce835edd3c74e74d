"""Injected faults, and what the vendor's SDK then makes of them."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
import requests
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from local.clock import ManualClock
from local.cloud import Cloud
from local.faults import Faults
from tests.contract.local_cloud import Calls, Fleet, fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

START, READ = "StartInstanceRefresh", "DescribeAutoScalingGroups"


@pytest.fixture
def it() -> Iterator[Fleet]:
    with fleet(instances=2) as made:
        yield made


def outcome(it: Fleet) -> str:
    """Start a refresh; gives the SDK's code, or the class of what else it raised."""
    try:
        it.start(1)
    except TencentCloudSDKException as error:
        code: str = error.get_code()
        return code
    except (ValueError, KeyError, OSError) as error:
        return type(error).__name__
    return ""


@pytest.mark.parametrize(
    ("kind", "seen", "effect"),
    [
        ("throttle", "RequestLimitExceeded", 0),
        ("internal_error", "InternalError", 0),
        ("error_without_request_id", "KeyError", 0),
        ("expired_token", "AuthFailure.TokenFailure", 0),
        ("denied", "AuthFailure.UnauthorizedOperation", 0),
        ("http_500", "ServerNetworkError", 0),
        ("http_502", "ServerNetworkError", 0),
        ("cut_before", "ClientNetworkError", 0),
        ("http_500_after", "ServerNetworkError", 1),
        ("cut_after", "ClientNetworkError", 1),
        ("cut_within", "ChunkedEncodingError", 1),
        ("malformed_json", "JSONDecodeError", 1),
        ("empty_body", "JSONDecodeError", 1),
        ("wrong_content_type", "", 1),
        ("delay", "", 1),
        ("slow_after", "", 1),
    ],
)
def test_each_kind(it: Fleet, kind: str, seen: str, effect: int) -> None:
    it.cloud.faults.inject(START, kind, seconds=0.01)
    assert outcome(it) == seen
    assert len(it.region.activities) == effect
    (call,) = it.cloud.calls
    assert bool(call.code) is (effect == 0)
    again = "" if effect == 0 else "ResourceUnavailable.AutoScalingGroupInRefreshActivity"
    assert outcome(it) == again


def test_an_error_under_another_content_type_looks_like_a_result(it: Fleet) -> None:
    it.cloud.faults.inject(READ, "wrong_content_type")
    answer = it.call(READ, Limit=101)
    assert answer["Error"]["Code"] == "InvalidParameterValue.LimitExceeded"


def test_faults_come_after_some_calls_and_for_some_calls(it: Fleet) -> None:
    it.cloud.faults.inject(READ, "throttle", after=1, times=2)
    it.call("DescribeAutoScalingInstances")
    it.call(READ)
    for _ in range(2):
        assert it.call.code(READ) == "RequestLimitExceeded"
    it.call(READ)


def test_a_star_takes_every_action_until_it_is_cleared(it: Fleet) -> None:
    it.cloud.faults.inject("*", "internal_error", times=None)
    for action in (READ, "DescribeRefreshActivities", READ):
        assert it.call.code(action) == "InternalError"
    it.cloud.faults.clear()
    it.call(READ)


def test_a_fault_that_there_is_not(it: Fleet) -> None:
    with pytest.raises(ValueError, match="cut_after"):
        it.cloud.faults.inject(READ, "explode")
    with pytest.raises(ValueError, match="cut_after"):
        it.cloud.faults.rate("explode", 0.5)


def test_random_faults_are_the_same_for_the_same_seed() -> None:
    def drawn(seed: int) -> list[bool]:
        faults = Faults()
        faults.rate("throttle", 0.3, seed=seed, actions=[READ])
        assert faults.take(START) is None
        return [faults.take(READ) is not None for _ in range(200)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert 30 < sum(drawn(1)) < 90


def test_sixteen_calls_are_served_at_once(it: Fleet) -> None:
    it.cloud.faults.inject(READ, "delay", times=None, seconds=0.01)
    all_there = threading.Barrier(16, timeout=60)
    it.cloud.on_call = lambda _: all_there.wait()
    calls = [Calls(it.cloud) for _ in range(16)]
    threads = [threading.Thread(target=call, args=[READ]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not all_there.broken
    assert [call.code for call in it.cloud.calls] == [""] * 16


def test_the_cloud_stops_while_a_call_waits(it: Fleet) -> None:
    it.cloud.faults.inject(READ, "delay", seconds=60)
    codes: list[str] = []
    thread = threading.Thread(target=lambda: codes.append(it.call.code(READ)))
    thread.start()
    while it.cloud.faults._faults[0].times:
        time.sleep(0.005)
    it.cloud.stop()
    thread.join()
    assert codes == ["ClientNetworkError"]
    it.cloud.stop()


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"Fault": "sabotage"}', '{"Fault": "throttle", "Times": "many"}']
)
def test_a_fault_from_outside_that_is_none_is_refused(body: str) -> None:
    with Cloud(clock=ManualClock()) as cloud:
        url = f"{cloud.endpoint}/-/faults"
        answer = requests.post(url, data=body, timeout=10)
        assert (answer.status_code, list(answer.json())) == (400, ["Problem"])
        assert requests.get(url, timeout=10).json() == {"Faults": []}
        assert requests.put(url, timeout=10).status_code == 405
        assert cloud.calls == []


def test_faults_are_cleared_from_outside_even_if_every_call_fails() -> None:
    with Cloud(clock=ManualClock()) as cloud:
        url = f"{cloud.endpoint}/-/faults"
        for fault in ("http_500", "unknown_images_refused"):
            requests.post(url, json={"Fault": fault, "Times": 0}, timeout=10)
        requests.post(url, json={"Fault": "target_unhealthy", "On": "img-00000001"}, timeout=10)
        kinds = [each["Fault"] for each in requests.get(url, timeout=10).json()["Faults"]]
        assert kinds == ["http_500", "target_unhealthy", "unknown_images_refused"]
        assert requests.delete(url, timeout=10).json() == {"Faults": []}
        assert Calls(cloud)("DescribeAutoScalingGroups")["TotalCount"] == 0
