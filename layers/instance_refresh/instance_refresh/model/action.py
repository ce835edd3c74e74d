"""What is to be written to the cloud: a refresh to start, or an action on what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from .outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from .fleet import Activity
    from .outcome import Ended, Plan

Code = Literal[
    "Asked",
    "Baked",
    "NewerImage",
    "Restored",
    "RefreshPaused",
    "PausedByPerson",
    "RefreshStuck",
    "StandbyLeft",
    "ImageGone",
    "ImageWithdrawn",
    "RejectedBelow",
    "MixedFleet",
    "ConfigurationDiffers",
    "NotDeployed",
    "LaunchConfigurationShared",
    "RefreshEnded",
    "RolledBack",
    "PauseOver",
    "StuckOver",
    "Begun",
    "FamilyDone",
]
ASKED: Code = "Asked"
NOT_DEPLOYED: Code = "NotDeployed"
ResumeMode = Literal["RETRY", "CONTINUE"]  # what becomes of failed instances
# What can be done to a pause beyond its limit; retry and continue resume it.
PausedAction = Literal["alert", "retry", "continue", "rollback", "cancel"]
PAUSED_ACTIONS: tuple[PausedAction, ...] = get_args(PausedAction)


class Action(NamedTuple):
    """One call on a refresh activity, a launch configuration's image put back, or a tag written.

    `activity` is the one that it is about, None for the group's newest; `settings` are those of a
    rollback, None for as many batches as the activity has begun.

    `resume_mode` says what a resume does with failed instances, "" where there are none; `image` is
    what a restore puts back; `while_configured`, if given, is the image that the launch
    configuration must still name when it is done.
    """

    kind: Literal["resume", "rollback", "cancel", "restore", "stop", "hold", "release"]
    resume_mode: ResumeMode | None = None
    image: str = ""
    while_configured: str = ""
    activity: Activity | None = None
    settings: Mapping[str, Any] | None = None


class Finding(NamedTuple):
    """What watching a group has found: an `action` to take, or without one something to say.

    `instances` are those that it is about; `urgent` says that the group doesn't scale, heal or
    launch, and that this was not meant; `notes` are the platform's own words; `since` is when it
    began, None where the cloud doesn't know it.
    """

    code: Code
    reason: str
    remedy: str = ""
    action: Action | None = None
    instances: tuple[str, ...] = ()
    urgent: bool = False
    notes: tuple[str, ...] = ()
    since: datetime | None = None


class Start(NamedTuple):
    """A refresh to start: `settings` is the API's RefreshSettings.

    Where every instance runs the image and only the launch configuration names another, it is set
    and nothing `refreshes`.

    `configured_image` is what the launch configuration names now, `put_back_image` what it goes
    back to if the start is refused for good, "" where it is not ours to put back; `newest_activity`
    the group's newest activity before this one, by which an activity that this start made is known.
    """

    region: str
    group: str
    group_name: str
    family: str
    launch_configuration: str
    image: str
    sets_image: bool
    refreshes: bool
    configured_image: str
    put_back_image: str
    refresh_mode: str
    settings: dict[str, Any]
    newest_activity: str
    plan: Plan
    notes: tuple[str, ...]

    @property
    def place(self) -> str:
        """What takes one place under MAX_REFRESHING: groups that are given an image together."""
        if not self.refreshes:
            return ""
        return self.launch_configuration if self.sets_image else self.group

    @property
    def description(self) -> str:
        """Say what it does, for a person."""
        moves = f"move {self.launch_configuration} from {self.configured_image or '(none)'} to"
        if not self.refreshes:
            return f"{moves} {self.image}, which every instance runs already"
        brings = f"{self.plan.reinstalled} instances onto {self.image}"
        how = f"roll {brings} in {self.plan.batches} batches ({self.refresh_mode})"
        return f"{moves} {self.image} and {how}" if self.sets_image else how

    def ends(self, outcome: Ended, reason: str, **fields: Any) -> Outcome:
        """Make this group's outcome."""
        if self.refreshes:
            fields = {"notes": self.notes, "plan": self.plan, **fields}
        return Outcome(
            outcome,
            reason,
            self.region,
            group=self.group,
            group_name=self.group_name,
            image=self.image,
            family=self.family,
            **fields,
        )
