"""Objects over HTTP: PUT, GET and HEAD."""

from __future__ import annotations

import re
import uuid
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

from local.calls import Call
from local.cos import signature, target
from local.cos.errors import CosRefused, xml
from local.cos.target import Target
from local.http import Reply, Request
from local.refused import Refused

if TYPE_CHECKING:
    from local.account import Account
    from local.cos.models import Object

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
ACTIONS = {"PUT": "PutObject", "GET": "GetObject", "HEAD": "HeadObject"}
ERRORS = {
    "throttle": ("SlowDown", "Please reduce your request rate."),
    "internal_error": ("InternalError", "We encountered an internal error."),
    "error_without_request_id": ("InternalError", "We encountered an internal error."),
    "expired_token": ("ExpiredToken", "The security token has expired."),
    "denied": ("AccessDenied", "Access Denied."),
}

HTTP_STATUS = {"http_500": 500, "http_502": 502}


class CosActions:
    """Answers requests for objects."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def action(self, request: Request) -> str:
        """Name the action that a request asks for."""
        return ACTIONS.get(request.method, request.method)

    def answer(self, request: Request) -> Reply:
        """Carry a request out; who subscribes is told after the account's lock is free again."""
        stored = None
        with self._account.lock:
            self._account.settle()
            code = ""
            try:
                at = self._allowed(request)
                if request.method == "PUT":
                    stored = self._account.cos.store(
                        at.bucket, at.key, request.body, request.headers
                    )
                    reply = Reply(200, b"", {"ETag": stored.etag})
                else:
                    reply = _read(request, self._account.cos.find(at.bucket, at.key))
            except CosRefused as error:
                code = error.code
                reply = _error(request, error)
            call = self._record(request, code)
        if stored is not None:
            self._account.cos.tell(stored, request.headers, request.client)
        self._account.called(call)
        return _numbered(reply)

    def refuse(self, request: Request, kind: str) -> Reply:
        """Answer with a fault's error, without any effect."""
        code, message = ERRORS.get(kind, ("InternalError", "We encountered an internal error."))
        with self._account.lock:
            self._record(request, code if kind in ERRORS else kind)
        reply = _error(request, CosRefused(code, message))
        if kind in HTTP_STATUS:
            return Reply(HTTP_STATUS[kind], b"", reply.headers)
        return reply if kind == "error_without_request_id" else _numbered(reply)

    def _allowed(self, request: Request) -> Target:
        """Give the object that a request names, if who signed it may do this to it."""
        buckets = self._account.cos.buckets
        at = target.of(request, buckets)
        if request.method not in ACTIONS or not at.key or _asks_for_more(request):
            raise CosRefused("MethodNotAllowed", "The method is not allowed on this resource.")
        secret_id = signature.authenticate(request, at.key, self._account.keys)
        if not self._account.keys.allows(secret_id, self.action(request)):
            raise CosRefused("AccessDenied", "Access Denied.")
        self._authorize(secret_id, f"cos:{self.action(request)}", at)
        if buckets.get(at.bucket) != at.region:
            raise CosRefused("NoSuchBucket", "The specified bucket does not exist.")
        return at

    def _authorize(self, secret_id: str, action: str, at: Target) -> None:
        try:
            asked = {"Bucket": at.bucket, "Key": at.key}
            self._account.access.authorize(secret_id, action, at.region, asked)
        except Refused:
            raise CosRefused("AccessDenied", "Access Denied.") from None

    def _record(self, request: Request, code: str) -> Call:
        try:
            at = target.of(request, self._account.cos.buckets)
        except CosRefused:
            at = Target("", "", unquote(request.path))
        params = {"Bucket": at.bucket, "Key": at.key}
        secret_id = signature.fields_of(request).get("q-ak", "")
        call = Call("cos", self.action(request), at.region, params, code, secret_id)
        self._account.calls.append(call)
        return call


def _asks_for_more(request: Request) -> bool:
    """Tell whether it is no plain put or get, but a copy, a part or an access list."""
    names = (part.partition("=")[0] for part in request.query.split("&") if part)
    return "x-cos-copy-source" in request.headers or not all(
        name.startswith(("q-", "x-cos-security-token")) for name in names
    )


def _read(request: Request, item: Object) -> Reply:
    headers = {
        "Content-Type": item.content_type,
        "ETag": item.etag,
        "Last-Modified": format_datetime(item.last_modified, usegmt=True),
        "Accept-Ranges": "bytes",
        **item.metadata,
    }
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if asked is None:
        return Reply(200, item.body, headers)
    first, last = int(asked[1]), min(int(asked[2] or len(item.body)), len(item.body) - 1)
    if first > last:
        raise CosRefused("InvalidRange", "The requested range cannot be satisfied.")
    headers["Content-Range"] = f"bytes {first}-{last}/{len(item.body)}"
    return Reply(206, item.body[first : last + 1], headers)


def _error(request: Request, error: CosRefused) -> Reply:
    resource = f"{request.headers.get('host', '')}{request.path}"
    body = xml(error.code, error.message, resource, uuid.uuid4().hex)
    return Reply(error.status, body, {"Content-Type": "application/xml"})


def _numbered(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body, {**reply.headers, "x-cos-request-id": uuid.uuid4().hex})
