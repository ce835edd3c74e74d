"""What is refused before anything is called, by each trigger."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from typing import Any

import pytest

from instance_refresh import clock
from instance_refresh.gateway.cloud import _NAMES
from instance_refresh.gateway.cos import Cos
from instance_refresh.invocation import Invocation
from instance_refresh.model.request import Request, request
from instance_refresh.triggers import cos, http, timer

pytestmark = pytest.mark.usefixtures("_cam")
CONTEXT = {
    "request_id": "r-1",
    "function_name": "f",
    "time_limit_in_ms": 3000,
    "tencentcloud_region": "ap-guangzhou",
}


@pytest.fixture
def _cam(monkeypatch: pytest.MonkeyPatch) -> None:
    """The function URL's own check stands for the signature."""
    monkeypatch.setenv("WEBHOOK_AUTH", "cam")


TAG = {"Key": "service", "Value": "web"}


def send(sent: Any, **fields: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
    event = {
        "httpMethod": "POST",
        "headers": {"content-type": "application/json"},
        "body": sent if isinstance(sent, str) else json.dumps(sent),
        **fields,
    }
    with Invocation("http", CONTEXT) as invocation:
        answer = http.serve(event, invocation)
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def pointers(body: Any, **fields: Any) -> dict[str, str]:
    status, document, headers = send(body, **fields)
    assert (status, headers["Content-Type"]) == (400, "application/problem+json")
    assert document["RequestId"] == headers["X-Request-Id"] == "r-1"
    assert document["remedy"]
    return {problem["pointer"]: problem["detail"] for problem in document["problems"]}


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ("{", "", "is not JSON: "),
        ("", "", "is not JSON: "),
        ('{"a": NaN}', "", "NaN is no JSON value"),
        ('{"a": 1, "a": 2}', "", "has the field a twice in one object"),
        ("[" * 100_000, "", "is nested too deep"),
        ([], "", "must be an object"),
        (None, "", "must be an object"),
        ({}, "", "exactly one of AutoScalingGroupId, AutoScalingGroupIds and Tags is needed"),
        ({"AutoScalingGroupId": "asg-1", "Tags": []}, "", "exactly one of"),
        ({"AutoScalingGroupId": "web"}, "/AutoScalingGroupId", "must be a scaling group id"),
        ({"AutoScalingGroupId": 7}, "/AutoScalingGroupId", "must be a string"),
        ({"AutoScalingGroupIds": ["asg-1", "?"]}, "/AutoScalingGroupIds/1", "must be a scaling"),
        ({"AutoScalingGroupIds": ["asg-1"] * 2}, "/AutoScalingGroupIds", "the same entry twice"),
        ({"Tags": [{"Key": "a"}]}, "/Tags/0/Value", "is required"),
        ({"Imageid": "img-1"}, "/Imageid", "is not a known field"),
        ({"a/b~c": 1}, "/a~1b~0c", "is not a known field"),
        (
            {"Tags": [TAG], "ImageId": "img-1", "ImageFamily": "web"},
            "",
            "give ImageId or ImageFamily, not both",
        ),
        ({"ImageId": "ami-1"}, "/ImageId", "must be an image id such as img-1a2b3c4d"),
        ({"RefreshMode": "REPLACE"}, "/RefreshMode", "must be one of ROLLING_UPDATE_RESET"),
        ({"DryRun": "yes"}, "/DryRun", "must be true or false"),
    ],
)
def test_an_invalid_body(body: Any, pointer: str, detail: str) -> None:
    assert detail in pointers(body).get(pointer, "nothing")


@pytest.mark.parametrize(
    ("rolling", "name", "detail"),
    [
        ({"BatchNumber": 0}, "/BatchNumber", "must be at least 1"),
        ({"BatchNumber": True}, "/BatchNumber", "must be a whole number"),
        ({"BatchSize": "0%"}, "/BatchSize", "must be a count of instances such as 2"),
        ({"BatchSize": 0}, "/BatchSize", "must be at least 1"),
        ({"BatchSize": 1, "BatchNumber": 1}, "", "give BatchNumber or BatchSize, not both"),
        ({"MaxSurge": -1}, "/MaxSurge", "must be at least 0"),
    ],
)
def test_invalid_settings(rolling: dict[str, Any], name: str, detail: str) -> None:
    body = {"AutoScalingGroupId": "asg-1", "RefreshSettings": {"RollingUpdateSettings": rolling}}
    found = pointers(body)
    assert list(found) == [f"/RefreshSettings/RollingUpdateSettings{name}"]
    assert detail in found[f"/RefreshSettings/RollingUpdateSettings{name}"]


