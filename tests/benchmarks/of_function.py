"""Run in a fresh process: call a function twice; print the CPU of the second call, and of deciding.

What decides is found by its name, and timed wherever it was imported to.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from contextlib import ExitStack, contextmanager
from resource import RUSAGE_SELF, getrusage
from typing import TYPE_CHECKING, Any
from unittest import mock

from tests.end_to_end.harness import handler
from tests.end_to_end.seams import quick

if TYPE_CHECKING:
    from collections.abc import Iterator

DECIDES = {
    "schedule": "instance_refresh.rules.verdicts.verdicts",
    "webhook": "instance_refresh.rules.decide.decide",
}
DONE = {"already_current", "planned"}
CONTEXT = {"request_id": "r-1", "time_limit_in_ms": 900_000, "tencentcloud_region": "ap-guangzhou"}


@contextmanager
def timed(name: str) -> Iterator[list[float]]:
    """Note the CPU seconds of each call of a function."""
    home, _, own = name.rpartition(".")
    real = getattr(importlib.import_module(home), own)
    taken: list[float] = []

    def measured(*given: Any, **named: Any) -> Any:
        begun = time.thread_time()
        try:
            return real(*given, **named)
        finally:
            taken.append(time.thread_time() - begun)

    places = [
        (module, key)
        for module in list(sys.modules.values())
        if module.__name__.startswith("instance_refresh")
        for key, value in list(vars(module).items())
        if value is real
    ]
    with ExitStack() as stack:
        for module, key in places:
            stack.enter_context(mock.patch.object(module, key, measured))
        yield taken
    assert taken, f"{name} was not called"


def cpu() -> float:
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    given = json.load(sys.stdin)
    serve, event = handler(given["function"]), given["event"]
    with quick():
        serve(event, CONTEXT)
        with timed(DECIDES[given["function"]]) as deciding:
            begun = cpu()
            result = serve(event, CONTEXT)
            spent = cpu() - begun
    document = json.loads(result["body"]) if "body" in result else result
    ends = set(document.get("States") or (end["Outcome"] for end in document["Outcomes"]))
    assert ends <= DONE, ends
    assert ends, document
    sys.stdout.write(f"\n{json.dumps([spent, sum(deciding)])}\n")


if __name__ == "__main__":
    main()
