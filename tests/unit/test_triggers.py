"""What is refused before anything is called, by each trigger."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from instance_refresh.invocation import Invocation
from instance_refresh.triggers import cos, http, kind, timer

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
    assert kind(event) == name
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
    assert timer._time({"Time": f"2026-01-01T00:00:00{fraction}Z"}) == timer._time(TIMER_EVENT)


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
