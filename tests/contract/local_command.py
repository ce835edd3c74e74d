"""`python -m local` as a process, and the vendor's CLI against it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
VARIABLES = 17
LONGEST_S = 180.0


class Cli:
    """The vendor's CLI, with the environment that the command printed."""

    def __init__(self, environ: dict[str, str], home: Path) -> None:
        self.environ = {**environ, "HOME": str(home), "PATH": os.defpath, "LC_ALL": "C.UTF-8"}

    def __call__(self, service: str, action: str, *options: str) -> dict[str, Any]:
        done = self.run(service, action, *options)
        assert (done.returncode, done.stderr) == (0, "")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def refused(self, service: str, action: str, *options: str) -> str:
        """Give what the CLI says of an error."""
        done = self.run(service, action, *options)
        return done.stdout + done.stderr

    def run(self, service: str, action: str, *options: str) -> subprocess.CompletedProcess[str]:
        endpoint = ["--endpoint", self.environ["AS_ENDPOINT"]]
        region = ["--region", self.environ["TENCENTCLOUD_REGION"]]
        program = "from tccli.main import main; main()"
        line = [sys.executable, "-c", program, service, action, *endpoint, *region, *options]
        return subprocess.run(line, env=self.environ, capture_output=True, text=True, check=False)

    def refresh(self, verb: str, group: str, activity: str, *options: str) -> dict[str, Any]:
        names = ["--AutoScalingGroupId", group, "--RefreshActivityId", activity]
        return self("as", f"{verb}InstanceRefresh", *names, *options)

    def status(self, activity: str) -> str:
        ids = json.dumps([activity])
        answer = self("as", "DescribeRefreshActivities", "--RefreshActivityIds", ids)
        status: str = answer["RefreshActivitySet"][0]["Status"]
        return status

    def start(self, group: str) -> str:
        settings = json.dumps({"RollingUpdateSettings": {"BatchNumber": 4}})
        names = ["--AutoScalingGroupId", group, "--RefreshSettings", settings]
        activity: str = self("as", "StartInstanceRefresh", *names)["RefreshActivityId"]
        return activity

    def activity_of(self, group: str) -> str:
        """Give the group's newest refresh activity, or "" if it has none."""
        filters = json.dumps([{"Name": "auto-scaling-group-id", "Values": [group]}])
        found = self("as", "DescribeRefreshActivities", "--Filters", filters)
        activities = found["RefreshActivitySet"]
        return activities[0]["RefreshActivityId"] if activities else ""

    def until(self, activity: str, status: str) -> None:
        until(lambda: self.status(activity) == status)


@contextmanager
def running(*options: str, **streams: Any) -> Iterator[subprocess.Popen[str]]:
    """Run the command; its schedule looks once a year, unless the options say more."""
    line = [sys.executable, "-m", "local", "--cron", "0 0 0 1 1 * *", *options]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True, **streams) as process:
        yield process
        process.kill()


def environment(process: subprocess.Popen[str]) -> dict[str, str]:
    """Read the lines that the command prints, all of them."""
    assert process.stdout is not None
    lines = [process.stdout.readline().rstrip("\n").partition("=") for _ in range(VARIABLES)]
    assert all(name.startswith("export ") for name, _, _ in lines)
    return {name.removeprefix("export "): shlex.split(value)[0] for name, _, value in lines}


def until(condition: Callable[[], object]) -> None:
    """Look until it is so."""
    deadline = time.monotonic() + LONGEST_S
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail("it never came to that")
