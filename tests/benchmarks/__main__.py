"""Print what a start costs, as ratios of one run: `python -m tests.benchmarks`, or `make bench`.

OUT=file writes the same to a file. ROUNDS=20 starts each kind that often (Linux, Python 3.10).
"""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from layers.build import BuildFailed
from tests.benchmarks import cpu, decisions, watching
from tests.benchmarks.cloud import serving
from tests.benchmarks.installed import Installed, install
from tests.benchmarks.starts import EVENTS, Start, measure, middle
from tests.benchmarks.warm import webhook_cpu_ms

_DISTRIBUTIONS = ("tencentcloud-sdk-python-common", "aws-lambda-powertools", "requests", "urllib3")


def main() -> int:
    rounds = int(os.environ.get("ROUNDS") or "20")
    try:
        with tempfile.TemporaryDirectory() as folder:
            installed = install(Path(folder))
            with serving() as cloud:
                starts = measure(installed, cloud, rounds)
            lines = [
                *_machine(installed.python, rounds),
                *_cold(starts),
                *_memory(starts),
                *_warm(),
                *_sizes(installed),
                "",
                *decisions.lines(),
                "",
                *watching.lines(),
                "",
                *cpu.lines(),
            ]
    except BuildFailed as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    out = os.environ.get("OUT")
    if out:
        Path(out).write_text(text, encoding="utf-8")
    return 0


def _machine(python: str, rounds: int) -> list[str]:
    said = subprocess.run([python, "-V"], capture_output=True, text=True, check=True)
    packages = ", ".join(f"{name} {version(name)}" for name in _DISTRIBUTIONS)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    return [
        f"{today}, {said.stdout.strip()}, {machine}; {packages}.",
        f"Medians of {rounds} fresh processes each, started in turn; calls over loopback HTTP.",
        "",
    ]


def _cold(starts: dict[str, list[Start]]) -> list[str]:
    """Show the time to the first signed call; `bare` is a script with the typed client alone."""
    bare = middle(starts["bare"], "call")
    rows = ["| process start to the first signed call | ms | to the bare script |", "|---|---|---|"]
    for name in ("bare", *EVENTS, *(name for name in starts if "pip install" in name)):
        call = middle(starts[name], "call")
        rows.append(f"| {name} | {call * 1000:.0f} | {call / bare:.2f} |")
    rows += [
        "",
        "| process start to the answer | ms | to the bare script's call |",
        "|---|---|---|",
    ]
    for name, what in (("empty", "an empty interpreter"), ("invalid", "webhook, invalid payload")):
        answered = middle(starts[name], "answer")
        rows.append(f"| {what} | {answered * 1000:.0f} | {answered / bare:.2f} |")
    rows.append("")
    for name in ("webhook", "schedule"):
        usual = middle(starts[f"{name} (pip install -t)"], "call")
        ratio = middle(starts[name], "call") / usual
        rows.append(f"{name}, built, to the same installed with `pip install -t`: {ratio:.2f}")
    return [*rows, ""]


def _memory(starts: dict[str, list[Start]]) -> list[str]:
    peaks = {name: max(s.memory for s in starts[name]) / 1024 for name in ("bare", *EVENTS)}
    rows = [f"| {name} | {peak:.1f} |" for name, peak in peaks.items()]
    return ["| peak memory of an invocation | MB |", "|---|---|", *rows, ""]


def _warm() -> list[str]:
    return [f"Warm webhook invocation, own CPU, no network: {webhook_cpu_ms(500):.2f} ms", ""]


def _sizes(installed: Installed) -> list[str]:
    rows = ["| zip | KB |", "|---|---|"]
    for path in installed.zips:
        name = "/".join(path.parts[-2:])
        rows.append(f"| {name} | {path.stat().st_size / 1024:.1f} |")
    return rows


if __name__ == "__main__":
    sys.exit(main())