def test_all_problems_are_reported_at_once_and_no_value_is_quoted() -> None:
    secret = "AKIDsecret"
    body = {"AutoScalingGroupId": secret, "ImageId": secret, "Region": secret, "Force": secret}
    found = pointers(body)
    assert set(found) == {"/AutoScalingGroupId", "/ImageId", "/Region", "/Force"}
    assert secret not in json.dumps(send(body))


def test_more_problems_than_fit_are_counted() -> None:
    found = pointers({f"field{n}": 1 for n in range(80)})
    assert len(found) == 51
    assert found[""] == "31 more problems"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"httpMethod": "GET"}, 405, "MethodNotAllowed"),
        ({"headers": {}}, 415, "UnsupportedMediaType"),
        ({"headers": {"CONTENT-TYPE": "text/plain"}}, 415, "UnsupportedMediaType"),
        ({"body": "x" * (256 * 1024 + 1)}, 413, "PayloadTooLarge"),
        ({"body": "x" * 500_000}, 413, "PayloadTooLarge"),
        (
            {"body": base64.b64encode(b" " * 262_145).decode(), "isBase64Encoded": True},
            413,
            "PayloadTooLarge",
        ),
    ],
)
def test_what_is_not_served(fields: dict[str, Any], status: int, code: str) -> None:
    found, document, headers = send("", **fields)
    assert (found, document["code"], document["status"]) == (status, code, status)
    assert headers.get("Allow") == ("POST" if status == 405 else None)


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/vnd.x+json; charset=utf-8"]
)
def test_json_by_any_name_is_read(media_type: str) -> None:
    assert "/a" in pointers({"a": 1}, headers={"Content-Type": media_type})


def test_base64_is_read() -> None:
    coded = base64.b64encode(b'{"a": 1}').decode()
    assert "/a" in pointers(coded, isBase64Encoded=True)
    assert pointers("*", isBase64Encoded=True)[""] == "is not valid base64"
    assert (
        pointers(base64.b64encode(b'"\xff"').decode(), isBase64Encoded=True)[""] == "is not UTF-8"
    )


HTTP_EVENT = {"httpMethod": "POST", "headers": {}}
TIMER_EVENT = {"Type": "Timer", "TriggerName": "t", "Time": "2026-01-01T00:00:00Z", "Message": ""}
COS_EVENT: dict[str, Any] = {"Records": []}


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (HTTP_EVENT, "http"),
        (TIMER_EVENT, "timer"),
        (COS_EVENT, "cos"),
        ({}, "unknown"),
        ([], "unknown"),
    ],
)
def test_an_event_of_another_trigger_is_refused_by_name(event: Any, name: str) -> None:
    for trigger, module in (("http", http), ("timer", timer), ("cos", cos)):
        if trigger == name:
            continue
        with Invocation(trigger, CONTEXT) as invocation:
            answer = module.serve(event, invocation)
        ((error, _),) = invocation.errors
        assert error.code == "WrongTrigger"
        assert f"an event of kind {name}" in str(error)
        assert ("statusCode" in answer) is (trigger == "http")


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("every sunday", "is not JSON"),
        ('{"AutoScalingGroupId": "asg-1", "When": 1}', "/When is not a known field"),
        ('{"ImageId": "img-1"}', "exactly one of"),
    ],
)
def test_an_invalid_timer_message_ends_clearly_and_is_not_tried_again(
    message: str, problem: str
) -> None:
    with Invocation("timer", CONTEXT) as invocation:
        result = timer.serve({**TIMER_EVENT, "Message": message}, invocation)
    (error,) = result["Errors"]
    assert error["Code"] == "InvalidInput"
    assert problem in error["Reason"]


@pytest.mark.parametrize("fraction", [".9", ".000", ".123456789"])
def test_a_tick_is_of_its_second(fraction: str) -> None:
    with Invocation("timer", CONTEXT) as invocation:
        of_a_second = timer._time({"Time": f"2026-01-01T00:00:00{fraction}Z"}, invocation)
        assert of_a_second == timer._time(TIMER_EVENT, invocation)
        assert invocation.notes == []


