"""What all chats expect of a request's body."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.chat.robot import Refused

if TYPE_CHECKING:
    from local.http import Request


def document(request: Request, code: str) -> dict[str, Any]:
    """Read a JSON object sent with POST, or refuse with a code."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if request.method != "POST" or media_type != "application/json" or not isinstance(body, dict):
        raise Refused(code)
    return body


def text_of(part: Any, name: str, code: str) -> str:
    """Give a part's text, which may not be empty."""
    text = part.get(name) if isinstance(part, dict) else None
    if not isinstance(text, str) or not text:
        raise Refused(code)
    return text
