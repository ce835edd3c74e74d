"""Slack: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from local.chat.bodies import document
from local.chat.robot import Limit, Refused, Shown
from local.http import Reply

if TYPE_CHECKING:
    from local.chat.robot import Robot
    from local.http import Request

PATH = "/services/T00000000/B00000000/{}"
LIMITS: tuple[Limit, ...] = (Limit(1, 1.0),)
THROTTLED = "rate_limited"
_MOST_BLOCKS, _LONGEST = 50, 3000
# github.com/slackapi/bolt-js/issues/2509: more than that in all blocks is refused.
_LONGEST_BLOCKS = 13_000
_CONTROL = re.compile(r"<([!@#][^>]*|https?:[^>]*)>")
_STATUS = {"no_service": 404, "rate_limited": 429}


def check(_: Robot, request: Request) -> Shown:
    """Check a message; it is shown to the chat, or refused."""
    body = document(request, "invalid_payload")
    text, blocks = body.get("text", ""), body.get("blocks", [])
    if not isinstance(text, str) or not isinstance(blocks, list):
        raise Refused("invalid_payload")
    if not text and not blocks:
        raise Refused("no_text")
    objects = [_text_object(block) for block in blocks]
    if len(blocks) > _MOST_BLOCKS or sum(len(o["text"]) for o in objects) > _LONGEST_BLOCKS:
        raise Refused("invalid_blocks")
    parsed = [text, *(o["text"] for o in objects if o["type"] == "mrkdwn")]
    mentions = [found for part in parsed for found in _CONTROL.findall(part) if found[0] in "!@"]
    shown = "\n".join(_read(o) for o in objects) or _unescaped(text)
    return Shown(shown, tuple(mentions), body)


def _text_object(block: Any) -> dict[str, str]:
    try:
        found = block["text"]
        known = block["type"] == "section" and found["type"] in ("plain_text", "mrkdwn")
        fits = 0 < len(found["text"]) <= _LONGEST
    except (KeyError, TypeError):
        raise Refused("invalid_blocks") from None
    if not known or not fits or (found["type"] == "mrkdwn" and "emoji" in found):
        raise Refused("invalid_blocks")
    return {"type": found["type"], "text": found["text"]}


def _read(found: dict[str, str]) -> str:
    """Give what a reader sees: a link's text and address, and `&lt;` as what it stands for."""
    text = found["text"]
    if found["type"] == "mrkdwn":
        text = _CONTROL.sub(lambda link: " ".join(reversed(link[1].split("|", 1))), text)
    return _unescaped(text)


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def accepted() -> Reply:
    return Reply(200, b"ok", {"Content-Type": "text/html"})


def refused(error: Refused) -> Reply:
    """Answer as the platform does: with a status, and one word."""
    headers = {"Content-Type": "text/html"}
    if error.code == THROTTLED:
        headers["Retry-After"] = "1"
    return Reply(_STATUS.get(error.code, 400), error.code.encode(), headers)


def unknown() -> Reply:
    return refused(Refused("no_service"))
