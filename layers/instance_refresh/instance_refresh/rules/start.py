"""Make a refresh to start: what it sets, how it is cut into batches, and what would undo it.

Pure: values in, values out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from ..model.action import Finding, Start
from ..model.outcome import Plan
from ..model.request import RESET
from .restore import may_need_it, restore

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..model.fleet import Activity
    from ..model.member import Member
    from ..model.outcome import Outcome
    from ..model.request import Request
    from .decide import Decision

DEFAULT_BATCH_SIZE = "25%"
_PASSED_ON = ("BatchPause", "FailProcess")


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
    before = member.configured
    if member.attempt or not member.sets_image:
        before = _image_before(member)
    return Start(
        region=member.fleet.region,
        group=member.group_id,
        group_name=member.group.name,
        family=member.policy.family,
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
    """Report what would be done, by the name of what does it."""
    if isinstance(decision, Start):
        kind = "start" if decision.refreshes else "restore"
        return decision.ends("planned", f"would {kind}: {decision.description}")
    if isinstance(decision, Finding):
        kind = decision.action.kind.replace("rollback", "roll back") if decision.action else ""
        would = f"would {kind}: " if kind else ""
        return member.ends("planned", would + decision.reason, code=decision.code)
    return decision


class Batches(NamedTuple):
    """`settings` is the API's RefreshSettings; `notes` say what was computed or clamped."""

    number: int
    largest: int
    surge: int
    settings: dict[str, Any]
    notes: tuple[str, ...]


def batches(request: Request, running: int, *, has_load_balancer: bool) -> Batches:
    """Cut `running` instances (at least one) into batches as the request asks."""
    rolling = request.rolling
    number, notes = _number(rolling, running)
    settings: dict[str, Any] = {"BatchNumber": number}
    settings |= {name: rolling[name] for name in _PASSED_ON if name in rolling}
    surge = rolling.get("MaxSurge", 0)
    smallest = running // number
    if surge > smallest:
        notes.append(f"MaxSurge {surge} was lowered to {smallest}, the instances of one batch")
        surge = smallest
    if surge:
        settings["MaxSurge"] = surge
    health, health_notes = _health(request, has_load_balancer=has_load_balancer)
    return Batches(
        number=number,
        largest=math.ceil(running / number),
        surge=surge,
        settings={"RollingUpdateSettings": settings, **health},
        notes=(*notes, *health_notes),
    )


def of_rollback(
    activity: Activity, there: Collection[str], request: Request | None = None
) -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """Give a rollback's RefreshSettings and what was clamped; None if nothing was touched.

    It takes as many batches as the activity has begun, and checks health as it did, but for what
    a request says.
    """
    touched = activity.touched(there)
    if not touched:
        return None
    rolling: dict[str, Any] = {"BatchNumber": len(touched)}
    settings = {"RollingUpdateSettings": rolling, **activity.health}
    notes: list[str] = []
    if request is None:
        return settings, ()
    said = request.rolling
    if said.keys() & {"BatchNumber", "BatchSize"}:
        rolling["BatchNumber"], notes = _number(said, sum(map(len, touched)))
    rolling |= {name: said[name] for name in _PASSED_ON if name in said}
    checks = {
        "CheckInstanceTargetHealth": request.check_health,
        "CheckInstanceTargetHealthTimeout": request.check_health_timeout,
    }
    settings |= {name: value for name, value in checks.items() if value is not None}
    return settings, tuple(notes)


def _number(rolling: Any, running: int) -> tuple[int, list[str]]:
    if "BatchNumber" in rolling:
        asked: int = rolling["BatchNumber"]
        if asked <= running:
            return asked, []
        return running, [f"BatchNumber {asked} was lowered to {running}, the instances in service"]
    size = rolling.get("BatchSize", DEFAULT_BATCH_SIZE)
    each = size if isinstance(size, int) else max(1, running * int(size.rstrip("%")) // 100)
    number = math.ceil(running / each)
    note = f"BatchSize {size} of {running} in service is BatchNumber {number}"
    if number == 1 and running > 1 and size != "100%":
        number = 2
        note = (
            f"BatchSize {size} would take all {running} in service at once: BatchNumber 2 was used"
            ' (ask for BatchNumber 1 or BatchSize "100%" if all at once is meant)'
        )
    return number, [note]


def _health(request: Request, *, has_load_balancer: bool) -> tuple[dict[str, Any], list[str]]:
    """By default the load balancer's health check counts, where the group has one."""
    check = request.check_health
    settings: dict[str, Any] = {
        "CheckInstanceTargetHealth": has_load_balancer if check is None else check
    }
    if settings["CheckInstanceTargetHealth"] and has_load_balancer:
        if request.check_health_timeout is not None:
            settings["CheckInstanceTargetHealthTimeout"] = request.check_health_timeout
        return settings, []
    why = "it was switched off" if has_load_balancer else "no application load balancer"
    return settings, [f"nothing checks the health of refreshed instances: {why}"]
