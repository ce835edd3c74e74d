"""TC3-HMAC-SHA256, recomputed from the request as it came over the wire."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from local.refused import Refused

if TYPE_CHECKING:
    from local.credentials import Credentials, KeyRing
    from local.http import Request

ALGORITHM = "TC3-HMAC-SHA256"
SKEW_SECONDS = 300
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} +Credential=(?P<id>[^/,]+)/(?P<date>\d{{4}}-\d\d-\d\d)/(?P<service>[a-z0-9]+)"
    r"/tc3_request *, *SignedHeaders=(?P<headers>[a-z0-9;-]+)"
    r" *, *Signature=(?P<signature>[0-9a-f]+)"
)


@dataclass(frozen=True)
class Scope:
    """What an Authorization header says of itself; not yet verified."""

    secret_id: str
    date: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


def scope_of(request: Request) -> Scope | None:
    """Read the Authorization header, if it is one of this algorithm."""
    match = _AUTHORIZATION.fullmatch(request.headers.get("authorization", "").strip())
    if match is None:
        return None
    signed = tuple(match["headers"].split(";"))
    return Scope(match["id"], match["date"], match["service"], signed, match["signature"])


def authenticate(request: Request, keys: KeyRing) -> Scope:
    """Verify who signed a request, and when; times are compared with the real time."""
    scope = scope_of(request)
    if scope is None or not {"content-type", "host"} <= set(scope.signed_headers):
        raise Refused("AuthFailure.SignatureFailure", "The Authorization header is malformed.")
    timestamp = check_time(request.headers.get("x-tc-timestamp"), "X-TC-Timestamp", SKEW_SECONDS)
    credentials = keys.find(scope.secret_id)
    if credentials is None:
        raise Refused("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
    token = request.headers.get("x-tc-token") or None
    if token != credentials.token:
        raise Refused("AuthFailure.TokenFailure", "The token does not belong to the SecretId.")
    date = datetime.fromtimestamp(timestamp, timezone.utc).strftime("%Y-%m-%d")
    expected = sign(request, scope, credentials, timestamp)
    if date != scope.date or not hmac.compare_digest(expected, scope.signature):
        raise Refused("AuthFailure.SignatureFailure", "The signature does not match.")
    return scope


def check_time(value: str | None, name: str, skew: int) -> int:
    """Read when a call was signed; it may be off by some seconds."""
    if value is None:
        raise Refused("MissingParameter", f"The parameter `{name}` is missing.")
    if not re.fullmatch(r"\d{1,12}", value):
        raise Refused("InvalidParameter", f"`{name}` is no UNIX timestamp.")
    if abs(time.time() - int(value)) > skew:
        message = f"{name} is off by over {skew // 60} minutes."
        raise Refused("AuthFailure.SignatureExpire", message)
    return int(value)


def sign(request: Request, scope: Scope, credentials: Credentials, timestamp: int) -> str:
    """Compute the signature that the request should have."""
    body = request.body
    if request.headers.get("x-tc-content-sha256") == "UNSIGNED-PAYLOAD":
        body = b"UNSIGNED-PAYLOAD"
    headers = "".join(
        f"{name}:{request.headers.get(name, '').strip()}\n" for name in scope.signed_headers
    )
    canonical = "\n".join(
        [
            request.method,
            "/",
            request.query,
            headers,
            ";".join(scope.signed_headers),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    day = f"{scope.date}/{scope.service}/tc3_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{timestamp}\n{day}\n{digest}"
    key = f"TC3{credentials.secret_key}".encode()
    for part in (scope.date, scope.service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()
