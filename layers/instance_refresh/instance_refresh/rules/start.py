"""Make a refresh to start: what it sets, how many batches it takes, and what would undo it.

Pure: values in, values out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.action import Finding, Start
from ..model.outcome import Plan
from ..model.request import RESET
from .batches import batches
from .restore import may_need_it, restore

if TYPE_CHECKING:
    from ..model.member import Member
    from ..model.outcome import Outcome
    from .decide import Decision


def start_of(member: Member, *, refreshes: bool = True) -> Start:
    """Make the refresh of a group that no rule speaks against."""
    running, images = member.running, member.running_images
    cut = batches(member.request, len(running), has_load_balancer=member.group.has_load_balancer)
    can_roll_back = member.request.refresh_mode == RESET and len(images) == 1
    one = member.fleet.images.get(next(iter(images))) if can_roll_back else None
    plan = Plan(
        reinstalled=len(running),
        current=sum(instance.image_id == member.image_id for instance in running),
        left=len(member.instances or ()) - len(running),
        batches=cut.number,
        least_in_service=len(running) - cut.largest + cut.surge,
        shared_with=member.shared_with,
        rollback_image=one.image_id if one and one.usable else "",
    )
    before = _image_before(member)
    return Start(
        region=member.fleet.region,
        group=member.group_id,
        group_name=member.group.name,
        launch_configuration=member.group.launch_configuration_id,
        image=member.image_id,
        sets_image=member.sets_image,
        refreshes=refreshes,
        configured_image=member.configured,
        put_back_image=before if before in member.fleet.images else "",
        refresh_mode=member.request.refresh_mode,
        settings=cut.settings,
        newest_activity=member.activity.activity_id if member.activity else "",
        plan=plan,
        notes=(*member.request.notes, *cut.notes),
    )


def _image_before(member: Member) -> str:
    """Give what the launch configuration goes back to if the start is refused for good.

    That is what it names, unless an attempt with that image failed here; and where a crash between
    the two writes has left it on this image, the one that all its groups' instances run.
    """
    if member.sets_image:
        undone = restore(member)
        return undone.action.image if undone and undone.action else member.configured
    sharing = (member.group_id, *member.shared_with)
    seen = [
        one
        for group in member.fleet.groups
        if group.group_id in sharing
        for one in member.fleet.instances.get(group.group_id, ())
    ]
    images = {one.image_id for one in seen if one.is_running}
    crashed = member.request.names_image and len(images) == 1 and member.image_id not in images
    needed = any(may_need_it(member, group) for group in member.shared_with)
    return next(iter(images)) if crashed and not needed else ""


def planned(member: Member, decision: Decision) -> Outcome:
    """Report what would be done."""
    if isinstance(decision, Start):
        return decision.ends("planned", f"would {decision.description}")
    if isinstance(decision, Finding):
        return member.ends("planned", decision.reason, code=decision.code)
    return decision
