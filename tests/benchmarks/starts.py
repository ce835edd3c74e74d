"""Cold starts: fresh processes, one of each kind in turn, as often as asked."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from local.webhook import is_unsigned_call, new_secret, signed
from tests.benchmarks.cloud import GROUP, MANIFEST, NEW

if TYPE_CHECKING:
    from tests.benchmarks.cloud import Cloud
    from tests.benchmarks.installed import Installed

HERE = Path(__file__).parent
SECRET = new_secret()
REQUEST = {"AutoScalingGroupId": GROUP, "ImageId": NEW}
_HEADERS = {"Content-Type": "application/json"}
EVENTS: dict[str, Any] = {
    "webhook": {"httpMethod": "POST", "headers": _HEADERS, "body": json.dumps(REQUEST)},
    "schedule": {
        "Type": "Timer",
        "TriggerName": "reconcile",
        "Time": "2026-03-01T08:00:00Z",
        "Message": "",
    },
    "image_published": {
        "Records": [
            {
                "cos": {
                    "cosObject": {"key": "/1250000000/images/web.json", "size": len(MANIFEST)},
                    "cosBucket": {
                        "name": "images",
                        "appid": "1250000000",
                        "cosRegion": "ap-guangzhou",
                    },
                },
                "event": {"eventName": "cos:ObjectCreated:Put", "eventTime": 1772352000},
            }
        ]
    },
}
INVALID = {**EVENTS["webhook"], "body": json.dumps({"AutoScalingGroupId": 7, "Image": NEW})}


class Kind(NamedTuple):
    """One thing to start: its code, its path, and its standard input."""

    code: list[str]
    path: list[Path]
    event: Any = None


class Start(NamedTuple):
    """Seconds from the start of the process to its first call, its answer and its end; KB."""

    call: float
    answer: float
    end: float
    memory: int


def kinds(installed: Installed) -> dict[str, Kind]:
    """Name what is compared; the bare script first, as it is the measure."""
    child = [str(HERE / "child.py")]
    built, usual = installed.built, installed.usual
    functions = {
        f"{name}": Kind(child, [installed.functions / name, *built], event)
        for name, event in EVENTS.items()
    }
    return {
        "bare": Kind([str(HERE / "bare.py")], installed.bare, {"AutoScalingGroupId": GROUP}),
        "empty": Kind(["-c", "print('answer')\nprint(0)"], []),
        **functions,
        "invalid": Kind(child, [installed.functions / "webhook", *built], INVALID),
        **{
            f"{name} (pip install -t)": Kind(
                child, [installed.usual_functions / name, *usual], EVENTS[name]
            )
            for name in ("webhook", "schedule")
        },
    }


def measure(installed: Installed, cloud: Cloud, rounds: int) -> dict[str, list[Start]]:
    """Start each kind in turn, `rounds` times; the first round warms the disk and is dropped."""
    every = kinds(installed)
    starts: dict[str, list[Start]] = {name: [] for name in every}
    for turn in range(rounds + 1):
        for name, kind in every.items():
            start = _start(installed.python, kind, cloud)
            if turn:
                starts[name].append(start)
    return starts


def middle(starts: list[Start], field: str) -> float:
    """Give the median of a field."""
    return float(median(getattr(start, field) for start in starts))


def _environ(kind: Kind, cloud: Cloud) -> dict[str, str]:
    return {
        "PYTHONPATH": os.pathsep.join(map(str, kind.path)),
        "PYTHONDONTWRITEBYTECODE": "x",
        "TENCENTCLOUD_SECRETID": "id",
        "TENCENTCLOUD_SECRETKEY": "key",
        "TENCENTCLOUD_SESSIONTOKEN": "token",
        "WEBHOOK_SECRET": SECRET,
        "AS_ENDPOINT": cloud.endpoint,
        "CVM_ENDPOINT": cloud.endpoint,
        "COS_ENDPOINT": cloud.endpoint,
    }


def _start(python: str, kind: Kind, cloud: Cloud) -> Start:
    cloud.reset()
    event = signed(kind.event, SECRET) if is_unsigned_call(kind.event) else kind.event
    environ = _environ(kind, cloud)
    started = time.perf_counter()
    with subprocess.Popen(
        [python, "-S", *kind.code],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(event))
        process.stdin.close()
        answered = 0.0
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("answer"):
                answered = time.perf_counter() - started
        assert process.stderr is not None
        complaint = process.stderr.read()
    ended = time.perf_counter() - started
    if process.returncode or not answered:
        message = f"{kind.code} failed: {complaint}"
        raise RuntimeError(message)
    called = cloud.first_after(started) if cloud.actions else 0.0
    return Start(called, answered, ended, int(lines[-1]))
