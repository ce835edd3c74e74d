"""DingTalk: https://open.dingtalk.com/document/orgapp/custom-robot-access."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from local.chat.bodies import document, text_of
from local.chat.robot import Limit, Refused, Shown
from local.http import Reply

if TYPE_CHECKING:
    from local.chat.robot import Robot
    from local.http import Request

PATH = "/robot/send?access_token={}"
LIMITS: tuple[Limit, ...] = (Limit(20, 60.0, blocked=600.0),)
THROTTLED = "130101"
_LARGEST = 20_000  # bytes of the body
_HOUR = 3600.0
_FIELDS = {"text": "content", "markdown": "text"}
_MESSAGES = {
    "130101": "send too fast, exceed 20 times per minute",
    "300005": "token is not exist",
    "400105": "unsupported message type",
    "40035": "invalid parameter",
    "460101": "message too long, exceed 20000 bytes",
}


def check(robot: Robot, request: Request) -> Shown:
    """Check a message and its signature; it is shown to the chat, or refused."""
    if robot.secret:
        _check_signature(robot.secret, parse_qs(request.query))
    if len(request.body) > _LARGEST:
        raise Refused("460101")
    body = document(request, "40035")
    kind = body.get("msgtype")
    if kind not in _FIELDS:
        raise Refused("400105")
    part = body.get(kind)
    if kind == "markdown":
        text_of(part, "title", "40035")
    text = text_of(part, _FIELDS[kind], "40035")
    return Shown(text, tuple(_mentions(text, body.get("at") or {})), body)


def _check_signature(secret: str, query: dict[str, list[str]]) -> None:
    """Check the signature; stamps are real time, in milliseconds."""
    stamp, sign = (query.get(name, [""])[0] for name in ("timestamp", "sign"))
    if not stamp.isdecimal() or abs(time.time() - int(stamp) / 1000) > _HOUR:
        raise Refused("310000", "invalid timestamp")
    digest = hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), "sha256")
    if not hmac.compare_digest(base64.b64encode(digest), sign.encode()):
        raise Refused("310000", "sign not match")


def _mentions(text: str, at: dict[str, Any]) -> list[str]:
    """Tell whom it calls: all, or those who are listed and whose number is in the text too."""
    listed = [*at.get("atMobiles", []), *at.get("atUserIds", [])]
    return (["all"] if at.get("isAtAll") else []) + [who for who in listed if f"@{who}" in text]


def accepted() -> Reply:
    return _reply(0, "ok")


def refused(error: Refused) -> Reply:
    """Answer as the platform does: with status 200."""
    return _reply(int(error.code), error.message or _MESSAGES[error.code])


def unknown() -> Reply:
    return refused(Refused("300005"))


def _reply(code: int, message: str) -> Reply:
    body = json.dumps({"errcode": code, "errmsg": message})
    return Reply(200, body.encode(), {"Content-Type": "application/json"})
