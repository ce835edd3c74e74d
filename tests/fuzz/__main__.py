"""Play many changed events on each function: `python -m tests.fuzz 100000`, or on those named."""

from __future__ import annotations

import faulthandler
import os
import random
import resource
import sys
import time
from collections import Counter

from local.calls import WRITES
from tests.fuzz.play import SEEDS, Stage, make

STUCK_SECONDS = 60
MOST_KB = 384 * 1024  # events of megabytes, and the making of them, included


def main(count: int, functions: list[str], first: int) -> None:
    """Play `count` events a function; what breaks a rule ends the run, with its number."""
    with Stage() as stage:
        for function in functions:
            run(stage, function, range(first, first + count))


def run(stage: Stage, function: str, numbers: range) -> None:
    ends: Counter[str] = Counter()
    wrote, slowest, began = 0, (0.0, 0), time.monotonic()
    for number in numbers:
        event = make(function, random.Random(number), stage)
        faulthandler.dump_traceback_later(STUCK_SECONDS, exit=True)
        at = time.process_time()
        try:
            played = stage.play(function, event)
        except BaseException:
            sys.stdout.write(
                f"{function}: event {number} broke a rule: again with FIRST={number}\n"
            )
            raise
        slowest = max(slowest, (time.process_time() - at, number))
        ends[played.end] += 1
        wrote += not WRITES.isdisjoint(played.calls)
    faulthandler.cancel_dump_traceback_later()
    sys.stdout.write(
        f"{function}: {ends.total()} events in {time.monotonic() - began:.0f} s, {len(ends)} ends,"
        f" none unhandled; {wrote} came as far as a write;"
        f" slowest {slowest[0] * 1000:.0f} ms of CPU, event {slowest[1]};"
        f" memory {peak() // 1024} MB at most\n"
    )
    for end, times in ends.most_common(12):
        sys.stdout.write(f"{times:>9}  {end}\n")
    assert peak() < MOST_KB


def peak() -> int:
    """Give the most memory this process ever had, in KB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // 1024 if sys.platform == "darwin" else most


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:] or [*SEEDS], int(os.environ.get("FIRST", "0")))
