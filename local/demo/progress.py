"""How far a group's refresh has come, as the cloud's own state says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.cloud import Cloud
    from local.region import Region

UNDER_WAY = ("INIT", "RUNNING")


@dataclass(frozen=True)
class Progress:
    """One group at one moment; `activity` is "" while none has been started."""

    group: str
    name: str
    activity: str
    status: str
    batch: int
    batches: int
    done: int
    total: int
    image: str

    @property
    def ended(self) -> bool:
        """Tell whether nothing more happens without someone's help."""
        return self.status not in ("", *UNDER_WAY)

    @property
    def over(self) -> bool:
        """Tell whether its activity has come to its end; a pause is none."""
        return self.ended and not self.status.endswith("_PAUSE")

    def __str__(self) -> str:
        return (
            f"{self.name:<8} batch {self.batch}/{self.batches}"
            f"  {self.done}/{self.total} instances on {self.image}  {self.status or 'waiting'}"
        )


def progress(cloud: Cloud, region: Region, group_id: str, image: str, before: set[str]) -> Progress:
    """Look at a group and its activity, if there is one that is not of `before`."""
    with cloud.lock:
        cloud.settle()
        group = region.groups[group_id]
        found = [
            activity
            for activity in region.activities_of(group)
            if activity.refresh_activity_id not in before
        ]
        activity = found[-1] if found else None
        instances = region.instances_of(group)
        return Progress(
            group=group_id,
            name=group.auto_scaling_group_name,
            activity=activity.refresh_activity_id if activity else "",
            status=activity.status if activity else "",
            batch=activity.current_refresh_batch_num if activity else 0,
            batches=len(activity.batches) if activity else 0,
            done=sum(1 for instance in instances if instance.image_id == image),
            total=len(instances),
            image=image,
        )


def differences(cloud: Cloud, region: Region, seen: Progress) -> list[str]:
    """Say what keeps a group from being wholly on the image, by a successful activity."""
    if not seen.activity:
        return [f"{seen.name}: no refresh was started"]
    found = []
    if seen.status != "SUCCESSFUL":
        found.append(f"{seen.name}: activity {seen.activity} ended {seen.status}, not SUCCESSFUL")
    with cloud.lock:
        group = region.groups[seen.group]
        found += [
            f"{seen.name}: {instance.instance_id} runs {instance.image_id}, not {seen.image}"
            for instance in region.instances_of(group)
            if instance.image_id != seen.image
        ]
        configured = region.image_to_install(group)
    if configured != seen.image:
        found.append(f"{seen.name}: its launch configuration has {configured}, not {seen.image}")
    return found
