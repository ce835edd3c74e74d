"""Known values are planted wherever an event, an answer or the environment has room for them.

None of them comes out again: not in a log line, an answer, an exception or a repr.
"""

from __future__ import annotations

import base64
import copy
import io
import json
import logging
import traceback
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import quote

import pytest

from local.seed import fill
from tests.end_to_end.harness import (
    SECRET,
    World,
    denied_with,
    handler,
    signed,
    signed_query,
)
from tests.end_to_end.seams import clock, quick
from tests.end_to_end.test_events import EVENTS, FOLDER, FUNCTIONS, load

if TYPE_CHECKING:
    from collections.abc import Iterator

PLANT = "pl4nted"
OTHER = "whsec_" + base64.b64encode(f"{PLANT} previous secret, 24 bytes".encode()).decode()
# What is only made when a call is signed, so that its value can't be known before.
SIGNATURES = ("q-sign-algorithm", "q-signature", "TC3-HMAC-SHA256", "Signature=")


def secretive(it: World) -> None:
    fill(it.cloud, FOLDER)
    for configuration in it.region.launch_configurations.values():
        configuration.user_data = base64.b64encode(f"{PLANT} user data".encode()).decode()
        configuration.login_settings = {"Password": f"{PLANT}-password", "KeyIds": []}


pytestmark = pytest.mark.world(
    fill=secretive,
    MANIFEST_PREFIX="images/",
    WEBHOOK_SECRET_PREVIOUS=OTHER,
    DATABASE_PASSWORD=f"{PLANT}-database",
    LOG_LEVEL="DEBUG",
    NOTIFY=f"slack+http://127.0.0.1:9/services/{PLANT},cloudevents+http://127.0.0.1:9/#{OTHER}",
    NOTIFY_LEVEL="INFO",
    STATUS_URL="https://status.example",
)


@pytest.fixture(autouse=True)
def _impatient() -> Iterator[None]:
    with quick(tries=1):
        yield


def plant(value: Any) -> Any:
    """Give every object of a document one more field, with a planted value."""
    if isinstance(value, list):
        return [plant(item) for item in value]
    if isinstance(value, dict):
        return {name: plant(item) for name, item in value.items()} | {"extra": f"{PLANT}-extra"}
    return value


def replace(value: Any) -> Any:
    """Put a planted value in the place of every text and number of a document."""
    if isinstance(value, list):
        return [replace(item) for item in value]
    if isinstance(value, dict):
        return {name: replace(item) for name, item in value.items()}
    return f"{PLANT}-value" if isinstance(value, (str, int)) else value


def loaded(name: str) -> Any:
    """Load an event, with planted values where its function has no need of them."""
    event = plant(load(name))
    if name.startswith("webhook."):
        event["headers"] |= {"Authorization": f"Bearer {PLANT}", "cookie": f"session={PLANT}"}
        event["queryString"] = {"token": f"{PLANT}-query"}
    if name.startswith("status."):
        event["headers"] |= {"Authorization": f"Bearer {PLANT}", "cookie": f"session={PLANT}"}
    for record in event.get("Records", []):
        record["cos"]["cosObject"]["url"] += f"?sign={PLANT}"
        record["cos"]["cosObject"]["meta"] |= {"x-cos-meta-key": f"{PLANT}-meta"}
        sent = record["event"]["requestParameters"]["requestHeaders"]
        sent |= {"Authorization": f"q-signature={PLANT}", "x-cos-security-token": PLANT}
    return event


def spoiled(name: str, it: World) -> Any:
    """Load an event whose content is planted values, and plant them in the objects too."""
    event = loaded(name)
    if name.startswith("webhook.") and not event.get("isBase64Encoded"):
        try:
            event["body"] = json.dumps(replace(json.loads(event["body"])))
        except ValueError:
            event["body"] = f"{{{PLANT}"
        event["headers"] |= signed(event["body"])
    if name.startswith("status."):
        event["queryString"] = signed_query("/", {"group": f"asg-{PLANT}-", "region": PLANT})
    if "Message" in event:
        event["Message"] = f'{{"ImageId": "{PLANT}"}}'
    for key, item in list(it.cloud.cos.objects.items()):
        try:
            body = json.dumps(replace(json.loads(item.body)))
        except ValueError:
            body = f"{{{PLANT}"
        it.cloud.cos.put(*key, body.encode())
    return event


def planted(it: World) -> list[str]:
    values = [it.role.secret_id, it.role.secret_key, it.role.token]
    values += [secret.removeprefix("whsec_") for secret in (SECRET, OTHER)]
    values += [
        base64.b64decode(secret.removeprefix("whsec_")).decode() for secret in (SECRET, OTHER)
    ]
    values += [PLANT, base64.b64encode(f"{PLANT} user data".encode()).decode(), "AKIDuploader"]
    return [*values, *map(quote, values), *SIGNATURES]


