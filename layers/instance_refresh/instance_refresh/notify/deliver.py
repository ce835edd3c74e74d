"""Deliver messages to one channel, in at most a few tries and until a moment that is given."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from .chats import chat_post
from .events import event_post
from .post import sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..model.message import Message
    from .channels import Channel
    from .chats import Post
    from .words import Language

_TRIES = 3
_WAIT = 0.5  # seconds before the second try; twice as many before the third


def deliver(
    channel: Channel, messages: tuple[Message, ...], language: Language, until: float
) -> str:
    """Deliver them, and say what went wrong, or ""; `until` is on the monotonic clock.

    A chat gets one message, as all limit how many come in a minute; an endpoint one event each.
    """
    posts: list[Callable[[float], Post]] = [partial(chat_post, channel, messages, language)]
    if channel.kind == "cloudevents":
        posts = [partial(event_post, channel, message) for message in messages]
    failed = [problem for post in posts if (problem := _tried(channel, post, until))]
    of_them = f" ({len(failed)} of {len(posts)} events)" if len(posts) > 1 else ""
    return f"{failed[0]}{of_them}" if failed else ""


def _tried(channel: Channel, make: Callable[[float], Post], until: float) -> str:
    """Send until it is taken; each try is signed anew."""
    problem = "was not reached in time"
    for tries in range(_TRIES):
        left = until - time.monotonic()
        if left <= 0:
            break
        answer = sent(channel, make(time.time()), left)
        problem = answer.problem
        wait = max(answer.wait, _WAIT * 2**tries)
        if not answer.again or wait >= until - time.monotonic():
            break
        if tries + 1 < _TRIES:
            time.sleep(wait)
    return problem
