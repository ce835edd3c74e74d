"""Sizes in human units become the API's: how many batches, how large, and whose health counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..model.request import Request

DEFAULT_BATCH_SIZE = "25%"
_PASSED_ON = ("BatchPause", "FailProcess")


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


def _number(rolling: Any, running: int) -> tuple[int, list[str]]:
    if "BatchNumber" in rolling:
        asked: int = rolling["BatchNumber"]
        if asked <= running:
            return asked, []
        return running, [f"BatchNumber {asked} was lowered to {running}, the instances in service"]
    size = rolling.get("BatchSize", DEFAULT_BATCH_SIZE)
    number = math.ceil(running / _instances(size, running))
    note = f"BatchSize {size} of {running} in service is BatchNumber {number}"
    if number == 1 and running > 1 and size != "100%":
        number = 2
        note = (
            f"BatchSize {size} would take all {running} in service at once: BatchNumber 2 was used"
            ' (ask for BatchNumber 1 or BatchSize "100%" if all at once is meant)'
        )
    return number, [note]


def _instances(size: int | str, running: int) -> int:
    if isinstance(size, int):
        return size
    return max(1, running * int(size.rstrip("%")) // 100)


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
