"""An endpoint for CloudEvents 1.0 (structured, JSON) that are signed with Standard Webhooks.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from local.chat.robot import Refused, Shown
from local.http import Reply

if TYPE_CHECKING:
    from local.chat.robot import Limit, Robot
    from local.http import Request

PATH = "/events/{}"
LIMITS: tuple[Limit, ...] = ()
THROTTLED = "429"
_LARGEST = 64 * 1024  # what every receiver must take; more may be refused
_REQUIRED = ("id", "source", "specversion", "type")
_ATTRIBUTE = re.compile(r"[a-z0-9]{1,20}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def check(robot: Robot, request: Request) -> Shown:
    """Check an event and its signature; it is kept, or refused."""
    headers = {name: request.headers.get(name, "") for name in _HEADERS}
    try:
        Webhook(robot.secret).verify(request.body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):
        raise Refused("401", "the signature does not match") from None
    if len(request.body) > _LARGEST:
        raise Refused("413", "the event is larger than 64 KB")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if request.method != "POST" or media_type != "application/cloudevents+json":
        raise Refused("415", "no event in the structured JSON mode")
    try:
        event = json.loads(request.body)
    except ValueError:
        raise Refused("400", "no JSON") from None
    _check_attributes(event)
    return Shown(json.dumps(event["data"], ensure_ascii=False), (), event, headers)


def _check_attributes(event: Any) -> None:
    if not isinstance(event, dict) or event.get("specversion") != "1.0" or "data" not in event:
        raise Refused("400", "no event of CloudEvents 1.0")
    attributes = {name: value for name, value in event.items() if name != "data"}
    wrong = [name for name in _REQUIRED if not attributes.get(name)]
    wrong += [name for name, value in attributes.items() if not _valid(name, value)]
    if wrong:
        raise Refused("400", f"wrong attributes: {', '.join(wrong)}")


def _valid(name: str, value: Any) -> bool:
    """Tell whether it is an attribute: a name in small letters, and a text that is not empty."""
    if not _ATTRIBUTE.fullmatch(name) or not isinstance(value, str) or not value:
        return False
    if name == "time":
        try:
            return datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is not None
        except ValueError:
            return False
    return not _CONTROL.search(value)


def accepted() -> Reply:
    return Reply(204)


def refused(error: Refused) -> Reply:
    return Reply(int(error.code), error.message.encode(), {"Content-Type": "text/plain"})


def unknown() -> Reply:
    return refused(Refused("404", "not found"))
