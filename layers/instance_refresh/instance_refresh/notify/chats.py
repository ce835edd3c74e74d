"""What each chat's robot takes: its message, its signature, and how it says no.

WeCom     https://developer.work.weixin.qq.com/document/path/91770
DingTalk  https://open.dingtalk.com/document/orgapp/custom-robot-access
Feishu    https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot (Lark: the same)
Slack     https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks

Of each platform's formats the plainest is used, where a name can't be markup.
"""

from __future__ import annotations

import base64
import hmac
import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from .text import blocks, fitted
from .words import HEADING, WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model.message import Message
    from .channels import Channel, Kind
    from .text import Line
    from .words import Language

_SECTION = 3000  # characters of the text of one of Slack's blocks
_APART = str.maketrans({"<": "＜", ">": "＞", "@": "＠"})


class Post(NamedTuple):
    """A request that is to be sent with POST."""

    url: str
    headers: dict[str, str]
    body: bytes


class _Chat(NamedTuple):
    """`room` is what fits, in bytes, and `each` what a line costs beside its text."""

    room: int
    each: int
    plain: Callable[[str], str]
    body: Callable[[list[Line]], dict[str, Any]]


def chat_post(
    channel: Channel, messages: tuple[Message, ...], language: Language, now: float
) -> Post:
    """Join messages into the one that a chat gets, signed as of now."""
    chat, words = _CHATS[channel.kind], WORDS[language]
    shown = fitted(blocks(messages, words, chat.plain), chat.room, chat.each, words)
    url, signature = _signed(channel, now)
    text = json.dumps({**signature, **chat.body(shown)}, ensure_ascii=False)
    return Post(url, {"Content-Type": "application/json; charset=utf-8"}, text.encode())


def _signed(channel: Channel, now: float) -> tuple[str, dict[str, str]]:
    """Give the URL and the fields that prove who sends; both platforms take an hour's stamp."""
    if channel.kind == "dingtalk" and channel.secret:
        stamp = str(round(now * 1000))
        sign = _hmac(channel.secret, f"{stamp}\n{channel.secret}")
        mark = "&" if "?" in channel.url else "?"
        return f"{channel.url}{mark}timestamp={stamp}&sign={quote(sign, safe='')}", {}
    if channel.kind in ("feishu", "lark") and channel.secret:
        stamp = str(int(now))
        return channel.url, {"timestamp": stamp, "sign": _hmac(f"{stamp}\n{channel.secret}", "")}
    return channel.url, {}


def _hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), "sha256")).decode()


def _apart(text: str) -> str:
    """Write what mentions somebody or is a tag in letters that only look alike.

    WeCom knows `<@userid>` in a text, DingTalk `@` and a telephone number, Feishu `<at …>`, and
    none of them documents a way to write these as they are.
    """
    return text.translate(_APART)


def _escaped(text: str) -> str:
    """Escape what Slack asks to be escaped, in each of its texts."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _text(lines: list[Line]) -> dict[str, Any]:
    told = (f"{line.text}: {line.link}" if line.link else line.text for line in lines)
    return {"msgtype": "text", "text": {"content": "\n".join([HEADING, *told])}}


def _dingtalk(lines: list[Line]) -> dict[str, Any]:
    return {**_text(lines), "at": {"isAtAll": False, "atMobiles": [], "atUserIds": []}}


def _feishu(lines: list[Line]) -> dict[str, Any]:
    content = [
        [{"tag": "a", "text": line.text, "href": line.link}]
        if line.link
        else [{"tag": "text", "text": line.text}]
        for line in lines
    ]
    post = {"title": HEADING, "content": content}
    return {"msg_type": "post", "content": {"post": {"zh_cn": post}}}


def _slack(lines: list[Line]) -> dict[str, Any]:
    sections: list[dict[str, Any]] = []
    told = HEADING
    for line in lines:
        if line.link:
            sections += [_plain_section(told)] if told else []
            link = f"<{_escaped(line.link)}|{line.text}>"
            sections.append({"type": "section", "text": {"type": "mrkdwn", "text": link}})
            told = ""
        elif len(told) + len(line.text) < _SECTION:
            told = f"{told}\n{line.text}" if told else line.text
        else:
            sections.append(_plain_section(told))
            told = line.text
    sections += [_plain_section(told)] if told else []
    # `text` is what a notification shows.
    return {"text": f"{HEADING} · {lines[0].text}", "mrkdwn": False, "blocks": sections}


def _plain_section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "plain_text", "text": text, "emoji": False}}


# WeCom: 2048 bytes of text. DingTalk and Feishu: 20,000 bytes of body. Slack: 40,000 characters in
# all, but blocks of more than about 13,000 are refused (github.com/slackapi/bolt-js/issues/2509).
_CHATS: dict[Kind, _Chat] = {
    "wecom": _Chat(2048, 0, _apart, _text),
    "dingtalk": _Chat(19_500, 0, _apart, _dingtalk),
    "feishu": _Chat(19_500, 32, _apart, _feishu),
    "lark": _Chat(19_500, 32, _apart, _feishu),
    "slack": _Chat(12_000, 0, _escaped, _slack),
}
