"""Call each function once, so that it changes nothing: what is deployed, runs with its role."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from deploy import resources
from deploy.functions import NAMESPACE
from deploy.triggers import url_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deploy.client import Client
    from deploy.description import Description

NOBODY = {"Key": "instance-refresh:image-family", "Value": "none-has-this"}
SECONDS = 35
DENIED, BROKEN = (401, 403), range(500, 600)


class Answer(NamedTuple):
    """What a function answered, and whether it works."""

    what: str
    works: bool


def try_out(described: Description, client: Client, environ: Mapping[str, str]) -> Iterator[Answer]:
    """Give what a dry run over HTTP, one by the timer, a foreign object and a look are answered."""
    request = dry_run(environ)
    url = url_of(client, described.function("webhook"))
    yield _about(f"webhook, a dry run at {url}", call(url, request, environ))
    tick = {"Type": "Timer", "TriggerName": "deploy", "Time": _now(), "Message": request}
    answer = invoke(client, described.function("schedule"), tick)
    yield _about("schedule, a dry run", answer)
    answer = invoke(client, described.function("image_published"), foreign_object(environ))
    yield _about("image_published, an object that is none of its manifests", answer)
    url = url_of(client, described.function("status"))
    yield _about(f"status, a look at {url}", call(url, "", environ, "STATUS"))


def _about(what: str, answer: Answer) -> Answer:
    return answer._replace(what=f"{what}: {answer.what}")


def dry_run(environ: Mapping[str, str]) -> str:
    """Ask for a group that the roles may change; where none is named, for one that isn't there."""
    listed = environ.get("ALLOWED_GROUPS") or environ.get("AUTO_SCALING_GROUPS", "")
    group = listed.partition(",")[0].strip().strip("*")
    target = {"AutoScalingGroupId": group} if group else {"Tags": [NOBODY]}
    return json.dumps({**target, "DryRun": True})


def call(url: str, body: str, environ: Mapping[str, str], to: str = "WEBHOOK") -> Answer:
    """Send a request as a caller would, or look; without a secret only CAM's users are served."""
    headers = {"Content-Type": "application/json"}
    for last in (False, False, True):
        signed = signature(environ.get(f"{to}_SECRET", ""), body)
        try:
            request = Request(url, body.encode() or None, {**headers, **signed})  # noqa: S310 — SCF's URL
            with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                return said(answer.status, json.loads(answer.read()))
        except HTTPError as error:
            text = error.read()
            if environ.get(f"{to}_AUTH") == "cam":
                return Answer(f"{error.code}, as CAM takes no unsigned call", error.code in DENIED)
            return said(error.code, json.loads(text) if text.startswith(b"{") else {})
        except (URLError, OSError) as error:
            if last:
                return Answer(f"no answer: {error}", works=False)
            time.sleep(resources.WAIT_S)  # a URL that was just made
    raise AssertionError


def signature(secret: str, body: str) -> dict[str, str]:
    """Sign as Standard Webhooks do."""
    if not secret:
        return {}
    name, stamp = f"deploy_{secrets.token_hex(8)}", str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{name}.{stamp}.{body}".encode(), "sha256")
    signed = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": signed}


def invoke(client: Client, function: str, event: dict[str, Any]) -> Answer:
    """Run a function with an event, and give what it returned."""
    asked = {"FunctionName": function, "Namespace": NAMESPACE, "ClientContext": json.dumps(event)}
    result = client.call("scf", "Invoke", asked)["Result"]
    if result["InvokeResult"]:
        return Answer(str(result["ErrMsg"]), works=False)
    return said(None, json.loads(result["RetMsg"]))


def said(status: int | None, document: dict[str, Any]) -> Answer:
    """Give an answer in a line: its outcomes, and the codes of its errors and notes."""
    kinds = ("Outcomes", "Errors", "Notes")
    entries = [each for kind in kinds for each in document.get(kind, [])]
    codes = [each[name] for each in entries for name in ("Outcome", "Code") if each.get(name)]
    problem = [document["code"]] if "code" in document else []
    states = [f"{count} {state}" for state, count in document.get("States", {}).items()]
    words = [*([str(status)] if status else []), *codes, *problem, *states]
    broken = "failed" in codes or document.get("Errors") or (status or 0) in (*DENIED, *BROKEN)
    text = ", ".join(dict.fromkeys(words)) or "nothing to be done"
    return Answer(text, works=not broken)


def foreign_object(environ: Mapping[str, str]) -> dict[str, Any]:
    """Make the event of an object in a bucket that isn't the manifests'."""
    app_id = environ["COS_APPID"]
    bucket = {"name": "deploy-tries-it-out", "appid": app_id, "cosRegion": environ["REGION"]}
    key = f"/{app_id}/deploy-tries-it-out/none.json"
    event = {"eventName": "cos:ObjectCreated:Put", "eventTime": int(time.time())}
    return {"Records": [{"cos": {"cosObject": {"key": key}, "cosBucket": bucket}, "event": event}]}


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
