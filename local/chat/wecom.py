"""WeCom: https://developer.work.weixin.qq.com/document/path/91770."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from local.chat.bodies import document, text_of
from local.chat.robot import Limit, Refused, Shown
from local.http import Reply

if TYPE_CHECKING:
    from local.chat.robot import Robot
    from local.http import Request

PATH = "/cgi-bin/webhook/send?key={}"
LIMITS: tuple[Limit, ...] = (Limit(20, 60.0),)
THROTTLED = "45009"
_LARGEST = {"text": 2048, "markdown": 4096}
_MENTION = re.compile(r"<@([^>]+)>")
_MESSAGES = {
    "93000": "invalid webhook url",
    "45009": "api freq out of limit",
    "40008": "invalid message type",
    "44004": "empty content",
    "40058": "invalid Request Parameter",
}


def check(_: Robot, request: Request) -> Shown:
    """Check a message; it is shown to the chat, or refused."""
    body = document(request, "40058")
    kind = body.get("msgtype")
    if kind not in _LARGEST:
        raise Refused("40008")
    part: Any = body.get(kind)
    text = text_of(part, "content", "44004")
    if len(text.encode()) > _LARGEST[kind]:
        raise Refused("40058", f"{kind}.content exceed max length {_LARGEST[kind]}")
    return Shown(text, tuple(_mentions(text, part)), body)


def _mentions(text: str, part: dict[str, Any]) -> list[str]:
    listed = [*part.get("mentioned_list", []), *part.get("mentioned_mobile_list", [])]
    return [*_MENTION.findall(text), *listed]


def accepted() -> Reply:
    return _reply(0, "ok")


def refused(error: Refused) -> Reply:
    """Answer as the platform does: with status 200."""
    message = error.message or _MESSAGES[error.code]
    return _reply(int(error.code), f"{message}, hint: [0], from ip: 127.0.0.1")


def unknown() -> Reply:
    return refused(Refused("93000"))


def _reply(code: int, message: str) -> Reply:
    body = json.dumps({"errcode": code, "errmsg": message})
    return Reply(200, body.encode(), {"Content-Type": "application/json; charset=UTF-8"})
