"""What an invocation costs in CPU of its own, and how much of that is deciding.

Each process is fresh, does the same twice, and is measured the second time: no import counts. The
measure is a script that makes the same calls with the vendor's client, and reads them as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from local.scf.project import LAYER, ROOT
from tests.benchmarks.decisions import INSTANCES, NEW, OLD, SERVICE, followers
from tests.end_to_end.harness import variables

if TYPE_CHECKING:
    from tests.end_to_end.harness import World

GROUPS, ROUNDS = 1000, 5


class Spent(NamedTuple):
    """CPU seconds: of the function, of deciding within it, of the bare script."""

    function: float
    deciding: float
    bare: float


def lines() -> list[str]:
    """Give what `make bench` prints of it."""
    tick = _middle(_rounds("schedule", NEW))
    planned = _middle(_rounds("webhook", OLD))
    what = f"{GROUPS} converged groups of {INSTANCES}"
    return [
        f"A tick over {what}, own CPU: {tick.function:.2f} s,"
        f" to a bare script's that makes the same calls: {tick.function / tick.bare:.2f}",
        f"Deciding alone, of the whole tick: {tick.deciding / tick.function:.3f}",
        f"A request for as many that have drifted: {planned.function / planned.bare:.2f} of the"
        f" bare script, deciding {planned.deciding / planned.function:.3f} of it",
    ]


def _middle(rounds: list[Spent]) -> Spent:
    return Spent(*map(median, zip(*rounds, strict=True)))


def _rounds(function: str, runs: str) -> list[Spent]:
    """Measure a function and the bare script, one after the other, on groups that run an image."""
    with followers(GROUPS, INSTANCES, runs) as it:
        return [_round(it, function) for _ in range(ROUNDS)]


def _round(it: World, function: str) -> Spent:
    it.cloud.calls.clear()
    own = {"WEBHOOK_AUTH": "cam", "WEBHOOK_SECRET": ""}
    environ = {**it.environ, **variables(it.role), **own}
    whole, deciding = _spent(
        "of_function", {"function": function, "event": _EVENTS[function]}, environ
    )
    calls = [(call.service, call.action, call.params) for call in it.cloud.calls]
    (bare,) = _spent("of_bare", calls[len(calls) // 2 :], environ)
    return Spent(whole, deciding, bare)


_EVENTS: dict[str, dict[str, Any]] = {
    "schedule": {
        "Type": "Timer",
        "TriggerName": "tick",
        "Time": "2026-01-01T00:00:00Z",
        "Message": "",
    },
    "webhook": {
        "httpMethod": "POST",
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"Tags": SERVICE, "ImageId": NEW, "DryRun": True, "MaxGroups": GROUPS}),
    },
}


def _spent(script: str, given: Any, environ: dict[str, str]) -> list[float]:
    """Run a script of this folder; give the CPU seconds that it prints last."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{script}"],
        cwd=ROOT,
        env={**environ, "PYTHONPATH": f"{ROOT}:{LAYER}"},
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    spent: list[float] = json.loads(done.stdout.splitlines()[-1])
    return spent
