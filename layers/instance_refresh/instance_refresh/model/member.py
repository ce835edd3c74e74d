"""One scaling group as the rules see it: what is asked of it, and what is true of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .fleet import Activity, Fleet, Group, Image, Instance, LaunchConfiguration
    from .limits import Allowed
    from .outcome import Ended
    from .policy import Policy
    from .request import Request


class Member(NamedTuple):
    """A group of a pass; what was not read is None or empty.

    `request` names an image by its id, as a family was resolved before; `policy` is what the
    group's tags say, where it is asked as one that follows a family; `image_id` is the image to
    bring, `configured` the one that the launch configuration names now; `running` are the instances
    that a refresh takes; `attempt` is what the newest activity ended: rolled back, FAILED or
    CANCELLED; `shared_with` are the other groups of the launch configuration; `all_run_it` says
    that the instances were read, and every running one runs the image.
    """

    request: Request
    policy: Policy
    allowed: Allowed
    fleet: Fleet
    group: Group
    configuration: LaunchConfiguration | None
    configured: str
    image_id: str
    image: Image | None
    instances: tuple[Instance, ...] | None
    running: tuple[Instance, ...]
    running_images: frozenset[str]
    activity: Activity | None
    attempt: Activity | None
    shared_with: tuple[str, ...]
    group_id: str
    is_live: bool
    sets_image: bool
    all_run_it: bool

    @property
    def is_newer(self) -> bool:
        """Say whether the image is newer than the configured one, or that one is gone."""
        before, image = self.fleet.images.get(self.configured), self.image
        if not self.sets_image or image is None:
            return False
        return (
            not before or not before.created or not image.created or image.created > before.created
        )

    def ends(self, outcome: Ended, reason: str, **fields: Any) -> Outcome:
        """Make this group's outcome."""
        return Outcome(
            outcome=outcome,
            reason=reason,
            region=self.fleet.region,
            group=self.group_id,
            group_name=self.group.name,
            **{"image": self.image_id, "family": self.policy.family, **fields},
        )


def attempt_of(activity: Activity, known: Mapping[str, Activity]) -> Activity | None:
    """Give what an activity ended badly: itself, or what it rolled back; None if it did not."""
    if activity.kind == "ROLLBACK":
        return known.get(activity.origin_id) or activity
    return activity if activity.status in ("FAILED", "CANCELLED") else None


def member(
    request: Request, policy: Policy, allowed: Allowed, fleet: Fleet, group: Group
) -> Member:
    """See a group in a fleet."""
    configuration = fleet.launch_configurations.get(group.launch_configuration_id)
    configured = configuration.image_id if configuration else ""
    image_id = (request.image_id or "") if request.names_image else configured
    instances = fleet.instances.get(group.group_id)
    running = tuple(one for one in instances or () if one.is_running)
    running_images = frozenset(one.image_id for one in running)
    activity = fleet.activities.get(group.group_id)
    sharing = configuration.group_ids if configuration else ()
    return Member(
        request=request,
        policy=policy,
        allowed=allowed,
        fleet=fleet,
        group=group,
        configuration=configuration,
        configured=configured,
        image_id=image_id,
        image=fleet.images.get(image_id),
        instances=instances,
        running=running,
        running_images=running_images,
        activity=activity,
        attempt=activity and attempt_of(activity, fleet.origins),
        shared_with=tuple(one for one in sharing if one != group.group_id),
        group_id=group.group_id,
        is_live=activity is not None and activity.live,
        sets_image=bool(image_id) and image_id != configured,
        all_run_it=instances is not None and running_images <= {image_id},
    )
