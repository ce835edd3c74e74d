"""COS's request signature (q-sign, HMAC-SHA1), recomputed from the request over the wire.

What is signed: https://cloud.tencent.com/document/product/436/7778
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote

from local.cos.errors import CosRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.credentials import Credentials, KeyRing
    from local.http import Request

_FIELDS = {
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
}


def fields_of(request: Request) -> dict[str, str]:
    """Read the signature's fields from the Authorization header, or from the query."""
    text = request.headers.get("authorization") or request.query
    pairs = (part.partition("=") for part in text.split("&"))
    return {name: unquote(value) for name, _, value in pairs if name in _FIELDS}


def authenticate(request: Request, key: str, keys: KeyRing) -> str:
    """Verify who signed a request for an object and give the key's id; times are real ones.

    The vendor's SDK signs the object's own path and a host without its port, whatever the URL is.
    """
    fields = fields_of(request)
    if not fields:
        raise CosRefused("AccessDenied", "Access Denied.")
    if set(fields) != _FIELDS or fields["q-sign-algorithm"] != "sha1":
        raise CosRefused("InvalidArgument", "The signature's fields are not complete.")
    credentials = keys.find(fields["q-ak"])
    token = request.headers.get("x-cos-security-token") or _query(request).get(
        "x-cos-security-token"
    )
    if credentials is None or (credentials.token and not token):
        raise CosRefused("InvalidAccessKeyId", "The access key id does not exist.")
    if token != credentials.token:
        raise CosRefused("AccessDenied", "The security token does not belong to the key.")
    _check_time(fields["q-sign-time"])
    _check_time(fields["q-key-time"])
    host = request.headers.get("host", "")
    signed = fields["q-signature"].encode()
    if not any(
        hmac.compare_digest(sign(request, path, name, fields, credentials).encode(), signed)
        for path in {unquote(request.path), f"/{key}"}
        for name in {host, host.partition(":")[0]}
    ):
        raise CosRefused("SignatureDoesNotMatch", "The signature does not match.")
    return credentials.secret_id


def _check_time(window: str) -> None:
    first, _, last = window.partition(";")
    if not (first.isdecimal() and last.isdecimal()):
        raise CosRefused("InvalidArgument", "The signature's time is malformed.")
    if time.time() < int(first):
        raise CosRefused("RequestTimeTooSkewed", "The signature is not valid yet.")
    if time.time() > int(last):
        raise CosRefused("AccessDenied", "Request has expired.")


def sign(
    request: Request, path: str, host: str, fields: Mapping[str, str], credentials: Credentials
) -> str:
    """Compute the signature that the request should have."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    text = "\n".join(
        [
            request.method.lower(),
            path,
            _listed(_query(request), fields["q-url-param-list"]),
            _listed({**headers, "host": host}, fields["q-header-list"]),
            "",
        ]
    )
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    to_sign = f"sha1\n{fields['q-sign-time']}\n{digest}\n"
    key = _hmac(credentials.secret_key, fields["q-key-time"])
    return _hmac(key, to_sign)


def _query(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in parse_qsl(request.query, keep_blank_values=True)}


def _listed(values: Mapping[str, str], names: str) -> str:
    listed = sorted(name for name in names.split(";") if name)
    quoted = ((name, quote(values.get(unquote(name), ""), safe="-_.~")) for name in listed)
    return "&".join(f"{name}={value}" for name, value in quoted)


def _hmac(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), "sha1").hexdigest()