@pytest.mark.parametrize("ahead", ["2026-01-01T00:10:01Z", "9999-12-31T23:59:59Z"])
def test_a_tick_that_is_far_ahead_is_of_now(ahead: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    monkeypatch.setattr(clock, "now", lambda: now)
    with Invocation("timer", CONTEXT) as invocation:
        assert timer._time({"Time": "2026-01-01T00:10:00Z"}, invocation) > now
        assert invocation.notes == []
        assert timer._time({"Time": ahead}, invocation) == now
    assert [note["Code"] for note in invocation.notes] == ["TimeAhead"]


def test_an_invalid_cos_event_names_what_and_where() -> None:
    with Invocation("cos", CONTEXT) as invocation:
        result = cos.serve({"Records": [{"cos": {}}]}, invocation)
    assert "/Records/0/event is required" in result["Errors"][0]["Reason"]


def test_an_object_key_that_is_no_unicode_is_refused() -> None:
    record = {
        "cos": {
            "cosObject": {"key": "/1250000000/images/\ud800.json"},
            "cosBucket": {"name": "images", "appid": "1250000000"},
        },
        "event": {"eventName": "cos:ObjectCreated:Put"},
    }
    with Invocation("cos", CONTEXT) as invocation:
        (error,) = cos.serve({"Records": [record]}, invocation)["Errors"]
    assert (error["Code"], error["Object"]) == ("InvalidInput", "images-1250000000/?.json")
    assert "an object key that is no Unicode" in error["Reason"]


def published(stored: Any, monkeypatch: pytest.MonkeyPatch, **event: Any) -> dict[str, Any]:
    """Serve the event of an object that reads as `stored`."""
    monkeypatch.setattr(Cos, "read", lambda *_: json.dumps(stored).encode())
    for name in _NAMES:
        monkeypatch.setenv(name, "x")
    where = {"name": "images", "appid": "1250000000"}
    record = {
        "cos": {"cosObject": {"key": "/1250000000/images/web.json"}, "cosBucket": where},
        "event": {"eventName": "cos:ObjectCreated:Put", **event},
    }
    with Invocation("cos", CONTEXT) as invocation:
        return cos.serve({"Records": [record]}, invocation)


STATEMENT = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": "tencent.cloud:ap-guangzhou:img-1a2b3c4d", "digest": {}}],
    "predicateType": "https://slsa.dev/provenance/v1",
    "predicate": {},
}


@pytest.mark.parametrize(
    "stored",
    [
        STATEMENT,
        {"payloadType": "application/vnd.in-toto+json", "payload": "e30=", "signatures": []},
    ],
)
def test_an_attestation_beside_a_manifest_is_none(
    stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = published(stored, monkeypatch)
    assert result["Errors"] == []
    (note,) = result["Notes"]
    assert (note["Code"], note["Object"]) == ("Ignored", "images-1250000000/web.json")


@pytest.mark.parametrize("stored", [{"_type": "x"}, {"payload": "x"}, {"predicateType": "x"}])
def test_what_only_looks_like_one_is_an_error(stored: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (error,) = published(stored, monkeypatch)["Errors"]
    assert error["Code"] == "InvalidInput"


@pytest.mark.parametrize(("at", "forced"), [(None, False), (1_700_000_000, True)])
def test_a_manifest_is_forced_only_where_its_event_has_a_time(
    at: int | None, forced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Request] = []

    def roll_out(request: Request, *_: Any) -> tuple[()]:
        asked.append(request)
        return ()

    monkeypatch.setattr("instance_refresh.rollout.run.roll_out", roll_out)
    stored = {"AutoScalingGroupId": "asg-1", "ImageId": "img-1", "Force": True}
    result = published(stored, monkeypatch, **({"eventTime": at} if at else {}))
    assert [request.force for request in asked] == [forced]
    assert [note["Code"] for note in result["Notes"]] == ([] if forced else ["ForceIgnored"])


@pytest.mark.parametrize(
    ("body", "pointer", "place"),
    [
        ({"BatchSize": 2}, "/BatchSize", "/RefreshSettings/RollingUpdateSettings"),
        ({"CheckInstanceTargetHealth": True}, "/CheckInstanceTargetHealth", "/RefreshSettings"),
        (
            {"RefreshSettings": {"FailProcess": "AUTO_PAUSE"}},
            "/RefreshSettings/FailProcess",
            "/RefreshSettings/RollingUpdateSettings",
        ),
        ({"RefreshSettings": {"Force": True}}, "/RefreshSettings/Force", "the top"),
    ],
)
def test_a_field_in_the_wrong_place_is_told_where_it_belongs(
    body: Any, pointer: str, place: str
) -> None:
    said = pointers({"AutoScalingGroupId": "asg-1", **body})
    assert said == {pointer: f"is not a known field here: it belongs in {place}"}


@pytest.mark.parametrize("most", [0, 1001, "3", True])
def test_a_request_says_how_many_groups_it_may_start(most: Any) -> None:
    assert list(pointers({"AutoScalingGroupId": "asg-1", "MaxGroups": most})) == ["/MaxGroups"]
    document = {"Tags": [TAG], "MaxGroups": 3}
    assert request(document, region="ap-guangzhou").max_groups == 3
