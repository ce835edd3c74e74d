"""However the delivery of a request that steers ends, the next finishes it, and none doubles it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.invocation import TryAgain
from local.scf import project
from local.scf.platform import Platform
from tests.end_to_end.harness import EVERY_ACTION, World, world
from tests.end_to_end.seams import quick
from tests.end_to_end.steering import ACTIONS, check, message, prepare
from tests.end_to_end.test_crash_sweep import KINDS

if TYPE_CHECKING:
    from local.calls import Call


def as_scf_does(it: World, event: dict[str, Any]) -> None:
    """Deliver twice more, a minute apart, if the function raises."""
    for _ in range(3):
        try:
            it.call("schedule", event)
        except TryAgain:
            it.advance(60)
        else:
            return


def afterwards(it: World, action: str, event: dict[str, Any]) -> None:
    """Deliver at once, and again when all has ended: after a rollback this restores."""
    it.call("schedule", event)
    it.finish()
    it.call("schedule", event)
    it.call("schedule", event)
    it.finish()
    check(it, action)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("action", ACTIONS)
def test_each_call_in_turn_goes_wrong(action: str, kind: str) -> None:
    turn, calls = 0, 1
    while turn < calls:
        with world(ALLOWED_ACTIONS=EVERY_ACTION) as it, quick(timeout=0.25):
            prepare(it, action)
            event, known = message(it, action), len(it.cloud.calls)
            it.cloud.faults.inject("*", kind, after=turn, seconds=0.5)
            as_scf_does(it, event)
            it.cloud.faults.clear()
            calls = max(calls, len(it.cloud.calls) - known) if turn == 0 else calls
            afterwards(it, action, event)
        turn += 1
    assert calls >= 3


@pytest.mark.parametrize("action", ACTIONS)
def test_the_process_is_killed_after_each_call_in_turn(action: str) -> None:
    turn, killed = 0, True
    while killed:
        with world(ALLOWED_ACTIONS=EVERY_ACTION) as it:
            prepare(it, action)
            event = message(it, action)
            killed = sweep(it, event, turn)
            afterwards(it, action, event)
        turn += 1
    assert turn > 3


def sweep(it: World, event: dict[str, Any], turn: int) -> bool:
    """Deliver with a kill after one call; say whether there was that call."""
    with Platform(it.cloud, project.FUNCTIONS, project.OPT) as platform:
        platform.deploy("schedule", role=it.role, timeout_s=20)
        seen: list[str] = []

        def kill(call: Call) -> None:
            seen.append(call.action)
            if len(seen) == turn + 1:
                platform.kill("schedule")

        it.cloud.on_call = kill
        first = platform.invoke("schedule", event)
        it.cloud.on_call = None
        killed = len(seen) > turn
        assert (first.status == 200) is not killed
    return killed
