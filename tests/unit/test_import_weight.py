"""What a function loads before it needs it, by module names, in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.webhook import new_secret, signed

SECRET = new_secret()
ROOT = Path(__file__).resolve().parents[2]
SDK = {"tencentcloud", "requests", "urllib3"}
# Parts of what is loaded that cost much and are for other uses: X-Ray, event routing, validation
# by powertools, AWS, and the encodings that requests guesses at.
NEVER = {
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.parser",
    "aws_lambda_powertools.utilities.validation",
    "aws_xray_sdk",
    "boto3",
    "botocore",
    "httpx",
    "pydantic",
}
TICK = {"Type": "Timer", "TriggerName": "t", "Time": "2026-01-31T08:00:00Z"}
HEADERS = {"Content-Type": "application/json"}


def loaded(function: str, event: Any, **settings: str) -> tuple[set[str], Any]:
    """Call a function once, and give the modules that are loaded then, and its answer."""
    code = (
        "import json, sys, index\n"
        "answer = index.main_handler(json.load(sys.stdin), {'time_limit_in_ms': 60000})\n"
        "print(json.dumps([sorted(sys.modules), answer]))"
    )
    path = [ROOT / "functions" / function, ROOT / "layers" / "instance_refresh"]
    environ = {name: value for name, value in os.environ.items() if "TENCENTCLOUD" not in name}
    environ |= {"WEBHOOK_SECRET": SECRET, "PYTHONPATH": os.pathsep.join(map(str, path))}
    environ |= settings
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(event),
        capture_output=True,
        text=True,
        check=True,
        env=environ,
    )
    modules, answer = json.loads(done.stdout.splitlines()[-1])
    return set(modules), answer


def of_a_body(body: str) -> dict[str, Any]:
    return signed({"httpMethod": "POST", "headers": HEADERS, "body": body}, SECRET)


@pytest.mark.parametrize("body", ['{"AutoScalingGroupId": 7}', "[]", "{"])
def test_an_invalid_call_never_loads_the_sdk(body: str) -> None:
    modules, answer = loaded("webhook", of_a_body(body))
    assert answer["statusCode"] == 400
    assert without_the_sdk(modules)


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (
            {"httpMethod": "POST", "headers": HEADERS, "body": '{"AutoScalingGroupId": "asg-a"}'},
            401,
        ),
        ({"httpMethod": "GET", "headers": HEADERS}, 405),
        (TICK, 400),
    ],
)
def test_a_refused_call_never_loads_the_sdk(event: dict[str, Any], status: int) -> None:
    modules, answer = loaded("webhook", event)
    assert answer["statusCode"] == status
    assert without_the_sdk(modules)


def without_the_sdk(modules: set[str]) -> bool:
    roots = {name.partition(".")[0] for name in modules}
    return not roots & SDK and "instance_refresh.gateway.client" not in modules


def test_a_tick_that_is_invalid_never_loads_the_sdk() -> None:
    modules, answer = loaded("schedule", {**TICK, "Message": '{"ImageId": 7}'})
    assert [error["Code"] for error in answer["Errors"]] == ["InvalidInput"]
    assert not {name for name in modules if name.partition(".")[0] in SDK}


def test_an_object_that_is_no_manifest_never_loads_the_sdk() -> None:
    where = {"name": "images", "appid": "1250000000"}
    record = {
        "cos": {"cosObject": {"key": "/1250000000/images/web.png"}, "cosBucket": where},
        "event": {"eventName": "cos:ObjectCreated:Put"},
    }
    modules, answer = loaded("image_published", {"Records": [record]})
    assert [note["Code"] for note in answer["Notes"]] == ["Ignored"]
    assert not {name for name in modules if name.partition(".")[0] in SDK}


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_who_may_not_look_loads_neither_the_sdk_nor_the_page(accept: str) -> None:
    modules, answer = loaded("status", {"httpMethod": "GET", "headers": {"accept": accept}})
    assert answer["statusCode"] == 401
    assert not {name for name in modules if name.partition(".")[0] in {*SDK, "jinja2"}}


def test_one_request_loads_no_part_that_it_has_no_use_for() -> None:
    names = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")
    modules, answer = loaded(
        "webhook",
        of_a_body('{"AutoScalingGroupId": "asg-9dn1a5y6"}'),
        AS_ENDPOINT="http://127.0.0.1:1",
        **dict.fromkeys(names, "x"),
    )
    assert answer["statusCode"] == 502  # nobody answers, after all that a call needs is loaded
    assert "tencentcloud.common.common_client" in modules
    assert not NEVER & modules
    assert not {name for name in modules if name.startswith("tencentcloud.autoscaling")}
    assert not {"instance_refresh.gateway.cos", "concurrent.futures.thread"} & modules
    assert (
        not {"instance_refresh.rollout.reconcile", "instance_refresh.model.window", "zoneinfo"}
        & modules
    )
