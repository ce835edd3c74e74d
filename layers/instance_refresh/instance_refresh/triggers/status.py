"""HTTP GET: where all stands, as JSON, or as a page where a browser asks. It writes nothing.

Each region is surveyed by itself, side by side; one that fails doesn't hide the others.
"""

from __future__ import annotations

import hmac
import os
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .. import clock
from ..contract import check, schema
from ..contract.validate import token
from ..errors import InstanceRefreshError, InvalidInput, InvalidSetting, NotServed
from ..gateway.cloud import Cloud, credentials
from ..link import EXPIRES, SIGNATURE, query_text, signature_of
from ..model.problem import Problem
from ..model.query import Query
from . import by_region, expect
from .http import failed, problem, response
from .signature import signed_at, unauthorized

if TYPE_CHECKING:
    from ..invocation import Invocation
    from ..link import Pairs
    from ..settings import Settings

_SECONDS = re.compile(r"[0-9]{1,12}")
_HEADERS = {
    "Cache-Control": "no-store",
    "Vary": "Accept",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def serve(event: Any, invocation: Invocation) -> dict[str, Any]:
    """Answer with the status; whatever happens, the answer is a document without a stack trace."""
    try:
        return _status(event, invocation)
    except Exception as error:  # noqa: BLE001 — the last resort: the caller gets a document
        return failed(error, invocation, "GET")


def _status(event: Any, invocation: Invocation) -> dict[str, Any]:
    call = expect("http", event)
    headers = {name.lower(): str(value) for name, value in call["headers"].items()}
    pairs = _pairs(call)
    try:
        if call["httpMethod"].upper() != "GET":
            raise NotServed(
                "MethodNotAllowed", 405, "only GET is served here", "Send a GET request."
            )
        _authorize(str(call.get("path") or "/"), pairs, headers, invocation)
    except NotServed as error:
        return problem(invocation.turn_away(error), invocation, "GET")
    regions = _surveys(query(pairs), invocation)
    if "text/html" not in headers.get("accept", ""):
        document = {"RequestId": invocation.request_id, "Regions": regions}
        return response(HTTPStatus.OK, "application/json", document, _HEADERS)
    from ..page import page, policy  # with the template engine: JSON does without

    return {
        "isBase64Encoded": False,
        "statusCode": int(HTTPStatus.OK),
        "headers": {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": policy(),
            "X-Request-Id": invocation.request_id,
            **_HEADERS,
        },
        "body": page(regions),
    }


def _surveys(asked: Query, invocation: Invocation) -> list[dict[str, Any]]:
    """Give the status of each region that is meant; an error where none could be looked at.

    A region that has nothing of what is asked for is left out where another one has it.
    """
    cloud = Cloud(invocation.settings, credentials(os.environ), invocation.deadline)
    from ..rollout.survey import survey  # with the SDK: nothing refused loads it

    now, settings, own = clock.now(), invocation.settings, (asked.region or invocation.region,)
    regions = own if asked.region or asked.groups else settings.regions or own
    found = by_region(
        lambda name: survey(asked._replace(region=name), cloud, settings, now), regions
    )
    errors = [one for one in found if isinstance(one, InstanceRefreshError)]
    if len(errors) == len(found):
        raise next((one for one in errors if not _has_nothing(one)), errors[0])
    documents = []
    for region, one in zip(regions, found, strict=True):
        if not isinstance(one, InstanceRefreshError):
            documents.append(one)
            invocation.count(one["States"])
        elif not _has_nothing(one):
            invocation.fail(one, region=region)
            documents.append(
                {"Region": region, "Code": one.code, "Reason": str(one), "Remedy": one.remedy}
            )
    return documents


def _has_nothing(error: InstanceRefreshError) -> bool:
    return isinstance(error, NotServed) and error.status == HTTPStatus.NOT_FOUND


def _pairs(call: dict[str, Any]) -> Pairs:
    """Read the query; a name may be there several times, and its value may be left out."""
    given = call.get("queryString") or call.get("queryStringParameters")
    if not isinstance(given, dict):
        return ()
    return tuple(
        (str(name), "" if each is True else str(each))
        for name, value in given.items()
        for each in (value if isinstance(value, list) else [value])
    )


def _authorize(path: str, pairs: Pairs, headers: dict[str, str], invocation: Invocation) -> None:
    """Let a link that has not ended look, a signed call, or whom CAM has let through."""
    try:
        settings = invocation.settings
        if settings.status_secret and SIGNATURE in dict(pairs):
            if not _is_good(path, pairs, settings):
                raise _ended()
        else:
            asked, secrets = query_text(pairs).encode(), (settings.status_secret,)
            signed_at(headers, asked, settings.status_auth, secrets, "STATUS")
    except InvalidSetting as error:
        invocation.fail(error)
        raise _ended() from None


def _ended() -> NotServed:
    error = unauthorized()
    remedy = "The link has ended or is not whole: make a new one with `instance-refresh link`."
    return NotServed(error.code, error.status, str(error), remedy)


def _is_good(path: str, pairs: Pairs, settings: Settings) -> bool:
    """Say whether a link is signed and has not ended."""
    signed = tuple(pair for pair in pairs if pair[0] != SIGNATURE)
    given = [value for name, value in pairs if name == SIGNATURE]
    ends = [value for name, value in pairs if name == EXPIRES]
    expected = signature_of(path, signed, settings.status_secret).encode()
    equal = [hmac.compare_digest(expected, each.encode(errors="replace")) for each in given]
    if equal != [True] or len(ends) != 1 or not _SECONDS.fullmatch(ends[0]):
        return False
    return int(ends[0]) > clock.now().timestamp()


def query(pairs: Pairs) -> Query:
    """Read what is asked for, of the region "" where none is named.

    An InvalidInput names what is wrong, and the fields that there are.
    """
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in (EXPIRES, SIGNATURE):
            fields.setdefault(name, []).append(value)
    known = schema("status_query")["properties"]
    wrong = [
        Problem(f"/{token(name)}", f"is not a known field: they are {', '.join(known)}")
        for name in fields
        if name not in known
    ]
    if not wrong:
        check("status_query", fields, "the query")
    tags = [tag.partition("=") for tag in fields.get("tag", [])]
    wrong += [Problem("/tag", "must be key=value") for key, sign, _ in tags if not (key and sign)]
    if wrong:
        raise InvalidInput("the query", wrong)
    return Query(
        region=fields.get("region", [""])[0],
        families=tuple(dict.fromkeys(fields.get("family", ()))),
        groups=tuple(dict.fromkeys(fields.get("group", ()))),
        tags=tuple((key, value) for key, _, value in tags),
    )
