"""Send one request to a channel, and tell how it was answered."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING, NamedTuple

import requests
from urllib3.exceptions import HTTPError, NewConnectionError

if TYPE_CHECKING:
    from .channels import Channel, Kind
    from .chats import Post

# Its warning of headers that it can't read quotes the URL, and a robot's URL is a secret.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)

_CONNECT_TIMEOUT = 3.0
_MOST = 4096  # bytes of an answer
_MOST_CODE = 10**9
_OK, _REDIRECT, _REFUSED, _TOO_MANY, _SERVER_ERROR = 200, 300, 400, 429, 500
# What another try a moment later may mend: WeCom and DingTalk are busy, or Feishu is loaded.
# The limits a minute (WeCom 45009, DingTalk 130101 and 410100) outlast all tries.
_BUSY = {-1, 9499, 11232}
_TOO_OFTEN, _UNKNOWN = "it got too many messages", "there is no such robot"
_MEANING = {
    # WeCom
    40058: "the message is too long or malformed",
    45009: _TOO_OFTEN,
    93000: _UNKNOWN,
    # DingTalk
    130101: _TOO_OFTEN,
    300001: _UNKNOWN,
    300005: _UNKNOWN,
    310000: "its signature, keyword or address range refused the message",
    410100: _TOO_OFTEN,
    460101: "the message is too long",
    # Feishu and Lark
    11232: _TOO_OFTEN,
    19001: _UNKNOWN,
    19021: "its signature refused the message",
    19024: "its keyword refused the message",
}


class Answer(NamedTuple):
    """`problem` is "" where the message was taken; `again` says that another try may help.

    `wait` is for how many seconds the channel asked to be left alone.
    """

    problem: str = ""
    again: bool = False
    wait: float = 0.0


def sent(channel: Channel, post: Post, left: float) -> Answer:
    """Send a request; what is said of an answer never quotes more of it than a code."""
    try:
        status, body, retry_after = _exchange(post, left)
    except (requests.RequestException, HTTPError, OSError) as error:
        # A chat that has the message, but not said so, would show it twice; an event has an id.
        again = channel.kind == "cloudevents" or _never_connected(error)
        return Answer(f"could not be reached ({type(error).__name__})", again)
    wait = float(retry_after) if re.fullmatch(r"\d{1,4}", retry_after) else 0.0
    if _REDIRECT <= status < _REFUSED:
        return Answer(f"redirects (status {status}), which is not followed")
    code = _code(channel.kind, status, body)
    if code in ("", 0):
        return Answer()
    again = code in _BUSY or status == _TOO_MANY or status >= _SERVER_ERROR
    meaning = _MEANING.get(code) if isinstance(code, int) else None
    return Answer(f"refused it with {code}{f': {meaning}' if meaning else ''}", again, wait)


def _exchange(post: Post, left: float) -> tuple[int, bytes, str]:
    with requests.post(
        post.url,
        data=post.body,
        headers={**post.headers, "Accept-Encoding": "identity"},
        timeout=(min(_CONNECT_TIMEOUT, left), left),
        allow_redirects=False,
        stream=True,
    ) as answer:
        body = answer.raw.read(_MOST, decode_content=True)
        return answer.status_code, body, answer.headers.get("Retry-After", "")


def _never_connected(error: Exception) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(
        getattr(cause, "reason", None), NewConnectionError
    )


def _code(kind: Kind, status: int, body: bytes) -> int | str:
    """Give the code that a channel refuses a message with; 0 or "" where it has taken it."""
    text = body.decode("utf-8", "replace")
    if kind == "cloudevents":
        return "" if _OK <= status < _REDIRECT else f"status {status}"
    if kind == "slack":
        word = text.strip() if re.fullmatch(r"[a-z]+(_[a-z]+){1,5}", text.strip()) else ""
        return "" if status == _OK else f"status {status} {word}".strip()
    try:
        document = json.loads(text)
        if kind in ("feishu", "lark"):
            code = document.get("code", document.get("StatusCode"))
        else:
            code = document.get("errcode")
    except (ValueError, AttributeError, RecursionError):
        code = None
    known = isinstance(code, int) and abs(code) < _MOST_CODE
    return code if known else f"status {status} and no code"
