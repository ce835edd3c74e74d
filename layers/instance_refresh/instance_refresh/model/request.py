"""What is asked: one request for instance refreshes, in the API's own terms."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

RESET = "ROLLING_UPDATE_RESET"
REPLACE = "ROLLING_UPDATE_REPLACE"


class Request(NamedTuple):
    """A valid request. Without `group_ids` and `tags` it is for the groups that follow its image.

    `asked_at` is when the event says that it was asked, or None: what is done once an event is
    spent by the first activity created since then, so that a second delivery starts nothing again.
    Where a group is only `watched`, nothing is asked of it. `max_groups` is how many groups its
    tags may start; None leaves it to the settings.
    """

    region: str
    group_ids: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    image_id: str | None = None
    image_family: str | None = None
    refresh_mode: str = RESET
    rolling: Mapping[str, Any] = MappingProxyType({})
    check_health: bool | None = None
    check_health_timeout: int | None = None
    dry_run: bool = False
    force: bool = False
    max_groups: int | None = None
    watched: bool = False
    asked_at: datetime | None = None
    notes: tuple[str, ...] = ()

    @property
    def names_image(self) -> bool:
        """Say whether it is a wish, for an image; if not, it is the API's own command."""
        return bool(self.image_id or self.image_family)

    @property
    def for_followers(self) -> bool:
        """Say whether it names no target: then it is for the groups that follow its image."""
        return not self.group_ids and not self.tags


def request(
    document: Mapping[str, Any], *, region: str, asked_at: datetime | None = None
) -> Request:
    """Read a document that the request's (or the manifest's) schema has accepted."""
    settings = document.get("RefreshSettings", {})
    mode = document.get("RefreshMode", RESET)
    notes: tuple[str, ...] = ()
    if mode == "ROLLING_UPDATE":  # the API's own page sends it, the API's contract doesn't know it
        mode, notes = RESET, ("RefreshMode ROLLING_UPDATE was read as ROLLING_UPDATE_RESET",)
    one = document.get("AutoScalingGroupId")
    return Request(
        region=document.get("Region", region),
        group_ids=(one,) if one else tuple(dict.fromkeys(document.get("AutoScalingGroupIds", ()))),
        tags=tuple((tag["Key"], tag["Value"]) for tag in document.get("Tags", ())),
        image_id=document.get("ImageId"),
        image_family=document.get("ImageFamily"),
        refresh_mode=mode,
        rolling=settings.get("RollingUpdateSettings", {}),
        check_health=settings.get("CheckInstanceTargetHealth"),
        check_health_timeout=settings.get("CheckInstanceTargetHealthTimeout"),
        dry_run=document.get("DryRun", False),
        force=document.get("Force", False),
        max_groups=document.get("MaxGroups"),
        asked_at=asked_at,
        notes=notes,
    )
