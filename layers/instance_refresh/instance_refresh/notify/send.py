"""Send messages to every channel, side by side, within a time that delays nothing else."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from ..errors import ApiError
from ..model.message import worth_telling

if TYPE_CHECKING:
    from ..clock import Deadline
    from ..model.message import Level, Message
    from .channels import Channel
    from .words import Language

_MOST_SECONDS = 5.0


def send(
    messages: tuple[Message, ...],
    channels: tuple[Channel, ...],
    *,
    deadline: Deadline,
    level: Level = "WARNING",
    language: Language = "en",
    most_seconds: float = _MOST_SECONDS,
) -> list[str]:
    """Tell the channels what is of this level at least; give a text for each that wasn't told."""
    told = worth_telling(messages, level)
    if not told or not channels:
        return []
    try:
        seconds = min(most_seconds, deadline.check())
    except ApiError:
        return [
            f"{channel} was not told: the function's time limit is near" for channel in channels
        ]
    from .deliver import deliver  # it loads what most ticks, with nothing to tell, have no use for

    until = time.monotonic() + seconds
    problems = dict.fromkeys(channels, f"has not answered within {seconds:.1f} s")

    def tell(channel: Channel) -> None:
        try:
            problems[channel] = deliver(channel, told, language, until)
        except Exception as error:  # noqa: BLE001 — telling fails nothing; its text may hold a URL
            problems[channel] = f"was not told ({type(error).__name__})"

    threads = [threading.Thread(target=tell, args=[each], daemon=True) for each in channels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return [f"{channel} {problem}" for channel, problem in list(problems.items()) if problem]
