"""Call each function once, so that it changes nothing: what is deployed, runs with its role."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from deploy.functions import NAMESPACE
from deploy.triggers import url_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deploy.client import Client
    from deploy.description import Description

NOBODY = {"Key": "instance-refresh:image-family", "Value": "none-has-this"}
SECONDS = 35


def try_out(described: Description, client: Client, environ: Mapping[str, str]) -> Iterator[str]:
    """Say what a dry run over HTTP, a dry run by the timer, and a foreign object are answered."""
    request = dry_run(environ)
    url = url_of(client, described.function("webhook"))
    yield f"webhook, a dry run at {url}: {call(url, request, environ)}"
    tick = {"Type": "Timer", "TriggerName": "deploy", "Time": _now(), "Message": request}
    yield f"schedule, a dry run: {invoke(client, described.function('schedule'), tick)}"
    answer = invoke(client, described.function("image_published"), foreign_object(environ))
    yield f"image_published, an object that is none of its manifests: {answer}"


def dry_run(environ: Mapping[str, str]) -> str:
    """Ask for a group that the roles may change; where none is named, for one that isn't there."""
    listed = environ.get("ALLOWED_GROUPS") or environ.get("AUTO_SCALING_GROUPS", "")
    group = listed.partition(",")[0].strip().strip("*")
    target = {"AutoScalingGroupId": group} if group else {"Tags": [NOBODY]}
    return json.dumps({**target, "DryRun": True})


def call(url: str, body: str, environ: Mapping[str, str]) -> str:
    """Send a request as a caller would; without a secret nobody but CAM's users is served."""
    headers = {"Content-Type": "application/json", **signature(environ["WEBHOOK_SECRET"], body)}
    try:
        request = Request(url, body.encode(), headers)  # noqa: S310 — the URL that SCF gave
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return said(answer.status, json.loads(answer.read()))
    except HTTPError as error:
        text = error.read()
        if environ.get("WEBHOOK_AUTH") == "cam":
            return f"{error.code}, as CAM takes no unsigned call"
        return said(error.code, json.loads(text) if text.startswith(b"{") else {})
    except (URLError, OSError) as error:
        return f"no answer: {error}"


def signature(secret: str, body: str) -> dict[str, str]:
    """Sign as Standard Webhooks do."""
    if not secret:
        return {}
    name, stamp = f"deploy_{secrets.token_hex(8)}", str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{name}.{stamp}.{body}".encode(), "sha256")
    signed = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": signed}


def invoke(client: Client, function: str, event: dict[str, Any]) -> str:
    """Run a function with an event, and say what it returned."""
    asked = {"FunctionName": function, "Namespace": NAMESPACE, "ClientContext": json.dumps(event)}
    result = client.call("scf", "Invoke", asked)["Result"]
    if result["InvokeResult"]:
        return f"FAILED: {result['ErrMsg']}"
    return said(None, json.loads(result["RetMsg"]))


def said(status: int | None, document: dict[str, Any]) -> str:
    """Say an answer in a line: its outcomes, and the codes of its errors and notes."""
    kinds = ("Outcomes", "Errors", "Notes")
    entries = [each for kind in kinds for each in document.get(kind, [])]
    codes = [each[name] for each in entries for name in ("Outcome", "Code") if each.get(name)]
    problem = [document["code"]] if "code" in document else []
    words = [*([str(status)] if status else []), *codes, *problem]
    return ", ".join(dict.fromkeys(words)) or "nothing to be done"


def foreign_object(environ: Mapping[str, str]) -> dict[str, Any]:
    """Make the event of an object in a bucket that isn't the manifests'."""
    app_id = environ["COS_APPID"]
    bucket = {"name": "deploy-tries-it-out", "appid": app_id, "cosRegion": environ["REGION"]}
    key = f"/{app_id}/deploy-tries-it-out/none.json"
    event = {"eventName": "cos:ObjectCreated:Put", "eventTime": int(time.time())}
    return {"Records": [{"cos": {"cosObject": {"key": key}, "cosBucket": bucket}, "event": event}]}


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
