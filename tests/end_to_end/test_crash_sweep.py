"""However a delivery ends, the next one of the same event finishes it; nothing is done twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.invocation import TryAgain
from local.scf import project
from local.scf.platform import Platform
from tests.end_to_end.harness import BEFORE, LATER, World, world
from tests.end_to_end.seams import quick

if TYPE_CHECKING:
    from local.cloud import Call

OLD, NEW = "img-00000001", "img-00000002"
GROUPS = ["asg-web00001", "asg-web00002", "asg-web00003"]
KINDS = [
    "throttle", "http_500", "internal_error", "http_500_after", "cut_before", "cut_after",
    "cut_within", "delay", "slow_after",
]  # fmt: skip


def prepare(it: World) -> dict[str, Any]:
    it.region.add_image(OLD, family="web", created=BEFORE)
    it.region.add_image(NEW, family="web", created=LATER)
    for group in GROUPS:
        it.region.add_group(group, image=OLD, instances=3)
    return it.publish("images/web.json", {"ImageId": NEW, "AutoScalingGroupIds": GROUPS})


def check(it: World) -> None:
    """Every group is on the image; every instance was reinstalled once; no activity is double."""
    it.finish()
    assert {image for group in GROUPS for image in it.runs(group)} == {NEW}
    assert {it.configured(group) for group in GROUPS} == {NEW}
    assert sorted(it.reinstalls().values()) == [1] * 9
    assert sorted(a.auto_scaling_group_id for a in it.region.activities.values()) == GROUPS


def deliver(it: World, event: dict[str, Any]) -> None:
    """Deliver as SCF does: twice more, a minute apart, if the function raises."""
    for _ in range(3):
        try:
            it.call("image_published", event)
        except TryAgain:
            it.advance(60)
        else:
            return


@pytest.mark.parametrize("kind", KINDS)
def test_each_call_in_turn_goes_wrong(kind: str) -> None:
    with world() as it:
        it.call("image_published", prepare(it))
        calls = len(it.cloud.calls)
    assert calls > 10
    for turn in range(calls):
        with world() as it, quick(timeout=0.25):
            event = prepare(it)
            it.cloud.faults.inject("*", kind, after=turn, seconds=0.5)
            deliver(it, event)
            it.call("image_published", event)  # and once more, as COS may
            check(it)


def test_the_process_is_killed_after_each_call_in_turn() -> None:
    turn, killed = 0, True
    while killed:
        with world() as it:
            event = prepare(it)
            killed = sweep(it, event, turn)
            check(it)
        turn += 1
    assert turn > 10


def sweep(it: World, event: dict[str, Any], turn: int) -> bool:
    """Deliver with a kill after one call, then deliver again; say whether there was that call."""
    platform = Platform(it.cloud, project.FUNCTIONS, project.OPT)
    with platform:
        platform.deploy("image_published", role=it.role, timeout_s=20)
        seen: list[str] = []

        def kill(call: Call) -> None:
            seen.append(call.action)
            if len(seen) == turn + 1:
                platform.kill("image_published")

        it.cloud.on_call = kill
        first = platform.invoke("image_published", event)
        it.cloud.on_call = None
        killed = len(seen) > turn
        assert (first.status == 200) is not killed
        if killed:
            assert platform.invoke("image_published", event).status == 200
    return killed
