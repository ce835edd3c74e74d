"""The channels of the setting NOTIFY: robots of chats, and endpoints for CloudEvents."""

from __future__ import annotations

import base64
import re
from typing import Literal, NamedTuple, get_args
from urllib.parse import urlsplit

Kind = Literal["wecom", "dingtalk", "feishu", "lark", "slack", "cloudevents"]
# Where each chat's robots are; another host, such as a company's own, needs its kind before it.
_ROBOTS: dict[str, Kind] = {
    "qyapi.weixin.qq.com/cgi-bin/webhook/send": "wecom",
    "oapi.dingtalk.com/robot/send": "dingtalk",
    "open.feishu.cn/open-apis/bot/v2/hook/": "feishu",
    "open.larksuite.com/open-apis/bot/v2/hook/": "lark",
    "hooks.slack.com/services/": "slack",
}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LEAST_SECRET = 24  # bytes, as Standard Webhooks asks for


class Channel(NamedTuple):
    """Where messages go; `number` is its place in the setting, as its URL is never shown."""

    number: int
    kind: Kind
    url: str
    secret: str

    def __repr__(self) -> str:
        """Name it without its URL and secret: who has them can write to the chat."""
        return f"channel {self.number} ({self.kind})"


def channels(text: str) -> tuple[Channel, ...]:
    """Read URLs with commas or line breaks between them; a ValueError names the one that is wrong.

    A robot's URL is what its platform shows; a secret for signing follows it after a `#`, which
    HTTP never sends. `cloudevents+https://…#whsec_…` is an endpoint of anybody's.
    """
    urls = [part.strip() for part in re.split(r"[,\r\n]", text) if part.strip()]
    return tuple(_channel(number, url) for number, url in enumerate(urls, 1))


def _channel(number: int, text: str) -> Channel:
    try:
        url, _, secret = text.partition("#")
        kind, url = _kind(url)
        _check_secret(kind, secret)
    except ValueError as error:
        message = f"must be URLs with commas between them, and channel {number} {error}"
        raise ValueError(message) from None
    return Channel(number, kind, url, secret)


def _kind(text: str) -> tuple[Kind, str]:
    """Tell what a URL leads to, and give it without what says so."""
    named, url = _split(text)
    try:
        parts = urlsplit(url)
        host, here, _ = parts.hostname or "", f"{parts.netloc.lower()}{parts.path}", parts.port
    except ValueError:
        host = ""
    if not host or not re.fullmatch(r"[!-~]+", url) or "@" in parts.netloc:
        raise ValueError("is no URL")
    if parts.scheme != "https" and not (parts.scheme == "http" and named and host in _LOOPBACK):
        raise ValueError("is not https")
    known = named or next((kind for robot, kind in _ROBOTS.items() if here.startswith(robot)), None)
    if known is None:
        kinds = ", ".join(get_args(Kind))
        message = f"is of no known kind: write the kind before it, such as slack+https ({kinds})"
        raise ValueError(message)
    return known, url


def _split(text: str) -> tuple[Kind | None, str]:
    kinds: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
    kind, plus, url = text.partition("+")
    return (kinds[kind], url) if plus and kind in kinds else (None, text)


def _check_secret(kind: Kind, secret: str) -> None:
    if kind in ("wecom", "slack") and secret:
        raise ValueError("takes no secret: its URL is one")
    if kind == "dingtalk" and secret and not secret.startswith("SEC"):
        raise ValueError("has a secret that doesn't begin with SEC")
    if kind == "cloudevents":
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            key = b""
        if len(key) < _LEAST_SECRET:
            message = f"needs #whsec_ and the base64 of at least {_LEAST_SECRET} random bytes"
            raise ValueError(message)
