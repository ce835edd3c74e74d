"""HTTP: the body is a request; from a function URL, or in the old shape of an API Gateway trigger.

The API Gateway is being switched off since 2026-10-30; what sends its events goes on being served.
"""

from __future__ import annotations

import base64
import binascii
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..contract import check, parse
from ..errors import InstanceRefreshError, InvalidInput, InvalidSetting, NotServed
from ..model.problem import Problem
from ..model.request import request
from . import expect, roll_out
from .signature import signed_at, unauthorized

if TYPE_CHECKING:
    from datetime import datetime

    from ..invocation import Invocation
    from ..model.outcome import Outcome

MAX_BODY = 256 * 1024
_ERROR = 400


def serve(event: Any, invocation: Invocation) -> dict[str, Any]:
    """Answer a request; whatever happens, the answer is a document without a stack trace."""
    try:
        call = expect("http", event)
        try:
            body, asked_at = _authentic_body(call, invocation)
        except (InvalidInput, NotServed) as error:
            return problem(invocation.turn_away(error), invocation, "POST")
        document = check("request", parse(body, "the body"), "the body")
        asked = request(document, region=invocation.region, asked_at=asked_at)
        if asked.action not in invocation.settings.allowed_actions:
            raise _not_allowed(asked.action)
        return _answer(roll_out(asked, invocation), invocation)
    except Exception as error:  # noqa: BLE001 — the last resort: the caller gets a document
        return failed(error, invocation, "POST")


def _authentic_body(event: dict[str, Any], invocation: Invocation) -> tuple[bytes, datetime | None]:
    """Give the body, not parsed yet, and when it was signed."""
    if event["httpMethod"].upper() != "POST":
        raise NotServed("MethodNotAllowed", 405, "only POST is served here", "Send a POST request.")
    headers = {name.lower(): str(value) for name, value in event["headers"].items()}
    body, settings = _body(event), invocation.settings
    try:
        secrets = (settings.webhook_secret, settings.webhook_secret_previous)
        asked_at = signed_at(headers, body, settings.webhook_auth, secrets, "WEBHOOK")
    except InvalidSetting as error:
        invocation.fail(error)
        raise unauthorized() from None
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise NotServed(
            "UnsupportedMediaType",
            415,
            "the body must be JSON",
            "Send it with Content-Type: application/json.",
        )
    return body, asked_at


def _body(event: dict[str, Any]) -> bytes:
    body: str = event.get("body") or ""
    if len(body) > MAX_BODY * 4 // 3 + 4:
        raise _too_large()
    if event.get("isBase64Encoded"):
        try:
            data = base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInput("the body", [Problem("", "is not valid base64")]) from None
    else:
        data = body.encode("utf-8", "surrogatepass")
    if len(data) > MAX_BODY:
        raise _too_large()
    return data


def _too_large() -> NotServed:
    most = f"{MAX_BODY // 1024} KB"
    return NotServed(
        "PayloadTooLarge", 413, f"the body is larger than {most}", f"Send at most {most}."
    )


def _not_allowed(action: str) -> NotServed:
    return NotServed(
        "ActionNotAllowed",
        403,
        f"{action} is none of ALLOWED_ACTIONS",
        "Add it there and deploy again, as the role needs its rights too, or use another way.",
    )


def _answer(outcomes: tuple[Outcome, ...], invocation: Invocation) -> dict[str, Any]:
    """Answer with the outcomes; 207 where they don't share one status."""
    statuses = {outcome.status for outcome in outcomes}
    status = statuses.pop() if len(statuses) == 1 else HTTPStatus.MULTI_STATUS
    document: dict[str, Any] = {
        "RequestId": invocation.request_id,
        "Outcomes": [outcome.document() for outcome in outcomes],
    }
    if status < _ERROR:
        return response(status, "application/json", document)
    first = outcomes[0]
    document = {
        **_problem_fields(first.code or first.outcome, status, first.reason, first.remedy),
        **document,
    }
    return response(status, "application/problem+json", document)


def failed(error: Exception, invocation: Invocation, method: str) -> dict[str, Any]:
    """Log any error, and make an answer without a stack trace of it."""
    if not isinstance(error, InstanceRefreshError):
        return problem(invocation.crashed(error), invocation, method)
    invocation.fail(error)
    if isinstance(error, InvalidSetting):  # its callers may be anyone: they learn no name of it
        wrong, remedy = "a setting of the function is wrong", InstanceRefreshError.remedy
        error = NotServed(error.code, error.status, wrong, remedy)
    return problem(error, invocation, method)


def problem(error: InstanceRefreshError, invocation: Invocation, method: str) -> dict[str, Any]:
    """Answer with a problem document; `method` is the one that is served."""
    document = {
        **_problem_fields(error.code, error.status, str(error), error.remedy),
        "RequestId": invocation.request_id,
    }
    if isinstance(error, InvalidInput):
        document["problems"] = [
            {"pointer": each.pointer, "detail": each.message} for each in error.problems
        ]
    headers = {"Allow": method} if error.status == HTTPStatus.METHOD_NOT_ALLOWED else {}
    return response(error.status, "application/problem+json", document, headers)


def _problem_fields(code: str, status: int, detail: str, remedy: str) -> dict[str, Any]:
    return {
        "type": f"urn:instance-refresh:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
        "remedy": remedy,
    }


def response(
    status: int, media_type: str, document: dict[str, Any], headers: dict[str, str] | None = None
) -> dict[str, Any]:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        headers = {"Retry-After": "5", **(headers or {})}
    return {
        "isBase64Encoded": False,
        "statusCode": int(status),
        "headers": {
            "Content-Type": media_type,
            "X-Request-Id": document["RequestId"],
            **(headers or {}),
        },
        "body": json.dumps(document),
    }
