"""Undo what an attempt that failed left in the launch configuration.

Pure: values in, values out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ..model.act import Act
from ..model.fleet import IN_SERVICE

if TYPE_CHECKING:
    from ..model.fleet import Activity
    from .case import Case

_OVERLAP = timedelta(minutes=15)  # the longest that a function runs


def restore(case: Case) -> Act | None:
    """After an attempt that failed, the configuration goes back to what the instances run.

    Not if someone has changed it since the attempt, nor while another group needs it as it is.
    """
    attempt, configuration = case.failed_attempt, case.launch_configuration
    if attempt is None or configuration is None or case.is_live or attempt.kind == "ROLLBACK":
        return None
    if _changed_since(case, attempt):
        return None
    image = _image_instead(case)
    if image is None:
        return None
    name = configuration.launch_configuration_id
    others = [group for group in case.shared_with if may_need_it(case, group)]
    if others:
        why = f"{name} still names {configuration.image_id}, which failed, and is also used by"
        remedy = f"Set the launch configuration's image to {image}, or refresh those groups."
        return Act("alert", "LaunchConfigurationShared", f"{why} {', '.join(others)}", remedy)
    reason = (
        f"refresh activity {attempt.activity_id} brought its image to no instance: {name} goes from"
        f" {configuration.image_id} back to {image}, which the instances run"
    )
    return Act("restore", "Restored", reason, image=image)


def _image_instead(case: Case) -> str | None:
    """Give the newest image that the instances run, None where one runs the configured image.

    All groups that share the configuration are seen as one, so that all put back the same image.
    """
    groups = (case.group.group_id, *case.shared_with)
    seen = [one for group in groups for one in case.fleet.instances.get(group, ())]
    members = [one for one in seen if one.life_cycle_state == IN_SERVICE] or seen
    running = {instance.image_id for instance in members}
    known = (case.fleet.images.get(image) for image in sorted(running))
    dated = [(image.created, image.image_id) for image in known if image and image.created]
    if case.configured_image_id in running or not dated:
        return None
    return max(dated)[1]


def _changed_since(case: Case, attempt: Activity) -> bool:
    """Say whether someone has changed the launch configuration since the attempt began.

    A second function may have put the same image in once more, within its time limit.
    """
    configuration = case.launch_configuration
    if configuration is None or not configuration.updated or not attempt.created:
        return True
    after = configuration.updated - attempt.created
    return after > (_OVERLAP if configuration.image_id == case.image_id else timedelta(0))


def may_need_it(case: Case, group_id: str) -> bool:
    """Say whether a sharing group is refreshing, or one whose instances were not looked at."""
    group = next((group for group in case.fleet.groups if group.group_id == group_id), None)
    activity = case.fleet.activities.get(group_id)
    if group is None or (activity is not None and activity.live):
        return True
    return group_id not in case.fleet.instances and group.in_service > 0
