"""Signatures of version 1, an HMAC over the parameters: what the vendor's npm tools make.

The parameters are a form, and hold what version 3 has in headers.
https://cloud.tencent.com/document/api/213/15692
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from local.refused import Refused
from local.signature import SKEW_SECONDS, Scope, check_time

if TYPE_CHECKING:
    from local.credentials import KeyRing
    from local.http import Request

FORM = "application/x-www-form-urlencoded"
# Such a call names no product but by its host; here all are at one, and their versions differ.
SERVICES = {
    "2018-04-19": "as",
    "2017-03-12": "cvm",
    "2018-04-16": "scf",
    "2019-01-16": "cam",
}
COMMON = frozenset(
    {"Action", "Version", "Region", "Timestamp", "Nonce", "SecretId", "Token", "Signature"}
) | {"SignatureMethod", "RequestClient"}
HEADERS = {"Action": "X-TC-Action", "Version": "X-TC-Version", "Region": "X-TC-Region"}


def is_signed(request: Request) -> bool:
    """Tell whether a request is signed so."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    alone = "authorization" not in request.headers
    return alone and kind == FORM and b"Signature=" in request.body


def with_headers(request: Request) -> Request:
    """Give the request with the headers of version 3, as the rest of the API reads them."""
    if not is_signed(request) or "x-tc-action" in request.headers:
        return request
    sent = _sent(request)
    added = {header.lower(): sent[name] for name, header in HEADERS.items() if name in sent}
    headers = {name.lower(): value for name, value in request.headers.items()}
    return replace(request, headers={**headers, **added})


def scope_of(request: Request) -> Scope | None:
    """Read who signed; not yet verified."""
    if not is_signed(request):
        return None
    sent = _sent(request)
    service = SERVICES.get(sent.get("Version", ""), "")
    return Scope(sent.get("SecretId", ""), "", service, (), sent["Signature"])


def authenticate(request: Request, keys: KeyRing) -> Scope:
    """Verify who signed a request, and when."""
    scope, sent = scope_of(request), _sent(request)
    if scope is None:
        raise Refused("AuthFailure.SignatureFailure", "The call is not signed.")
    check_time(sent.get("Timestamp"), "Timestamp", SKEW_SECONDS)
    credentials = keys.find(scope.secret_id)
    if credentials is None:
        raise Refused("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
    if (sent.get("Token") or None) != credentials.token:
        raise Refused("AuthFailure.TokenFailure", "The token does not belong to the SecretId.")
    del sent["Signature"]
    host = request.headers.get("host", "")
    text = "&".join(f"{name}={value}" for name, value in sorted(sent.items()))
    method = "sha256" if sent.get("SignatureMethod") == "HmacSHA256" else "sha1"
    digest = hmac.digest(
        credentials.secret_key.encode(), f"{request.method}{host}/?{text}".encode(), method
    )
    if not hmac.compare_digest(base64.b64encode(digest).decode(), scope.signature):
        raise Refused("AuthFailure.SignatureFailure", "The signature does not match.")
    return scope


def _sent(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
