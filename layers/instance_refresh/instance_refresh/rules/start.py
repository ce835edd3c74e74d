"""A refresh to start: what it sets, how many batches it takes, and what would undo it.

Pure: values in, values out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..model.outcome import Outcome, Plan
from ..model.request import RESET
from .batches import batches
from .restore import may_need_it, restore

if TYPE_CHECKING:
    from ..model.outcome import Ended
    from .case import Case


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

    def ends(self, outcome: Ended, reason: str, **fields: Any) -> Outcome:
        """Make this group's outcome."""
        if self.refreshes:
            fields = {"notes": self.notes, "plan": self.plan, **fields}
        return Outcome(outcome, reason, self.region, group=self.group, image=self.image, **fields)


def start_of(case: Case) -> Start:
    """Make the refresh of a group that no rule speaks against."""
    cut = batches(case.request, len(case.running), has_load_balancer=case.group.has_load_balancer)
    on_image = sum(instance.image_id == case.image_id for instance in case.running)
    images = case.running_images
    can_roll_back = case.request.refresh_mode == RESET and len(images) == 1
    one = case.fleet.images.get(next(iter(images))) if can_roll_back else None
    plan = Plan(
        reinstalled=len(case.running),
        current=on_image,
        left=len(case.fleet.instances[case.group.group_id]) - len(case.running),
        batches=cut.number,
        least_in_service=len(case.running) - cut.largest + cut.surge,
        shared_with=case.shared_with,
        rollback_image=one.image_id if one and one.usable else "",
    )
    return Start(
        region=case.fleet.region,
        group=case.group.group_id,
        launch_configuration=case.group.launch_configuration_id,
        image=case.image_id,
        sets_image=case.sets_image,
        refreshes=case.request.force or on_image < len(case.running),
        configured_image=case.configured_image_id,
        put_back_image=_put_back_image(case),
        refresh_mode=case.request.refresh_mode,
        settings=cut.settings,
        newest_activity=case.activity.activity_id if case.activity else "",
        plan=plan,
        notes=(*case.request.notes, *cut.notes),
    )


def _put_back_image(case: Case) -> str:
    """Give what the launch configuration named before, "" if that is gone or not known."""
    image = _restored_image(case) if case.sets_image else _image_before_a_crash(case)
    return image if image in case.fleet.images else ""


def _restored_image(case: Case) -> str:
    """Give what the launch configuration names, unless an attempt with that image failed here."""
    undone = restore(case)
    return undone.image if undone and undone.image else case.configured_image_id


def _image_before_a_crash(case: Case) -> str:
    """Give the one image that all instances run, where it is another one.

    A crash between the two writes leaves it so, in all groups that share the launch configuration.
    """
    sharing = (case.group.group_id, *case.shared_with)
    users = [group for group in case.fleet.groups if group.group_id in sharing]
    images = {instance.image_id for group in users for instance in case.fleet.running(group)}
    crashed = case.request.names_image and len(images) == 1 and case.image_id not in images
    needed = any(may_need_it(case, group) for group in case.shared_with)
    return next(iter(images)) if crashed and not needed else ""


def planned(start: Start) -> Outcome:
    """Report what a start would do."""
    return start.ends("planned", f"would {describe(start)}")


def describe(start: Start) -> str:
    """Say what a start does, for a person."""
    if not start.refreshes:
        name, was = start.launch_configuration, start.configured_image
        return f"move {name} from {was} to {start.image}, which every instance runs already"
    brings = f"{start.plan.reinstalled} instances onto {start.image}"
    how = f"roll {brings} in {start.plan.batches} batches ({start.refresh_mode})"
    if not start.sets_image:
        return how
    was = start.configured_image or "(none)"
    return f"move {start.launch_configuration} from {was} to {start.image} and {how}"
