"""Undo what an attempt that failed left in the launch configuration.

No document says that a rollback puts the launch configuration's image back, so it is looked at.
Pure: values in, values out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ..model.action import Action, Finding
from ..model.fleet import IN_SERVICE

if TYPE_CHECKING:
    from datetime import datetime

    from ..model.fleet import Activity
    from ..model.member import Member

_OVERLAP = timedelta(minutes=15)  # the longest that a function runs


def restore(member: Member) -> Finding | None:
    """After an attempt that failed, the configuration goes back to what the instances run.

    Not if someone has changed it since the attempt, nor while another group needs it as it is.
    """
    attempt, configuration = member.attempt, member.configuration
    if attempt is None or configuration is None or member.is_live or attempt.kind == "ROLLBACK":
        return None
    if not ended_badly(member):
        return None
    image = _image_instead(member)
    if image is None:
        return None
    name = configuration.launch_configuration_id
    others = [group for group in member.shared_with if may_need_it(member, group)]
    if others:
        why = f"{name} still names {configuration.image_id}, which failed, and is also used by"
        remedy = f"Set the launch configuration's image to {image}, or refresh those groups."
        said = f"{why} {', '.join(others)}"
        return Finding("LaunchConfigurationShared", said, remedy, since=_ended(member))
    reason = (
        f"refresh activity {attempt.activity_id} brought its image to no instance: {name} goes from"
        f" {configuration.image_id} back to {image}, which the instances run"
    )
    back = Action("restore", image=image)
    return Finding("Restored", reason, action=back, since=_ended(member))


def _ended(member: Member) -> datetime | None:
    return member.activity.ended if member.activity else None


def ended_badly(member: Member) -> bool:
    """Say whether what the launch configuration names is what the failed attempt brought."""
    return member.attempt is not None and unchanged_since(member, member.attempt)


def unchanged_since(member: Member, began: Activity) -> bool:
    """Say whether the launch configuration names what an activity brought: nobody has changed it.

    A second function may have put the same image in once more, within its time limit.
    """
    configuration = member.configuration
    if configuration is None or not configuration.updated or not began.created:
        return False
    asked_for = member.request.names_image and configuration.image_id == member.image_id
    again = asked_for and began in (member.attempt, member.activity)
    after = configuration.updated - began.created
    return after <= (_OVERLAP if again else timedelta(0))


def _image_instead(member: Member) -> str | None:
    """Give the newest image that the instances run, None where one runs the configured image.

    All groups that share the configuration are seen as one, so that all put back the same image.
    """
    groups = (member.group_id, *member.shared_with)
    seen = [one for group in groups for one in member.fleet.instances.get(group, ())]
    members = [one for one in seen if one.life_cycle_state == IN_SERVICE] or seen
    running = {instance.image_id for instance in members}
    known = (member.fleet.images.get(image) for image in sorted(running))
    dated = [(image.created, image.image_id) for image in known if image and image.created]
    if member.configured in running or not dated:
        return None
    return max(dated)[1]


def may_need_it(member: Member, group_id: str) -> bool:
    """Say whether a sharing group is refreshing, or one whose instances were not looked at."""
    group = next((group for group in member.fleet.groups if group.group_id == group_id), None)
    activity = member.fleet.activities.get(group_id)
    if group is None or (activity is not None and activity.live):
        return True
    return group_id not in member.fleet.instances and group.in_service > 0