def run(it: World, function: str, event: Any) -> str:
    """Call a function as SCF's runtime does; give all that comes out of it."""
    environ = ";".join(f"{name}={value}" for name, value in it.environ.items())
    context = {
        "request_id": "r-1",
        "function_name": function,
        "time_limit_in_ms": 20_000,
        "environ": environ,
        "environment": json.dumps(it.environ),
        "tencentcloud_uin": PLANT,
    }
    out = io.StringIO()
    root = logging.getLogger()
    to_stdout = logging.StreamHandler(out)
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict("os.environ", it.environ, clear=True))
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(out))
        stack.callback(root.setLevel, root.level)
        root.setLevel(logging.DEBUG)
        root.addHandler(to_stdout)
        stack.callback(root.removeHandler, to_stdout)
        try:
            out.write(json.dumps(handler(function)(copy.deepcopy(event), context)))
        except Exception:  # noqa: BLE001 — SCF logs whatever is raised
            traceback.print_exc(file=out)
    assert '"summary"' in out.getvalue()
    return out.getvalue()


@pytest.mark.parametrize("mode", ["as it is", "spoiled", "echoed", "cut off", "no credentials"])
def test_nothing_planted_comes_out(it: World, mode: str) -> None:
    everything = ""
    keys = f"denied: {it.role.secret_id} {it.role.secret_key} {it.role.token}"
    for name in EVENTS:
        event = spoiled(name, it) if mode == "spoiled" else loaded(name)
        it.cloud.faults.clear()
        if mode == "echoed":
            it.cloud.faults.inject("*", "denied", times=None)
        elif mode == "cut off":
            it.cloud.faults.inject("*", "cut_before", times=None)
        elif mode == "no credentials":
            it.environ.pop("TENCENTCLOUD_SESSIONTOKEN", None)
        for function in FUNCTIONS:
            with denied_with("AuthFailure.UnauthorizedOperation", keys):
                written = run(it, function, event)
            assert [value for value in planted(it) if value in written] == [], (name, function)
            everything += written
    assert ('"started"' in everything) is (mode == "as it is")


@pytest.mark.parametrize(
    "wrong",
    [
        {"WEBHOOK_SECRET": PLANT},
        {"WEBHOOK_SECRET_PREVIOUS": f"whsec_{PLANT}"},
        {"AS_ENDPOINT": f"https://user:{PLANT}@127.0.0.1"},
        {"PAUSED_LIMIT": PLANT},
        {"LOG_LEVEL": PLANT},
        {"WEBHOOK_AUTH": PLANT},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_setting_that_is_wrong_is_named_and_not_shown(it: World, wrong: dict[str, str]) -> None:
    it.environ |= wrong
    for name in ("webhook.image", "schedule.reconcile", "image_published.manifest"):
        written = run(it, name.partition(".")[0], loaded(name))
        assert next(iter(wrong)) in written
        assert [value for value in planted(it) if value in written] == []


def test_no_channel_and_no_link_comes_out_where_nobody_could_be_told(it: World) -> None:
    group = next(iter(it.region.groups.values()))
    group.tags["instance-refresh:image-family"] = "base"
    event = loaded("schedule.reconcile")
    event["Time"] = f"{it.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    written = run(it, "schedule", event)
    assert '"started"' in written
    assert written.count('"NotTold"') == 2
    assert [value for value in (*planted(it), "status.example") if value in written] == []


@pytest.mark.parametrize("name", ["NOTIFY", "STATUS_URL"])
def test_a_wrong_setting_that_only_tells_is_named_and_not_shown(it: World, name: str) -> None:
    it.environ[name] = f"https://user:{PLANT}@127.0.0.1"
    written = run(it, "webhook", loaded("webhook.image"))
    assert name in written
    assert [value for value in planted(it) if value in written] == []


def test_an_error_that_nobody_knows_is_raised_without_its_text(it: World) -> None:
    for name in ("webhook.image", "schedule.request", "image_published.manifest"):
        event = loaded(name)
        with clock(side_effect=LookupError(PLANT)):
            written = run(it, name.partition(".")[0], event)
        assert "LookupError" in written
        assert [value for value in planted(it) if value in written] == []


def test_the_library_would_log_them_if_it_were_let(it: World) -> None:
    """So that the tests above are known to look where the values would be."""
    library = logging.getLogger("tencentcloud_sdk_common")
    library.setLevel(logging.DEBUG)
    try:
        written = run(it, "webhook", loaded("webhook.image"))
    finally:
        library.setLevel(logging.NOTSET)
    assert str(it.role.token) in written
