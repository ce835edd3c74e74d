"""What the settings allow, and how long may pass before someone is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import timedelta

    from .act import PausedAction


class Allowed(NamedTuple):
    """The groups and regions that are allowed, all where one is empty, and whose images are.

    The account's own images and the platform's always are; `creators` adds the accounts whose
    shared images are too, and `*` stands for any.
    """

    creators: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


ALL = Allowed()


class Limits(NamedTuple):
    """How long may pass before someone is told: of a pause, a failed batch, no progress, a publish.

    `paused_action` is what is done then to a pause, where the group has no tag that says it.
    """

    paused: timedelta
    failed: timedelta
    stuck: timedelta
    undeployed: timedelta
    paused_action: PausedAction
