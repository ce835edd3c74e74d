"""Carry decisions out. Only this room writes to the cloud: here, in `starts` and in `actions`.

Nothing is written down anywhere else: what a delivery that dies has done, the next one sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..gateway.reading import side_by_side
from ..model.action import Finding, Start
from ..model.outcome import Outcome
from .starts import roll

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..gateway.cloud import Cloud
    from ..model.member import Member
    from ..rules.decide import Decision


def apply(
    members: Sequence[Member], todo: Mapping[str, Decision], cloud: Cloud
) -> dict[str, Outcome]:
    """Do what is to be done, and give every group's outcome, in the members' order.

    Actions come before any start: a frozen group waits for none.
    """
    ends = {name: one for name, one in todo.items() if isinstance(one, Outcome)}
    findings = [(m, one) for m in members if isinstance(one := todo[m.group_id], Finding)]
    if findings:
        from .actions import act  # few passes have any

        acted = side_by_side(lambda found: act(*found, cloud), findings)
        ends |= {outcome.group: outcome for outcome in acted}
    sharing: dict[str, list[Start]] = {}
    for one in todo.values():
        if isinstance(one, Start):
            sharing.setdefault(one.launch_configuration, []).append(one)
    rolled = side_by_side(lambda together: roll(together, cloud), list(sharing.values()))
    ends |= {outcome.group: outcome for outcomes in rolled for outcome in outcomes}
    return {m.group_id: ends[m.group_id] for m in members}
