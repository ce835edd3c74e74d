"""Each API action that a request which steers uses, times each way in which a call goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.contract import Contract
from local.scf.project import ROOT, names
from tests.end_to_end.harness import EVERY_ACTION, allowed, world
from tests.end_to_end.seams import quick
from tests.end_to_end.steering import (
    ACTIONS,
    CANCEL,
    DONE,
    RESUME,
    ROLLBACK,
    STOP,
    check,
    message,
    prepare,
)
from tests.end_to_end.test_fault_matrix import (
    AGAIN,
    BY_EVENT,
    BY_TICK,
    FOR_GOOD,
    LOST_ANSWERS,
    ONCE,
    READ,
    end_of,
)
from tests.end_to_end.test_fault_matrix import CELLS as MATRIX
from tests.end_to_end.test_fault_matrix import DONE as WELL

if TYPE_CHECKING:
    from tests.end_to_end.test_fault_matrix import Row

# Never sent again when its fate is unknown, but looked up; a stop shows when the batch has ended.
UNKNOWN: Row = dict.fromkeys(
    ("http_500", "internal_error", "error_without_request_id", "cut_before"), (AGAIN, AGAIN)
)
STOPS: Row = READ | UNKNOWN | dict.fromkeys(LOST_ANSWERS, (AGAIN, AGAIN))
STEERS: Row = READ | UNKNOWN | dict.fromkeys(LOST_ANSWERS, (WELL, WELL))
# The API's action, the request that needs it, and how the delivery ends.
CALLS: dict[str, tuple[str, Row]] = {
    STOP: (STOP, STOPS),
    RESUME: (RESUME, STEERS),
    ROLLBACK: (ROLLBACK, STEERS),
    CANCEL: (CANCEL, STEERS),
    "GetCallerIdentity": ("Hold", READ),
    "TagResources": ("Hold", READ),
    "UnTagResources": ("Release", READ),
}
CELLS = [
    pytest.param(called, kind, times, end, id=f"{called}-{kind}-{'once' if times else 'for-good'}")
    for called, (_, row) in CALLS.items()
    for kind, ends in row.items()
    for times, end in zip((ONCE, FOR_GOOD), ends, strict=True)
]


@pytest.mark.parametrize(("called", "kind", "times", "end"), CELLS)
def test_a_request_that_meets_a_fault(called: str, kind: str, times: int | None, end: str) -> None:
    action, _ = CALLS[called]
    timeout = 0.3 if kind == "slow_after" else None
    with world(ALLOWED_ACTIONS=EVERY_ACTION) as it, quick(tries=2, timeout=timeout):
        prepare(it, action)
        event = message(it, action)
        it.cloud.faults.inject(called, kind, times=times, seconds=0.5)
        assert end_of(lambda: it.call("schedule", event), DONE[action]) == end
        assert called in [call.action for call in it.calls_of("schedule")]
        it.cloud.faults.clear()
        for _ in range(3):
            it.call("schedule", event)
            it.finish()
        check(it, action)


def test_every_request_that_steers_is_tried() -> None:
    assert {action for action, _ in CALLS.values()} == {*ACTIONS}
    assert {row.keys() == READ.keys() for _, row in CALLS.values()} == {True}


def test_the_matrix_has_every_action_and_every_fault() -> None:
    used = {a.rpartition(":")[2] for name in names() for a in allowed(name, EVERY_ACTION)}
    assert used == {*BY_EVENT, *BY_TICK, *CALLS}
    assert {row.keys() == READ.keys() for row in (BY_EVENT | BY_TICK).values()} == {True}
    assert len(MATRIX) == len(BY_EVENT | BY_TICK) * len(READ) * 2
    gateway = ROOT / "layers" / "instance_refresh" / "instance_refresh" / "gateway"
    source = "".join(path.read_text(encoding="utf-8") for path in gateway.glob("*.py"))
    known = {one for service in ("as", "cvm", "tag", "sts") for one in Contract(service).actions}
    assert {action for action in known if f'"{action}"' in source} == used & known
