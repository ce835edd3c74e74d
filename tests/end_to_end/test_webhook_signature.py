"""Only who has the secret is served; everyone else learns nothing and reaches no API."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from tests.end_to_end.harness import SECRET, World, signed

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


def signed_at(stamp: str, identifier: str = "msg_1", body: str = BODY) -> dict[str, str]:
    moment = datetime.fromtimestamp(int(float(stamp)), timezone.utc)
    return {
        "content-type": "application/json",
        "webhook-id": identifier,
        "webhook-timestamp": stamp,
        "webhook-signature": Webhook(SECRET).sign(identifier, moment, body),
    }


def now(it: World) -> int:
    return int(it.cloud.clock.now().timestamp())


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": None},
        {"webhook-timestamp": None},
        {"webhook-signature": None},
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "nan"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "9" * 12},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,*"},
        {"webhook-signature": "v1,\ud800"},
        {"webhook-signature": "v2," + "A" * 44},
    ],
)
def test_what_is_not_signed_as_it_must_be_is_refused(
    it: World, change: dict[str, str | None]
) -> None:
    headers = {name: value for name, value in (signed(BODY) | change).items() if value is not None}
    refused(it, headers)
    refused(it, {"content-type": "application/json"})
    refused(it, signed(BODY, OTHER))
    refused(it, signed(BODY + " "))


def refused(it: World, headers: dict[str, str], body: str = BODY) -> None:
    status, document = send(it, headers, body)
    assert (status, document["code"], document["detail"]) == (401, "Unauthorized", "unauthorized")
    assert it.cloud.calls == []


@pytest.mark.parametrize("written", ["{}.9", "{}.0", "{}e0", " {}", "+{}", "{}_0", "{}\n"])
def test_a_time_of_signing_is_digits_alone(it: World, written: str) -> None:
    headers = signed(BODY)
    stamp = headers["webhook-timestamp"]
    refused(it, {**headers, "webhook-timestamp": written.format(stamp)})
    arabic = stamp.translate({ord("0") + n: 0x0660 + n for n in range(10)})
    refused(it, {**headers, "webhook-timestamp": arabic})


@pytest.mark.parametrize("identifier", ["a.b", "é", "a b", "m" * 65, "m\n"])
def test_an_id_by_which_another_text_could_have_the_same_bytes_is_refused(
    it: World, identifier: str
) -> None:
    refused(it, signed_at(str(now(it)), identifier))
    assert send(it, signed_at(str(now(it)), "m" * 64))[0] == 202


@pytest.mark.parametrize(
    ("offset", "status"), [(-301, 401), (-300, 202), (1, 202), (2, 401), (5, 401), (1200, 401)]
)
def test_a_signature_is_of_the_last_five_minutes_and_not_of_the_time_to_come(
    it: World, offset: int, status: int
) -> None:
    assert send(it, signed_at(str(now(it) + offset)))[0] == status


def test_strangers_raise_no_alarm_and_are_counted(
    it: World, capsys: pytest.CaptureFixture[str]
) -> None:
    send(it, {"content-type": "application/json"})
    refusal, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert (refusal["level"], refusal["code"]) == ("INFO", "Unauthorized")
    assert (summary["turned_away"], summary["errors"]) == (1, 0)
    send(it, signed(BODY))
    assert "turned_away" not in capsys.readouterr().out


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


@pytest.mark.parametrize("name", ["X-Scf-Cam-Timestamp", "webhook-timestamp"])
def test_the_function_urls_own_check_can_stand_for_it(it: World, name: str) -> None:
    it.environ |= {"WEBHOOK_AUTH": "cam", "WEBHOOK_SECRET": ""}
    headers = {"content-type": "application/json", name: str(now(it))}
    assert send(it, headers)[0] == 202
    it.finish()
    status, document = send(it, headers)
    assert (status, document["Outcomes"][0]["Outcome"]) == (200, "already_current")


@pytest.mark.parametrize("name", ["WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS"])
def test_where_a_secret_is_set_it_counts_with_cam_too(it: World, name: str) -> None:
    it.environ |= {"WEBHOOK_AUTH": "cam", "WEBHOOK_SECRET": "", name: SECRET}
    headers = {"content-type": "application/json", "X-Scf-Cam-Timestamp": str(now(it))}
    assert send(it, headers)[0] == 401
    assert it.cloud.calls == []
    assert send(it, signed(BODY))[0] == 202


@pytest.mark.parametrize("stamp", [{}, {"webhook-timestamp": "9" * 10}])
def test_what_is_done_once_an_event_needs_the_time_at_which_it_was_asked(
    it: World, stamp: dict[str, str]
) -> None:
    it.environ |= {"WEBHOOK_AUTH": "cam", "WEBHOOK_SECRET": ""}
    headers = {"content-type": "application/json", **stamp}
    status, document = send(it, headers)
    assert (status, document["code"]) == (400, "TimeUnknown")
    asked = {"AutoScalingGroupId": "asg-web00001", "ImageId": "img-00000001", "Force": True}
    status, document = send(it, headers, json.dumps(asked))
    assert (status, document["Outcomes"][0]["Outcome"]) == (200, "already_current")
    assert send(it, headers, json.dumps({**asked, "DryRun": True}))[0] == 200
    assert it.cloud.writes() == []


def test_a_call_that_failed_can_be_sent_again(it: World) -> None:
    headers = signed(BODY)
    it.cloud.faults.inject("StartInstanceRefresh", "denied")
    assert send(it, headers)[0] == 502
    assert send(it, headers)[0] == 202


def test_a_call_that_is_sent_again_starts_nothing_new(it: World) -> None:
    headers = signed(BODY)
    assert send(it, headers)[0] == 202
    (activity,) = it.region.activities.values()
    while activity.status in ("INIT", "RUNNING"):
        status, document = send(it, headers)
        assert (status, document["Outcomes"][0]["Outcome"]) == (200, "in_progress")
        it.advance(60)
    status, document = send(it, headers)
    assert (status, document["Outcomes"][0]["Outcome"]) == (200, "already_current")
    assert len(it.region.activities) == 1
