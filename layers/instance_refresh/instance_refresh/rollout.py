"""A request from look to outcome: observe, decide, apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .apply import apply
from .decide import Start, decide, planned
from .observe import observe

if TYPE_CHECKING:
    from .gateway.cloud import Cloud
    from .outcome import Outcome
    from .request import Request


def roll_out(request: Request, cloud: Cloud, creators: tuple[str, ...] = ()) -> tuple[Outcome, ...]:
    """Give one outcome a group; an ApiError where the look itself failed."""
    decisions = decide(request, observe(request, cloud, creators), creators)
    starts = [decision for decision in decisions if isinstance(decision, Start)]
    if request.dry_run:
        done = {start.group: planned(start) for start in starts}
    else:
        done = apply(starts, cloud)
    return tuple(
        done[decision.group] if isinstance(decision, Start) else decision for decision in decisions
    )
