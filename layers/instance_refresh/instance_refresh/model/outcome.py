"""How it ended, one group at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from .message import Level

Ended = Literal[
    "started",
    "planned",
    "already_current",
    "in_progress",
    "busy",
    "queued",
    "superseded",
    "rejected",
    "refused",
    "failed",
    # What becomes of a refresh activity, of a group's tag, or is said of a group.
    "resumed",
    "stopped",
    "rolled_back",
    "cancelled",
    "restored",
    "succeeded",
    "held",
    "released",
    "attention",
]


class Refusal(NamedTuple):
    """One reason why a group can't be refreshed now."""

    code: str
    reason: str
    remedy: str


class Plan(NamedTuple):
    """What a refresh does to a group; counts are instances.

    `current` of the `reinstalled` run the image already (the API takes all in service or none);
    `left` are not in service and stay as they are. `rollback_image` is the image that a rollback
    would put back, "" where the instances run several or are replaced, or it is no longer usable.
    """

    reinstalled: int
    current: int
    left: int
    batches: int
    least_in_service: int
    shared_with: tuple[str, ...]
    rollback_image: str


class Outcome(NamedTuple):
    """One group's result. `status` is its HTTP status; `group` is "" where no group was found.

    `urgent` says that the group doesn't scale, heal or launch, for longer than meant and by
    nobody's choice; `since` is when that began, or what else is told, where the cloud knows it;
    `family` the image family that the group follows.
    """

    outcome: Ended
    reason: str
    region: str
    status: int = 200
    group: str = ""
    image: str = ""
    activity: str = ""
    code: str = ""
    remedy: str = ""
    request_id: str = ""
    retryable: bool = False
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    plan: Plan | None = None
    urgent: bool = False
    group_name: str = ""
    since: datetime | None = None
    family: str = ""

    @property
    def level(self) -> Level:
        """Its level in the log and in messages."""
        if self.outcome == "failed" or self.urgent:
            return "ERROR"
        return "WARNING" if self.outcome in ("refused", "rejected", "attention") else "INFO"

    def document(self) -> dict[str, Any]:
        """Give it in the words of the API, without what is empty."""
        plan = self.plan
        fields: dict[str, Any] = {
            "AutoScalingGroupId": self.group,
            "AutoScalingGroupName": self.group_name,
            "Region": self.region,
            "Outcome": self.outcome,
            "ImageId": self.image,
            "RefreshActivityId": self.activity,
            "Since": f"{self.since:%Y-%m-%dT%H:%M:%SZ}" if self.since else "",
            "Reason": self.reason,
            "Remedy": self.remedy,
            "Code": self.code,
            "ApiRequestId": self.request_id,
            "Retryable": self.retryable,
            "Refusals": [
                {"Code": refusal.code, "Reason": refusal.reason, "Remedy": refusal.remedy}
                for refusal in self.refusals
            ],
            "Notes": list(self.notes),
            "Plan": plan
            and {
                "Reinstalled": plan.reinstalled,
                "AlreadyOnImage": plan.current,
                "LeftAsTheyAre": plan.left,
                "BatchNumber": plan.batches,
                "LeastInService": plan.least_in_service,
                "SharedWith": list(plan.shared_with),
                "RollbackImageId": plan.rollback_image,
            },
        }
        return {name: value for name, value in fields.items() if value not in ("", [], None, False)}
