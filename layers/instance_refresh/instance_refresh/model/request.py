"""What is asked: one request for instance refreshes, in the API's own terms."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from .action import ResumeMode

Verb = Literal[
    "StartInstanceRefresh",
    "StopInstanceRefresh",
    "ResumeInstanceRefresh",
    "RollbackInstanceRefresh",
    "CancelInstanceRefresh",
    "Hold",
    "Release",
]
VERBS: tuple[Verb, ...] = get_args(Verb)
START: Verb = "StartInstanceRefresh"
ROLLBACK: Verb = "RollbackInstanceRefresh"
# What is done without a limit, and twice as if once, as whoever asks for it may be in a hurry.
BRAKES: tuple[Verb, ...] = ("StopInstanceRefresh", "Hold")
WRITE_TAGS: tuple[Verb, ...] = ("Hold", "Release")
RESET = "ROLLING_UPDATE_RESET"
REPLACE = "ROLLING_UPDATE_REPLACE"
# How far the clocks of who asks, of the function and of the platform may be apart.
CLOCKS_DIFFER = timedelta(seconds=10)


class Request(NamedTuple):
    """A valid request. Without `group_ids` and `tags` it is for the groups that follow its image.

    `action` is what is asked for, `activity_id` the refresh activity that it names, if any;
    `resume_mode` what a resume does with failed instances; `reason` why a group is held.

    `asked_at` is when the event says that it was asked, or None: what is done once an event is
    spent by the first activity created since then, so that a second delivery starts nothing again.
    Where a group is only `watched`, nothing is asked of it. `max_groups` is how many groups its
    tags may set going; None leaves it to the settings.
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
    action: Verb = START
    activity_id: str | None = None
    resume_mode: ResumeMode | None = None
    reason: str = ""

    @property
    def needs_time(self) -> bool:
        """Say whether it would be done twice, if nothing said when it was asked."""
        return self.action not in (*BRAKES, "Release") and not self.names_image

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
        action=document.get("Action", START),
        activity_id=document.get("RefreshActivityId", document.get("OriginRefreshActivityId")),
        resume_mode=document.get("ResumeMode"),
        reason=document.get("Reason", ""),
    )
