"""The team's chats: what their robots were sent, as people see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local.demo import screen

if TYPE_CHECKING:
    from rich.console import Console

    from local.chat.server import Chat

_LINK = re.compile(r":? (http\S+)$", re.MULTILINE)
KINDS = {"Slack": "slack", "WeCom": "wecom"}


class Chats:
    """A robot in each chat; `setting` names them as channels."""

    def __init__(self, chat: Chat) -> None:
        self._robots = {name: chat.robot(kind) for name, kind in KINDS.items()}
        self._shown = dict.fromkeys(self._robots, 0)

    @property
    def setting(self) -> str:
        return ",".join(robot.setting for robot in self._robots.values())

    def show(self, console: Console) -> None:
        """Show what has come since the last time, once where several chats have the same.

        Each has its own way to show a link.
        """
        alike: dict[str, list[str]] = {}
        for name, robot in self._robots.items():
            for message in robot.shown[self._shown[name] :]:
                self._shown[name] += 1
                text = _LINK.sub(r": \1", message.text)
                alike.setdefault(text, []).append(name)
        for text, names in alike.items():
            screen.chat(console, names, text)
