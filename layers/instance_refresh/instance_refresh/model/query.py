"""What is asked of the status: all that is looked after, or the groups that are named."""

from __future__ import annotations

from typing import NamedTuple


class Query(NamedTuple):
    """Without `families`, `groups` and `tags` it is for every group of the region.

    A group is shown if it follows one of the families, is one of the groups, or has all the tags.
    """

    region: str
    families: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def for_all(self) -> bool:
        return not (self.families or self.groups or self.tags)
