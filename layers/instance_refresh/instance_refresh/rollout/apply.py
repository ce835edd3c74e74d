"""Carry decisions out. Only this room writes to the cloud: here, in `actions` and `holds`.

Nothing is written down anywhere else. What the next delivery sees of a start, wherever this one
dies: before the first write, what was; between the two, a launch configuration that names the image
and instances that don't run it, which starts the refresh; after both, a live activity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..clock import wait
from ..errors import ApiError
from ..gateway.reading import side_by_side
from ..model.action import Finding, Start
from ..model.outcome import Outcome
from ..model.request import WRITE_TAGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..gateway.actions import AutoScaling
    from ..gateway.cloud import Cloud
    from ..model.fleet import Activity
    from ..model.member import Member
    from ..rules.decide import Decision

_TRIES = 4
_IN_REFRESH = "ResourceUnavailable.AutoScalingGroupInRefreshActivity"


def apply(
    members: Sequence[Member], todo: Mapping[str, Decision], cloud: Cloud
) -> dict[str, Outcome]:
    """Do what is to be done, and give every group's outcome, in the members' order.

    Actions come before any start: a frozen group waits for none.
    """
    ends = {name: one for name, one in todo.items() if isinstance(one, Outcome)}
    findings = [(m, one) for m in members if isinstance(one := todo[m.group_id], Finding)]
    if findings:
        ends |= {outcome.group: outcome for outcome in _acted(findings, cloud)}
    sharing: dict[str, list[Start]] = {}
    for one in todo.values():
        if isinstance(one, Start):
            sharing.setdefault(one.launch_configuration, []).append(one)
    rolled = side_by_side(lambda together: _roll(together, cloud), list(sharing.values()))
    ends |= {outcome.group: outcome for outcomes in rolled for outcome in outcomes}
    return {m.group_id: ends[m.group_id] for m in members}


def _acted(findings: Sequence[tuple[Member, Finding]], cloud: Cloud) -> list[Outcome]:
    """Act on what was found or asked for; few passes have any of it."""
    if findings[0][0].request.action in WRITE_TAGS:
        from .holds import write

        return write(findings, cloud)
    from .actions import act

    return side_by_side(lambda found: act(*found, cloud), findings)


def _roll(together: list[Start], cloud: Cloud) -> list[Outcome]:
    """Roll the groups of one launch configuration."""
    first, autoscaling = together[0], cloud.autoscaling(together[0].region)
    if first.sets_image:
        try:
            if not any(start.refreshes for start in together) and (live := _live(first, cloud)):
                return [_found(s, live, answer_lost=False, of_this_image=False) for s in together]
            autoscaling.set_image(first.launch_configuration, first.image)
        except ApiError as error:
            return [_failed(start, error) for start in together]
    outcomes = [
        _start(start, autoscaling, cloud)
        if start.refreshes
        else start.ends("restored", start.description)
        for start in together
    ]
    failed = [outcome for outcome in outcomes if outcome.outcome in ("refused", "failed")]
    if first.put_back_image and failed == outcomes and not any(one.retryable for one in failed):
        note = _put_back(first, autoscaling)
        return [outcome._replace(reason=f"{outcome.reason}; {note}") for outcome in outcomes]
    ahead = f"launch configuration {first.launch_configuration} names {first.image} already"
    return [
        one._replace(reason=f"{one.reason}; {ahead}") if one in failed and first.sets_image else one
        for one in outcomes
    ]


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


def _live(start: Start, cloud: Cloud) -> Activity | None:
    """Give what has begun meanwhile: no start, which the API would refuse, is to come."""
    groups = (start.group, *start.plan.shared_with)
    newest = cloud.autoscaling(start.region).newest_activities(groups)
    return next((activity for activity in newest if activity.live), None)


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
