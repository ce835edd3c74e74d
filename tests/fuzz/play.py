"""Play an event on its function in this process, and hold what comes out to the rules.

The functions' own gateway is replaced: reads are answered from a cloud of this process, objects are
given, and writes are recorded and denied. So there is no network, and no event changes the next.
"""

from __future__ import annotations

import io
import json
import os
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

from instance_refresh.errors import ApiError
from instance_refresh.invocation import TryAgain
from local.autoscaling.actions import ACTIONS as AUTOSCALING
from local.calls import WRITES
from local.clock import ManualClock
from local.cloud import Cloud
from local.contract import Contract
from local.cvm.actions import ACTIONS as CVM
from local.refused import Refused
from local.regions import REGIONS
from local.seed import fill
from tests.end_to_end.harness import SECRET, handler, signed, signed_query
from tests.end_to_end.seams import no_network
from tests.end_to_end.test_events import FOLDER, load
from tests.fuzz.mutations import mutate, mutate_text

if TYPE_CHECKING:
    from random import Random

SEEDS = {
    "webhook": ("webhook.api-gateway", "webhook.image", "webhook.start-instance-refresh"),
    "schedule": ("schedule.reconcile", "schedule.request", "schedule.request"),
    "image_published": ("image_published.manifest", "image_published.packer"),
    "status": ("status.page", "status.query"),
}
OVER_HTTP = ("webhook", "status")
OBJECT_SEEDS = [
    (FOLDER / "objects/images" / name).read_text()
    for name in ("followers.json", "packer-manifest.json", "web.json", "web.json")
]
INVALID = ("InvalidInput", "WrongTrigger", "ManifestTooLarge")
REFUSED_EARLY = (400, 401, 405, 413, 415)
STATUSES = {200, 202, 207, *REFUSED_EARLY, 403, 404, 409, 429, 502, 504}
MAX_LINE = 8000  # characters of a log line
MAX_MANIFEST = 1024 * 1024
# What SCF lets through; larger events reach no function.
ANSWER_LIMIT = 6 * 1024 * 1024
EVENT_LIMITS = {
    "webhook": 6 * 1024 * 1024,
    "status": 6 * 1024 * 1024,
    "schedule": 128 * 1024,
    "image_published": 128 * 1024,
}
# A parameter that the API does not take as it was sent: the schema should have refused it.
OURS_TO_REFUSE = ("InvalidParameter", "MissingParameter", "UnknownParameter", "InvalidAction")
CONTEXT = {"request_id": "r-1", "time_limit_in_ms": 20_000, "tencentcloud_region": "ap-guangzhou"}
ENVIRON = {
    "TENCENTCLOUD_REGION": "ap-guangzhou",
    "TENCENTCLOUD_SECRETID": "id",
    "TENCENTCLOUD_SECRETKEY": "key",
    "TENCENTCLOUD_SESSIONTOKEN": "token",
    "MANIFEST_PREFIX": "images/",
}


@dataclass
class Played:
    """How an event ended: `end` is a status or the codes; `calls` are the actions called."""

    end: str
    calls: list[str]


