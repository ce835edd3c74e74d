"""Calls of the webhook and of the status, signed as they want them (Standard Webhooks)."""

from __future__ import annotations

import base64
import secrets
import uuid
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode

from standardwebhooks.webhooks import Webhook


def new_secret() -> str:
    """Make a secret for one run."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, body: str, now: datetime | None = None) -> dict[str, str]:
    """Give the headers that prove a body for five minutes, from `now` or the real time on."""
    now, identifier = now or datetime.now(timezone.utc), f"msg_{uuid.uuid4().hex}"
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(identifier, now, body),
    }


def is_unsigned_call(event: Any) -> bool:
    """Tell whether an event is an HTTP request with a body of text that nobody has signed."""
    if not isinstance(event, dict) or not isinstance(event.get("headers"), dict):
        return False
    names = {name.lower() for name in event["headers"]}
    return "webhook-signature" not in names and _text(event) is not None


def signed(event: dict[str, Any], secret: str) -> dict[str, Any]:
    """Give an unsigned call with the headers that prove its body, or a look's query."""
    query = urlencode(sorted((event.get("queryString") or {}).items()))
    text = query if event.get("httpMethod") == "GET" else _text(event) or ""
    return {**event, "headers": event["headers"] | signature(secret, text)}


def _text(event: dict[str, Any]) -> str | None:
    body = event.get("body")
    if not isinstance(body, str) or not event.get("isBase64Encoded"):
        return body if isinstance(body, str) else None
    try:
        return base64.b64decode(body, validate=True).decode()
    except ValueError:
        return None
