"""`python -m local.demo`: publish an image three ways and watch the scaling groups roll onto it."""

from __future__ import annotations

import os
import sys
from tempfile import mkstemp

from local.clock import ScaledClock
from local.cloud import Cloud
from local.demo import screen
from local.demo.rehearsal import rehearse

# A minute of the cloud's time passes in one and a half seconds.
SPEED = 40.0
NEXT = (
    "Next: `make cloud` in one terminal; in another, with the lines that it prints:"
    " .venv/bin/instance-refresh status --watch"
)


def main() -> int:
    """Rehearse; 0 only if all that was published runs, 130 when stopped by Ctrl-C."""
    console = screen.console()
    descriptor, name = mkstemp(prefix="instance-refresh-", suffix=".log")
    screen.line(console, f"The functions' own log lines go to {name}")
    try:
        with (
            os.fdopen(descriptor, "w", encoding="utf-8") as log,
            Cloud(clock=ScaledClock(speed=SPEED)) as cloud,
        ):
            different = rehearse(console, cloud, log)
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    screen.line(console, NEXT)
    for difference in different:
        console.print(f"[red]Different:[/] {difference}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