class Stage:
    """The cloud that the events are played on; used as a context."""

    def __init__(self) -> None:
        self.cloud = Cloud(clock=ManualClock())
        fill(self.cloud, FOLDER)
        self.calls: list[str] = []
        self.stored = b""
        self._contracts = {"as": Contract("as"), "cvm": Contract("cvm")}
        self._actions = {"as": AUTOSCALING, "cvm": CVM}
        self._patches = ExitStack()

    def __enter__(self) -> Stage:  # noqa: PYI034 — Self needs typing_extensions on 3.10
        stage = self

        def read(region: str, bucket: str, key: str, most: int) -> bytes:
            stage.calls.append("GetObject")
            assert all((region, bucket, key))
            return stage.stored[: most + 1]

        self._patches.enter_context(no_network(self.answer, read))
        self._patches.enter_context(mock.patch.dict(os.environ, ENVIRON, clear=True))
        return self

    def __exit__(self, *_: object) -> None:
        self._patches.close()

    def answer(self, service: str, region: str, action: str, parameters: Any) -> dict[str, Any]:
        """Answer a call as the local cloud would, without its HTTP; deny each write."""
        self.calls.append(action)
        sent = json.loads(json.dumps(parameters))
        try:
            checked = self._contracts[service].check(action, sent)
            if region not in REGIONS:
                raise Refused("UnsupportedRegion", "The region is not supported.")
            if action in WRITES:
                raise Refused("UnauthorizedOperation", "Nothing is changed here.")
            return self._actions[service][action](self.cloud.region(region), checked)
        except Refused as error:
            refused = ApiError(error.code, error.message)
        kind, _, detail = refused.code.partition(".")
        assert kind not in OURS_TO_REFUSE or detail, (action, parameters, refused)
        raise refused

    def play(self, function: str, event: Any) -> Played:
        """Call the function once; an AssertionError says which rule was broken."""
        self.calls.clear()
        out = io.StringIO()
        result: Any = None
        end = ""
        with redirect_stdout(out):
            try:
                result = handler(function)(event, {**CONTEXT, "function_name": function})
            except TryAgain as again:
                end = f"TryAgain: {again}"
        assert "does not know" not in end, out.getvalue()
        for line in out.getvalue().splitlines():
            assert len(line) < MAX_LINE
            assert isinstance(json.loads(line), dict)
        if function in OVER_HTTP or result is not None:
            assert len(json.dumps(result)) <= ANSWER_LIMIT
            end = self._answered(result) if function in OVER_HTTP else self._returned(result)
        return Played(end, list(self.calls))

    def _answered(self, result: Any) -> str:
        status = result["statusCode"]
        assert result["isBase64Encoded"] is False
        assert type(status) is int
        if result["headers"]["Content-Type"].startswith("text/html"):
            assert (status, result["body"].count("<script")) == (200, 0)
            return "200 page"
        document = json.loads(result["body"])
        assert status in STATUSES, document
        assert document["RequestId"] == result["headers"]["X-Request-Id"]
        if status in REFUSED_EARLY:
            assert self.calls == [] or document["code"] not in INVALID
        assert {"Outcomes", "Regions"} & document.keys() or (
            document["code"] and document["remedy"]
        )
        return f"{status} {document.get('code', '')}".strip()

    def _returned(self, result: Any) -> str:
        codes = [error["Code"] for error in result["Errors"]]
        assert "InternalError" not in codes
        ends = [outcome["Outcome"] for outcome in result["Outcomes"]]
        if codes and set(codes) <= set(INVALID) and not ends:
            assert not WRITES.intersection(self.calls)
        return " ".join(sorted({*codes, *ends, *(note["Code"] for note in result["Notes"])}))


def make(function: str, chance: Random, stage: Stage) -> Any:
    """Make an event of the function's, changed by chance; for COS the object too."""
    event = load(chance.choice(SEEDS[function]))
    if function in OVER_HTTP or chance.random() < 0.7:
        changed = mutate(event, chance)
        event = changed if len(json.dumps(changed)) <= EVENT_LIMITS[function] else event
    for name in ("WEBHOOK", "STATUS"):
        os.environ.pop(f"{name}_AUTH", None)
        os.environ[f"{name}_SECRET"] = SECRET
    if function in OVER_HTTP and chance.random() < 0.5:
        os.environ[f"{function.upper()}_AUTH"] = "cam"
        del os.environ[f"{function.upper()}_SECRET"]
    elif function in OVER_HTTP and chance.random() < 0.9:
        _sign(event)
    text = chance.choice(OBJECT_SEEDS)
    if chance.random() < 0.8:
        text = mutate_text(text, chance)
    stage.stored = text[: 2 * MAX_MANIFEST].encode("utf-8", "surrogatepass")
    return event


def _sign(event: Any) -> None:
    if not isinstance(event, dict) or not isinstance(event.get("headers"), dict):
        return
    body = event.get("body")
    if event.get("httpMethod") == "GET" and isinstance(event.get("queryString"), dict):
        query = {n: v for n, v in event["queryString"].items() if n not in ("expires", "signature")}
        event["queryString"] = signed_query(str(event.get("path") or "/"), query)
    elif isinstance(body, str) and body.isascii():
        event["headers"].update(signed(body))
