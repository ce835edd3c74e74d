"""What watching leads to: something done to a refresh activity or configuration, or an alert."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

Kind = Literal["resume", "rollback", "cancel", "restore", "alert"]
Code = Literal[
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
]
NOT_DEPLOYED: Code = "NotDeployed"
ResumeMode = Literal["RETRY", "CONTINUE"]  # what becomes of failed instances
# What can be done to a pause beyond its limit; retry and continue resume it.
PausedAction = Literal["alert", "retry", "continue", "rollback", "cancel"]
PAUSED_ACTIONS: tuple[PausedAction, ...] = get_args(PausedAction)


class Act(NamedTuple):
    """Something to do, or (`alert`) only to say; `image` is what a restore puts back.

    `instances` are those that the platform is asked about; `urgent` says that the group doesn't
    scale, heal or launch, for longer than meant and by nobody's choice; `while_configured`, if
    given, is the image that the launch configuration must still name when it is done.
    """

    kind: Kind
    code: Code
    reason: str
    remedy: str = ""
    resume_mode: ResumeMode = "RETRY"
    image: str = ""
    instances: tuple[str, ...] = ()
    urgent: bool = False
    while_configured: str = ""
