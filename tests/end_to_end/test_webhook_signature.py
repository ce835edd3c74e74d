"""Only who has the secret is served; everyone else learns nothing and reaches no API."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from local.clock import ScaledClock
from tests.end_to_end.harness import SECRET, World, signed, world
from tests.end_to_end.seams import new_process

OTHER = "whsec_" + base64.b64encode(b"another secret, also of tests").decode()
BODY = json.dumps({"AutoScalingGroupId": "asg-web00001", "Force": True})


def one_group(it: World) -> None:
    it.region.add_image("img-00000001")
    it.region.add_group("asg-web00001", image="img-00000001")


pytestmark = pytest.mark.world(fill=one_group)


def send(it: World, headers: dict[str, str], body: str = BODY) -> tuple[int, dict[str, Any]]:
    event = {"httpMethod": "POST", "headers": headers, "body": body}
    answer = it.call("webhook", event)
    return answer["statusCode"], json.loads(answer["body"])


def signed_at(moment: datetime) -> dict[str, str]:
    signature = Webhook(SECRET).sign("msg_1", moment, BODY)
    stamp = str(int(moment.timestamp()))
    return {
        **signed(BODY),
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": signature,
    }


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in signed(BODY).items() if key != name}


NOW = datetime.now(timezone.utc)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        without("webhook-id"),
        without("webhook-timestamp"),
        without("webhook-signature"),
        signed(BODY, OTHER),
        signed(BODY + " "),
        {**signed(BODY), "webhook-id": "msg_2"},
        {**signed(BODY), "webhook-timestamp": "soon"},
        {**signed(BODY), "webhook-timestamp": "nan"},
        {**signed(BODY), "webhook-signature": "v1"},
        {**signed(BODY), "webhook-signature": "v1,*"},
        {**signed(BODY), "webhook-signature": "v2," + "A" * 44},
        signed_at(NOW - timedelta(minutes=20)),
        signed_at(NOW + timedelta(minutes=20)),
    ],
)
def test_what_is_not_signed_as_it_must_be_is_refused(it: World, headers: dict[str, str]) -> None:
    status, document = send(it, {"content-type": "application/json", **headers}, BODY)
    assert (status, document["code"], document["detail"]) == (401, "Unauthorized", "unauthorized")
    assert it.cloud.calls == []


def test_the_signature_is_checked_before_the_body_is_parsed(it: World) -> None:
    assert send(it, {"content-type": "text/plain"}, "{")[0] == 401
    assert send(it, signed("{"), "{")[0] == 400
    assert send(it, signed("x"), "x" * 300_000)[0] == 413
    assert it.cloud.calls == []


def test_without_a_secret_nobody_is_served(it: World, capsys: pytest.CaptureFixture[str]) -> None:
    del it.environ["WEBHOOK_SECRET"]
    assert send(it, signed(BODY))[0] == 401
    assert it.cloud.calls == []
    assert "WEBHOOK_SECRET is not set" in capsys.readouterr().out


def test_a_secret_that_is_none_is_named_and_not_shown(
    it: World, capsys: pytest.CaptureFixture[str]
) -> None:
    it.environ["WEBHOOK_SECRET"] = "hunter2"
    status, document = send(it, signed(BODY))
    assert (status, document["code"]) == (500, "InvalidSetting")
    assert "WEBHOOK_SECRET" not in str(document)
    logged = capsys.readouterr().out
    assert "WEBHOOK_SECRET must be whsec_" in logged
    assert "hunter2" not in logged


def test_two_secrets_are_accepted_while_one_replaces_the_other(it: World) -> None:
    it.environ |= {"WEBHOOK_SECRET": OTHER, "WEBHOOK_SECRET_PREVIOUS": SECRET}
    assert send(it, signed(BODY))[0] == 202
    assert send(it, signed(BODY, OTHER))[0] == 200


def test_the_function_urls_own_check_can_stand_for_it(it: World) -> None:
    it.environ["WEBHOOK_AUTH"] = "cam"
    assert send(it, {"content-type": "application/json"})[0] == 202


def test_a_call_that_is_sent_again_gets_the_same_answer_and_reaches_no_api(it: World) -> None:
    headers = signed(BODY)
    first = send(it, headers)
    assert first[0] == 202
    it.cloud.calls.clear()
    assert send(it, headers) == first
    headers["webhook-signature"] = f"v1,AAAA {headers['webhook-signature']}"
    assert send(it, headers) == first
    assert it.cloud.calls == []
    status, document = send(it, signed(BODY))  # signed anew, it is another call
    assert (status, document["Outcomes"][0]["Outcome"]) == (200, "in_progress")


@pytest.mark.parametrize("written", ["{}.9", "0{}", "{}e0"])
def test_the_time_of_signing_written_otherwise_makes_no_other_call(it: World, written: str) -> None:
    headers = signed(BODY)
    first = send(it, headers)
    it.finish()
    headers["webhook-timestamp"] = written.format(headers["webhook-timestamp"])
    it.cloud.calls.clear()
    assert send(it, headers) == first
    assert it.cloud.calls == []


def test_a_call_that_failed_can_be_sent_again(it: World) -> None:
    headers = signed(BODY)
    it.cloud.faults.inject("StartInstanceRefresh", "denied")
    assert send(it, headers)[0] == 502
    assert send(it, headers)[0] == 202


def test_a_process_keeps_few_answers(it: World) -> None:
    body = json.dumps({"AutoScalingGroupId": "asg-web00001", "DryRun": True})
    calls = [signed(body) for _ in range(70)]
    first, last = [send(it, headers, body) for headers in calls][:: len(calls) - 1]
    it.cloud.calls.clear()
    assert send(it, calls[-1], body) == last
    assert it.cloud.calls == []
    assert send(it, calls[0], body) == first
    assert it.cloud.calls


def test_a_call_that_reaches_another_process_starts_nothing_new() -> None:
    with world(clock=ScaledClock(speed=2000)) as it:
        it.region.add_image("img-00000001")
        it.region.add_group("asg-web00001", image="img-00000001", instances=1)
        headers = signed(BODY)
        assert send(it, headers)[0] == 202
        (activity,) = it.region.activities.values()
        while activity.status in ("INIT", "RUNNING"):
            new_process()
            send(it, headers)
        new_process()
        status, document = send(it, headers)
        assert (status, document["Outcomes"][0]["Outcome"]) == (200, "already_current")
        assert len(it.region.activities) == 1
