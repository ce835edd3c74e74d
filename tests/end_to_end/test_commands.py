"""The API's own call, sent to the functions: it is done once an event, whatever is true."""

from __future__ import annotations

import base64
import json
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from local.clock import ScaledClock
from local.scf import project
from local.scf.platform import Platform
from local.webhook import signature
from tests.contract.local_cloud import client
from tests.end_to_end.harness import SECRET, World, world
from tests.end_to_end.invariants import Invariants
from tests.end_to_end.person import steer

if TYPE_CHECKING:
    from collections.abc import Callable

GROUP, IMAGE = "asg-9dn1a5y6", "img-00000001"
# The body of the API's page, word for word.
BODY = {
    "AutoScalingGroupId": GROUP,
    "RefreshMode": "ROLLING_UPDATE",
    "RefreshSettings": {
        "RollingUpdateSettings": {"BatchNumber": 3, "BatchPause": "BATCH_INTERVAL_PAUSE"}
    },
}


def function_url(_: World) -> tuple[str, dict[str, Any]]:
    text = json.dumps(BODY)
    headers = {"content-type": "application/json"}
    headers |= signature(SECRET, text, datetime.now(timezone.utc))
    return "webhook", {"httpMethod": "POST", "path": "/", "headers": headers, "body": text}


def api_gateway(it: World) -> tuple[str, dict[str, Any]]:
    function, event = function_url(it)
    encoded = base64.b64encode(event["body"].encode()).decode()
    return function, event | {
        "body": encoded,
        "isBase64Encoded": True,
        "requestContext": {"serviceId": "service-f94sy04v", "stage": "release"},
        "stageVariables": {"stage": "release"},
    }


def timer(it: World) -> tuple[str, dict[str, Any]]:
    now = f"{it.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    return "schedule", {
        "Type": "Timer", "TriggerName": "sunday", "Time": now, "Message": json.dumps(BODY),
    }  # fmt: skip


EVENTS = pytest.mark.parametrize("event_of", [function_url, api_gateway, timer])


def ended(it: World) -> None:
    """Let a person resume the activity after each pause, to its end."""
    (activity,) = it.region.activities.values()
    until = time.monotonic() + 60
    while activity.live:
        assert time.monotonic() < until
        time.sleep(0.01)
        it.cloud.settle()
        if activity.status == "AUTO_PAUSE":
            steer(Invariants(it), GROUP, "RETRY")


@EVENTS
def test_the_pages_body_is_done_once_an_event(
    event_of: Callable[[World], tuple[str, dict[str, Any]]],
) -> None:
    """Fresh processes on real time: a refresh is what is fast."""
    with (
        world(time=ScaledClock(speed=500)) as it,
        Platform(it.cloud, project.FUNCTIONS, project.OPT) as platform,
    ):
        it.region.add_image(IMAGE, family="web", created=it.cloud.clock.now() - timedelta(days=1))
        it.region.add_group(GROUP, image=IMAGE, instances=6)
        function, event = event_of(it)
        secret = {"WEBHOOK_SECRET": it.environ["WEBHOOK_SECRET"]}
        platform.deploy(function, role=it.role, timeout_s=20, environ=secret)
        said = [outcome_of(platform.invoke(function, event).result)]
        platform.kill(function)  # so that the next one is a fresh process
        said.append(outcome_of(platform.invoke(function, event).result))
        ended(it)
        platform.kill(function)
        said.append(outcome_of(platform.invoke(function, event).result))
        assert said == ["started", "in_progress", "already_current"]
        (activity,) = it.region.activities.values()
        assert [len(batch.instances) for batch in activity.batches] == [2, 2, 2]
        assert sorted(it.reinstalls().values()) == [1] * 6


@pytest.mark.parametrize("ahead", [4, 6, 240, 3600])
@pytest.mark.parametrize("extra", [{}, {"ImageId": IMAGE, "Force": True}])
def test_what_was_asked_at_a_time_to_come_is_not_done_twice(
    ahead: int, extra: dict[str, Any]
) -> None:
    """A clock of the platform's is ahead of the function's by some seconds, or an event is forged.

    The first activity would begin before it was asked, and so would not stand for it.
    """
    with world() as it:
        it.region.add_image(IMAGE, family="web", created=it.cloud.clock.now() - timedelta(days=1))
        it.region.add_group(GROUP, image=IMAGE, instances=1)
        message = json.dumps({"AutoScalingGroupId": GROUP, **extra})
        at = f"{it.cloud.clock.now() + timedelta(seconds=ahead):%Y-%m-%dT%H:%M:%SZ}"
        tick = {"Type": "Timer", "TriggerName": "t", "Time": at, "Message": message}
        first = it.call("schedule", tick)
        it.finish()
        it.call("schedule", tick)
        assert len(it.region.activities) == (1 if ahead < 5 else 0)
        if ahead > 5:
            assert [one["Code"] for one in (*first["Errors"], *first["Notes"])] == [
                "ForceIgnored" if extra else "TimeUnknown"
            ]


def outcome_of(result: Any) -> str:
    document = json.loads(result["body"]) if "body" in result else result
    (outcome,) = document["Outcomes"]
    text: str = outcome["Outcome"]
    return text


def test_a_command_that_comes_with_a_change_of_user_data_is_done_after_one_that_failed() -> None:
    """A pipeline changes the launch configuration and asks at once; the time before it failed."""
    with world() as it:
        it.region.add_image(IMAGE, family="web", created=it.cloud.clock.now() - timedelta(days=1))
        it.region.add_group(GROUP, image=IMAGE, instances=2)
        name = it.region.groups[GROUP].launch_configuration_id
        rolling = {"RollingUpdateSettings": {"FailProcess": "AUTO_ROLLBACK"}}

        def change_and_ask(text: bytes) -> dict[str, Any]:
            change = {"LaunchConfigurationId": name, "UserData": base64.b64encode(text).decode()}
            client(it.cloud, keys=it.role).call_json("ModifyLaunchConfigurationAttributes", change)
            _, document = it.post(AutoScalingGroupId=GROUP, RefreshSettings=rolling)
            outcome: dict[str, Any] = document["Outcomes"][0]
            return outcome

        it.cloud.faults.fail_instance(it.members(GROUP)[0].instance_id)
        assert change_and_ask(b"wrong")["Outcome"] == "started"
        it.finish()
        it.finish()
        assert [a.activity_type for a in it.region.activities.values()] == ["NORMAL", "ROLLBACK"]
        it.advance(3600)
        assert change_and_ask(b"right")["Outcome"] == "started"
