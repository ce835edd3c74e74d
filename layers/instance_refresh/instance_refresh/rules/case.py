"""One group under decision: what is asked of it, what is true, and what both mean for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..model.limits import ALL, Allowed
from ..model.outcome import Outcome
from ..model.policy import NO_POLICY, Policy

if TYPE_CHECKING:
    from ..model.fleet import Activity, Fleet, Group, Image, Instance, LaunchConfiguration
    from ..model.outcome import Ended
    from ..model.request import Request


class Case(NamedTuple):
    """`request` names an image by its id: a family was resolved before.

    `policy` is what the group's tags say, where it is asked as one that follows an image family.
    """

    request: Request
    fleet: Fleet
    group: Group
    allowed: Allowed = ALL
    policy: Policy = NO_POLICY

    @property
    def launch_configuration(self) -> LaunchConfiguration | None:
        return self.fleet.launch_configurations.get(self.group.launch_configuration_id)

    @property
    def configured_image_id(self) -> str:
        """The image that the launch configuration names now."""
        return self.launch_configuration.image_id if self.launch_configuration else ""

    @property
    def image_id(self) -> str:
        """The image to bring: the one asked for, or else what the launch configuration names."""
        asked = self.request
        return (asked.image_id or "") if asked.names_image else self.configured_image_id

    @property
    def image(self) -> Image | None:
        return self.fleet.images.get(self.image_id)

    @property
    def sets_image(self) -> bool:
        return bool(self.image_id) and self.image_id != self.configured_image_id

    @property
    def is_newer(self) -> bool:
        """Say whether the image is newer than the configured one, or that one is gone."""
        before = self.fleet.images.get(self.configured_image_id)
        image = self.image
        if not self.sets_image or image is None:
            return False
        return (
            not before or not before.created or not image.created or image.created > before.created
        )

    @property
    def may_be_refreshed(self) -> bool:
        return not self.allowed.groups or self.group.group_id in self.allowed.groups

    def allows_creator(self, image: Image) -> bool:
        return not self.allowed.creators or image.creator in self.allowed.creators

    @property
    def running(self) -> tuple[Instance, ...]:
        return self.fleet.running(self.group)

    @property
    def running_images(self) -> set[str]:
        """The images that the running instances run."""
        return {instance.image_id for instance in self.running}

    @property
    def activity(self) -> Activity | None:
        """The group's newest refresh activity, where it was looked up."""
        return self.fleet.activities.get(self.group.group_id)

    @property
    def is_live(self) -> bool:
        return self.activity is not None and self.activity.live

    @property
    def failed_attempt(self) -> Activity | None:
        """The attempt that the newest activity ended: rolled back, FAILED or CANCELLED.

        A rollback stands for the attempt that it undid where that is gone.
        """
        activity = self.activity
        if activity is None:
            return None
        if activity.kind == "ROLLBACK":
            return self.fleet.origins.get(activity.origin_id) or activity
        return activity if activity.status in ("FAILED", "CANCELLED") else None

    @property
    def shared_with(self) -> tuple[str, ...]:
        """The other groups that use the launch configuration."""
        groups = self.launch_configuration.group_ids if self.launch_configuration else ()
        return tuple(group for group in groups if group != self.group.group_id)

    @property
    def all_on_image(self) -> bool:
        return not self.sets_image and all(
            instance.image_id == self.image_id for instance in self.running
        )

    def ends(self, outcome: Ended, reason: str, **fields: Any) -> Outcome:
        """Make this group's outcome."""
        return Outcome(
            outcome=outcome,
            reason=reason,
            region=self.fleet.region,
            group=self.group.group_id,
            image=self.image_id,
            **fields,
        )
