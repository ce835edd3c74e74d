"""Every file in events/ runs through its function, and is refused by name by the others."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from instance_refresh import clock
from local.clock import ManualClock
from local.cloud import Cloud
from local.scf import project
from local.scf.platform import Platform
from local.seed import fill
from tests.end_to_end.harness import EVERY_ACTION, SECRET, World, signed, signed_query

FOLDER = project.ROOT / "events"
EVENTS = {path.stem: path for path in sorted(FOLDER.glob("*.json"))}
FUNCTIONS = project.names()
# A webhook's status and what ends the groups; of the others the outcomes, errors and notes.
EXPECTED: dict[str, Any] = {
    "webhook.action-of-another-field": (400, "InvalidInput"),
    "webhook.api-gateway": (200, ["planned"]),
    "webhook.cancel-instance-refresh": (404, ["refused"]),
    "webhook.dry-run": (200, ["planned"]),
    "webhook.get": (405, "MethodNotAllowed"),
    "webhook.hold": (200, ["held"] * 3),
    "webhook.image": (202, ["started"]),
    "webhook.image-of-another-region": (409, ["refused"]),
    "webhook.invalid": (400, "InvalidInput"),
    "webhook.not-json": (400, "InvalidInput"),
    "webhook.not-json-media-type": (415, "UnsupportedMediaType"),
    "webhook.release": (200, ["released"]),
    "webhook.resume-instance-refresh": (404, ["refused"]),
    "webhook.rollback-instance-refresh": (404, ["refused"]),
    "webhook.start-instance-refresh": (202, ["started"]),
    "webhook.stop-all-of-a-tag": (200, ["stopped"] * 3),
    "webhook.stop-instance-refresh": (404, ["refused"]),
    "webhook.unknown-group": (404, ["refused"]),
    "status.page": (200, "text/html; charset=utf-8"),
    "status.query": (200, ["due"]),
    "status.unknown-field": (400, "InvalidInput"),
    "schedule.invalid": ["InvalidInput"],
    "schedule.reconcile": ["started"],
    "schedule.request": ["started"],
    "schedule.stop": ["stopped"] * 3,
    "image_published.deleted": ["Ignored"],
    "image_published.for-followers": ["started"],
    "image_published.manifest": ["started"],
    "image_published.missing-object": ["NoSuchKey"],
    "image_published.not-a-manifest": ["InvalidInput"],
    "image_published.not-json": ["InvalidInput"],
    "image_published.outside-prefix": ["Ignored"],
    "image_published.packer": ["started"],
    "image_published.too-large": ["ManifestTooLarge"],
}


def load(name: str) -> Any:
    event = json.loads(EVENTS[name].read_text())
    if name.startswith("webhook.") and not event.get("isBase64Encoded"):
        event["headers"] |= {k: v for k, v in signed(event["body"]).items() if k != "content-type"}
    if name.startswith("status."):
        event["queryString"] = signed_query(event["path"], event["queryString"])
    if "TriggerName" in event:
        event["Time"] = f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"
    return event


def seeded(it: World) -> None:
    fill(it.cloud, FOLDER)


pytestmark = pytest.mark.world(fill=seeded, MANIFEST_PREFIX="images/", ALLOWED_ACTIONS=EVERY_ACTION)


def test_every_event_is_expected() -> None:
    assert set(EVENTS) == set(EXPECTED)
    assert {name.partition(".")[0] for name in EVENTS} == set(FUNCTIONS)


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_through_its_function(it: World, name: str) -> None:
    function = name.partition(".")[0]
    if name == "webhook.api-gateway":
        it.environ["WEBHOOK_AUTH"] = "cam"
        del it.environ["WEBHOOK_SECRET"]
    result = it.call(function, load(name))
    found: Any
    media_type = result.get("headers", {}).get("Content-Type", "")
    if media_type.startswith("text/html"):
        found = (result["statusCode"], media_type)
    elif "statusCode" in result:
        document = json.loads(result["body"])
        outcomes = [outcome["Outcome"] for outcome in document.get("Outcomes", [])]
        shown = [group for one in document.get("Regions", []) for group in one["Groups"]]
        outcomes += [group["State"] for group in shown]
        found = (result["statusCode"], outcomes or document["code"])
    else:
        found = [outcome["Outcome"] for outcome in result["Outcomes"]]
        found += [error["Code"] for error in result["Errors"] + result["Notes"]]
    assert found == EXPECTED[name]
    if not {"started", "held"} & set(str(found).split("'")):
        assert it.cloud.writes() == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_events_of_other_triggers_are_refused_by_name(it: World, function: str) -> None:
    kinds = {"image_published": "cos", "schedule": "timer", "webhook": "http", "status": "http"}
    for name in EVENTS:
        kind = kinds[name.partition(".")[0]]
        if kind == kinds[function]:
            continue
        result = it.call(function, load(name))
        if "statusCode" in result:
            document = json.loads(result["body"])
            assert (result["statusCode"], document["code"]) == (400, "WrongTrigger")
            said = document["detail"]
        else:
            (error,) = result["Errors"]
            assert error["Code"] == "WrongTrigger"
            said = error["Reason"]
        assert f"an event of kind {kind}" in said
    assert it.cloud.calls == []


def test_what_runs_here_is_what_is_deployed() -> None:
    for name in ("instance_refresh", "tencentcloud.common", "requests", "jsonschema"):
        found = Path(next(iter(importlib.import_module(name).__path__)))
        assert any(found.is_relative_to(folder) for folder in project.OPT)


def test_nothing_secret_is_written_by_a_function_as_scf_runs_it() -> None:
    """The runtime's root logger is at DEBUG, where the SDK writes tokens and signatures."""
    environ = {"MANIFEST_PREFIX": "images/", "WEBHOOK_SECRET": SECRET, "STATUS_SECRET": SECRET}
    environ["ALLOWED_ACTIONS"] = EVERY_ACTION
    with Cloud(clock=ManualClock()) as cloud:
        fill(cloud, FOLDER)
        role = cloud.role()
        with Platform(cloud, project.FUNCTIONS, project.OPT, environ=environ) as platform:
            for function in FUNCTIONS:
                platform.deploy(function, role=role, timeout_s=20)
            for name in EVENTS:
                platform.invoke(name.partition(".")[0], load(name))
            runs = list(platform.invocations)
    assert len(runs) == len(EVENTS)
    assert {run.status for run in runs} == {200}
    written = "\n".join(line for run in runs for line in run.logs)
    assert written.count('"summary"') == len(EVENTS)
    for run in runs:
        written += json.dumps(run.result)
    planted = [role.secret_id, role.secret_key, role.token, SECRET.removeprefix("whsec_")]
    planted += ["q-sign-algorithm", "q-signature", "TC3-HMAC-SHA256", "AKIDuploader", "v1,"]
    assert [secret for secret in planted if secret and secret in written] == []
