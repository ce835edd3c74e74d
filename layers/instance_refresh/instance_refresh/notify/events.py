"""CloudEvents 1.0 in the structured JSON mode, signed with Standard Webhooks.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from standardwebhooks.webhooks import Webhook

from .chats import Post
from .text import clean, safe_link

if TYPE_CHECKING:
    from ..model.message import Message
    from .channels import Channel

_MOST_LINES, _MOST_GROUPS = 50, 200
_LARGEST = 20_000  # bytes; Standard Webhooks recommends less than 20 KB
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


def event_post(channel: Channel, message: Message, now: float) -> Post:
    """Give a message as an event, its attempt signed as of now."""
    # Standard Webhooks signs `id.timestamp.body`: an id with a dot could be read in two ways.
    safe = _ID.fullmatch(message.id)
    identifier = message.id if safe else sha256(message.id.encode("utf-8", "replace")).hexdigest()
    body = _body(message, identifier)
    at = datetime.fromtimestamp(int(now), timezone.utc)
    headers = {
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "webhook-id": identifier,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": Webhook(channel.secret).sign(identifier, at, body),
    }
    return Post(channel.url, headers, body.encode())


def _body(message: Message, identifier: str) -> str:
    """Write the event; where it is too large, groups are left out, then lines."""
    lines = [clean(line) for line in message.lines[:_MOST_LINES]]
    groups = [clean(group) for group in message.groups[:_MOST_GROUPS]]
    while True:
        text = json.dumps(_event(message, identifier, lines, groups), ensure_ascii=False)
        if len(text.encode()) <= _LARGEST:
            return text
        larger = groups or lines
        del larger[len(larger) // 2 :]


def _event(
    message: Message, identifier: str, lines: list[str], groups: list[str]
) -> dict[str, Any]:
    family, region, code = clean(message.family), clean(message.region), clean(message.code)
    at = message.at.astimezone(timezone.utc)
    return {
        "specversion": "1.0",
        "id": identifier,
        "source": f"/instance-refresh/{quote(region, safe='')}",
        "type": f"instance-refresh.{code or message.level.lower()}",
        "time": at.isoformat().replace("+00:00", "Z"),
        **({"subject": family} if family else {}),
        "datacontenttype": "application/json",
        "data": {
            "Level": message.level,
            "Title": clean(message.title),
            "Lines": lines,
            "Link": safe_link(message),
            "ImageFamily": family,
            "Region": region,
            "Code": code,
            "AutoScalingGroups": groups,
            "AutoScalingGroupCount": len(message.groups),
        },
    }
