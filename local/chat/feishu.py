"""Feishu and Lark: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot."""

from __future__ import annotations

import base64
import hmac
import json
import re
import time
from typing import TYPE_CHECKING, Any

from local.chat.bodies import document, text_of
from local.chat.robot import Limit, Refused, Shown
from local.http import Reply

if TYPE_CHECKING:
    from local.chat.robot import Robot
    from local.http import Request

PATH = "/open-apis/bot/v2/hook/{}"
LIMITS: tuple[Limit, ...] = (Limit(100, 60.0), Limit(5, 1.0))
THROTTLED = "11232"
_LARGEST = 20 * 1024  # bytes of the body
_HOUR = 3600.0
_AT = re.compile(r"<at [^>]*>")
_MESSAGES = {
    "9499": "Bad Request",
    "11232": "frequency limited",
    "19001": "param invalid: incoming webhook access token invalid",
    "19021": "sign match fail or timestamp is not within one hour from current time",
}


def check(robot: Robot, request: Request) -> Shown:
    """Check a message and its signature; it is shown to the chat, or refused."""
    if len(request.body) > _LARGEST:
        raise Refused("9499")
    body = document(request, "9499")
    if robot.secret:
        _check_signature(robot.secret, body)
    content = body.get("content")
    if body.get("msg_type") == "text":
        text = text_of(content, "text", "9499")
        return Shown(text, tuple(_AT.findall(text)), body)
    if body.get("msg_type") != "post":
        raise Refused("9499")
    return _post(content, body)


def _post(content: Any, body: dict[str, Any]) -> Shown:
    """Read a rich text: its lines are lists of elements, and only `at` elements call somebody."""
    try:
        (post,) = content["post"].values()
        lines = [[_element(element) for element in line] for line in post["content"]]
        title = str(post["title"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Refused("9499") from None
    mentions = [text for line in lines for tag, text in line if tag == "at"]
    # That a text element takes no tag is documented for none of them: call it a mention as well.
    mentions += [at for line in lines for _, text in line for at in _AT.findall(text)]
    shown = ["".join(text for _, text in line) for line in lines]
    return Shown("\n".join([title, *shown]), tuple(mentions), body)


def _element(element: dict[str, str]) -> tuple[str, str]:
    tag = element["tag"]
    if tag == "a":
        return tag, f"{element['text']} ({element['href']})"
    return tag, element["user_id"] if tag == "at" else element["text"]


def _check_signature(secret: str, body: dict[str, Any]) -> None:
    """Check the signature; stamps are real time, in seconds."""
    stamp, sign = str(body.get("timestamp", "")), str(body.get("sign", ""))
    digest = hmac.digest(f"{stamp}\n{secret}".encode(), b"", "sha256")
    fresh = stamp.isdecimal() and abs(time.time() - int(stamp)) <= _HOUR
    if not fresh or not hmac.compare_digest(base64.b64encode(digest), sign.encode()):
        raise Refused("19021")


def accepted() -> Reply:
    return _reply({"code": 0, "data": {}, "msg": "success", "StatusCode": 0})


def refused(error: Refused) -> Reply:
    """Answer as the platform does: with status 200, but 400 for what it can't read."""
    message = error.message or _MESSAGES[error.code]
    status = 400 if error.code == "9499" else 200
    return _reply({"code": int(error.code), "data": {}, "msg": message}, status)


def unknown() -> Reply:
    return refused(Refused("19001"))


def _reply(document: dict[str, Any], status: int = 200) -> Reply:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return Reply(status, json.dumps(document).encode(), headers)
