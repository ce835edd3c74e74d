"""The API's own call, sent to the functions: it is done once an event, whatever is true."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from local.scf import project
from local.scf.platform import Platform
from tests.end_to_end.harness import World, signed

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


def fill(it: World) -> None:
    it.region.add_image(IMAGE, family="web", created=it.cloud.clock.now())
    it.region.add_group(GROUP, image=IMAGE, instances=6)
    it.advance(3600)


def function_url(it: World) -> tuple[str, dict[str, Any]]:
    text = json.dumps(BODY)
    headers = signed(text, at=it.cloud.clock.now())
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


def resumed(it: World) -> None:
    """Let the activity go on after each pause, to its end."""
    for activity in list(it.region.activities.values()):
        while activity.live:
            it.finish()
            if activity.status == "AUTO_PAUSE":
                person = {"RefreshActivityId": activity.refresh_activity_id, "ResumeMode": "RETRY"}
                it.operate("ResumeInstanceRefresh", AutoScalingGroupId=GROUP, **person)


@EVENTS
@pytest.mark.world(fill=fill)
def test_the_pages_body_is_done_once_an_event(
    it: World, event_of: Callable[[World], tuple[str, dict[str, Any]]]
) -> None:
    with Platform(it.cloud, project.FUNCTIONS, project.OPT) as platform:
        function, event = event_of(it)
        environment = {"WEBHOOK_SECRET": it.environ["WEBHOOK_SECRET"]}
        platform.deploy(function, role=it.role, timeout_s=20, environment=environment)
        for _ in range(2):
            assert platform.invoke(function, event).status == 200
            platform.kill(function)  # so that the next one is a fresh process
        resumed(it)
        (activity,) = it.region.activities.values()
        assert [len(batch.instances) for batch in activity.batches] == [2, 2, 2]
        assert activity.status == "SUCCESSFUL"
        assert platform.invoke(function, event).status == 200
    assert len(it.region.activities) == 1
    assert sorted(it.reinstalls().values()) == [1] * 6
