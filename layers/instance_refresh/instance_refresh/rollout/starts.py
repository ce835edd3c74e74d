"""Start refreshes: put the image into the launch configuration, then start the refresh.

What the next delivery sees, wherever this one dies: before the first write, what was; between the
two, a launch configuration that names the image and instances that don't run it, which starts the
refresh; after both, a live activity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ApiError
from ..gateway.client import wait

if TYPE_CHECKING:
    from ..gateway.autoscaling import AutoScaling
    from ..gateway.cloud import Cloud
    from ..model.action import Start
    from ..model.fleet import Activity
    from ..model.outcome import Outcome

_TRIES = 4
_IN_REFRESH = "ResourceUnavailable.AutoScalingGroupInRefreshActivity"


def roll(together: list[Start], cloud: Cloud) -> list[Outcome]:
    """Roll the groups of one launch configuration."""
    first, autoscaling = together[0], cloud.autoscaling(together[0].region)
    if first.sets_image:
        try:
            autoscaling.set_image(first.launch_configuration, first.image)
        except ApiError as error:
            return [_failed(start, error) for start in together]
    outcomes = [
        _start(start, autoscaling, cloud)
        if start.refreshes
        else start.ends("restored", start.description)
        for start in together
    ]
    if first.put_back_image and all(_refused_for_good(outcome) for outcome in outcomes):
        note = _put_back(first, autoscaling)
        return [outcome._replace(reason=f"{outcome.reason}; {note}") for outcome in outcomes]
    return [_saying_it_is_ahead(start, one) for start, one in zip(together, outcomes, strict=True)]


def _saying_it_is_ahead(start: Start, outcome: Outcome) -> Outcome:
    """Say of a start that another try can mend that the launch configuration is ahead of it."""
    if not start.sets_image or outcome.outcome not in ("refused", "failed"):
        return outcome
    ahead = f"launch configuration {start.launch_configuration} names {start.image} already"
    return outcome._replace(reason=f"{outcome.reason}; {ahead}")


def _start(start: Start, autoscaling: AutoScaling, cloud: Cloud) -> Outcome:
    """Start one refresh; an activity that this or a call before it has made is found, not doubled.

    A call of unknown fate may be sent again once no new activity is found: should the first one
    take effect late, the group is in a refresh activity and the API refuses the second.
    """
    tries, unknown = 0, False
    while True:
        tries += 1
        try:
            activity = autoscaling.start_instance_refresh(
                start.group, start.refresh_mode, start.settings
            )
        except ApiError as error:
            if error.code != _IN_REFRESH and not error.fate_unknown:
                return _failed(start, error, unknown=unknown)
            unknown = unknown or error.fate_unknown
            try:
                found = _new_activity(start, autoscaling)
                if found is not None:
                    named = autoscaling.configured_image(start.launch_configuration)
                    ours = found.kind == "NORMAL" and named == start.image
                    return _found(start, found, answer_lost=unknown, of_this_image=ours)
                if tries == _TRIES or not error.fate_unknown:
                    return _failed(start, error, unknown=unknown)
                wait(tries, cloud.deadline, error)
            except ApiError as lookup:
                return _failed(start, lookup, unknown=unknown)
        else:
            return start.ends("started", start.description, status=202, activity=activity)


def _new_activity(start: Start, autoscaling: AutoScaling) -> Activity | None:
    for activity in autoscaling.newest_activities([start.group]):
        if activity.live or activity.activity_id != start.newest_activity:
            return activity
    return None


def _found(start: Start, activity: Activity, *, answer_lost: bool, of_this_image: bool) -> Outcome:
    name = activity.activity_id
    if not of_this_image:
        reason = f"{activity.description}, and brings another image"
        remedy = "Send the request again when the activity has ended."
        return start.ends("busy", reason, status=409, activity=name, remedy=remedy, retryable=True)
    if answer_lost:
        reason = f"{start.description}; the API's answer was lost, the activity was found"
        return start.ends("started", reason, status=202, activity=name)
    reason = f"refresh activity {name}, begun meanwhile, is {activity.progress}"
    return start.ends("in_progress", reason, activity=name)


def _failed(start: Start, error: ApiError, *, unknown: bool = False) -> Outcome:
    """Give the outcome of an error; a start that may have taken effect is never final."""
    retryable = error.retryable or unknown
    return start.ends(error.outcome, str(error), **{**error.fields, "retryable": retryable})


def _refused_for_good(outcome: Outcome) -> bool:
    return outcome.outcome in ("refused", "failed") and not outcome.retryable


def _put_back(start: Start, autoscaling: AutoScaling) -> str:
    """Give the launch configuration its old image again, unless someone has changed or needs it."""
    name, image = start.launch_configuration, start.put_back_image
    try:
        newest = autoscaling.newest_activities((start.group, *start.plan.shared_with))
        used = any(activity.live for activity in newest)
        if used or autoscaling.configured_image(name) != start.image:
            return f"launch configuration {name} was used or changed meanwhile and left as it is"
        autoscaling.set_image(name, image)
    except ApiError as error:
        return f"launch configuration {name} still names {start.image} ({error.code}): set {image}"
    return f"launch configuration {name} names {image} again"
