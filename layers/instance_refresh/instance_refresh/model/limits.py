"""What the settings allow, and how long may pass before someone is told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from .action import PausedAction


Restore = Literal["all", "followers", "off"]
RESTORES: tuple[Restore, ...] = get_args(Restore)


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

    `paused_action` is what is done then to a pause, where the group has no tag that says it;
    `refreshing` is how many followers may refresh at a time, `groups` how many groups the tags of a
    request may start.

    For groups that follow no family, `others_action` stands for `paused_action`. `restore` says
    whose launch configurations are put back, `remind_every` how often what needs someone is told.
    """

    paused: timedelta
    failed: timedelta
    stuck: timedelta
    undeployed: timedelta
    paused_action: PausedAction
    refreshing: int = 5
    groups: int = 10
    others_action: PausedAction = "alert"
    restore: Restore = "all"
    remind_every: timedelta = timedelta(hours=4)
