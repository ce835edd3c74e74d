"""How far a group's refresh has come, as the cloud's own state says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.cloud import Cloud
    from local.region import Region

UNDER_WAY = ("INIT", "RUNNING")
ROLLBACK = "ROLLBACK"


@dataclass(frozen=True)
class Progress:
    """One group at one moment; `activity` is "" while none has been started.

    `image` is what it is to be brought to, `before` what its launch configuration named.
    """

    group: str
    name: str
    activity: str
    kind: str
    status: str
    batch: int
    batches: int
    done: int
    total: int
    image: str
    before: str

    @property
    def ended(self) -> bool:
        """Tell whether nothing more happens without someone's help."""
        return self.status not in ("", *UNDER_WAY)

    @property
    def over(self) -> bool:
        """Tell whether its activity has come to its end; a pause is none."""
        return self.ended and not self.status.endswith("_PAUSE")

    @property
    def rolled_back(self) -> bool:
        """Tell whether a rollback has come to its end."""
        return self.kind == ROLLBACK and self.status == "SUCCESSFUL"

    @property
    def stands(self) -> str:
        """Say in a word or two where it stands."""
        if self.rolled_back:
            return "rolled back"
        kind = "rollback " if self.kind == ROLLBACK else ""
        return f"{kind}{self.status or 'waiting'}"

    def __str__(self) -> str:
        return (
            f"{self.name:<8} batch {self.batch}/{self.batches}"
            f"  {self.done}/{self.total} instances on {self.image}  {self.stands}"
        )


def progress(
    cloud: Cloud, region: Region, group_id: str, *, image: str, before: str, old: set[str]
) -> Progress:
    """Look at a group and its newest activity, if there is one that is none of the `old`."""
    with cloud.lock:
        cloud.settle()
        group = region.groups[group_id]
        found = [
            activity
            for activity in region.activities_of(group)
            if activity.refresh_activity_id not in old
        ]
        activity = found[-1] if found else None
        instances = region.instances_of(group)
        return Progress(
            group=group_id,
            name=group.auto_scaling_group_name,
            activity=activity.refresh_activity_id if activity else "",
            kind=activity.activity_type if activity else "",
            status=activity.status if activity else "",
            batch=activity.current_refresh_batch_num if activity else 0,
            batches=len(activity.batches) if activity else 0,
            done=sum(1 for instance in instances if instance.image_id == image),
            total=len(instances),
            image=image,
            before=before,
        )


def differences(cloud: Cloud, region: Region, seen: Progress) -> list[str]:
    """Say what keeps a group from being wholly on the image, by a successful activity."""
    if not seen.activity:
        return [f"{seen.name}: no refresh was started"]
    found = []
    if seen.status != "SUCCESSFUL":
        found.append(f"{seen.name}: activity {seen.activity} ended {seen.status}, not SUCCESSFUL")
    return found + _not_on(seen.image, cloud, region, seen)


def left_by_failure(cloud: Cloud, region: Region, seen: Sequence[Progress]) -> list[str]:
    """Say what a bad image has left: the first group is as before, the others never moved."""
    first, *others = seen
    found = [] if first.rolled_back else [f"{first.name}: was not rolled back, but {first.stands}"]
    found += [f"{one.name}: was not to move, but has {one.activity}" for one in others if one.kind]
    return found + [text for one in seen for text in _not_on(one.before, cloud, region, one)]


def _not_on(image: str, cloud: Cloud, region: Region, seen: Progress) -> list[str]:
    with cloud.lock:
        group = region.groups[seen.group]
        found = [
            f"{seen.name}: {instance.instance_id} runs {instance.image_id}, not {image}"
            for instance in region.instances_of(group)
            if instance.image_id != image
        ]
        configured = region.image_to_install(group)
    if configured != image:
        found.append(f"{seen.name}: its launch configuration has {configured}, not {image}")
    return found
