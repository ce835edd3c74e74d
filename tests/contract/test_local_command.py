"""`python -m local`, and the vendor's CLI against it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from local.clock import ManualClock
from local.cloud import Cloud
from local.seed import FAMILY, seed
from tests.contract.local_command import ROOT, Cli, environment, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def command(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Run it in real time, or at the speed that the test asks for."""
    with running("--speed", getattr(request, "param", "1")) as process:
        yield process


def test_the_vendors_cli_starts_stops_resumes_and_cancels(
    command: subprocess.Popen[str], tmp_path: Path
) -> None:
    cli = Cli(environment(command), tmp_path)
    # In real time a batch takes a minute, so however slow the machine, a stop meets a running one.
    resumed, cancelled = cli.start("asg-web00001"), cli.start("asg-api00001")
    for group, activity in (("asg-web00001", resumed), ("asg-api00001", cancelled)):
        cli.refresh("Stop", group, activity)
    cli.until(resumed, "MANUAL_PAUSE")
    cli.refresh("Resume", "asg-web00001", resumed, "--ResumeMode", "RETRY")
    assert cli.status(resumed) == "RUNNING"
    cli.until(cancelled, "MANUAL_PAUSE")
    cli.refresh("Cancel", "asg-api00001", cancelled)
    assert cli.status(cancelled) == "CANCELLED"
    image = cli("cvm", "DescribeImageFromFamily", "--ImageFamily", FAMILY)["Image"]
    assert image["ImageId"] == "img-base0003"


@pytest.mark.parametrize("command", ["600"], indirect=True)
def test_a_refresh_goes_faster_and_never_ends_in_the_future(
    command: subprocess.Popen[str], tmp_path: Path
) -> None:
    cli = Cli(environment(command), tmp_path)
    activity = cli.start("asg-web00001")
    cli.until(activity, "SUCCESSFUL")
    ids = json.dumps([activity])
    answer = cli("as", "DescribeRefreshActivities", "--RefreshActivityIds", ids)
    ended = answer["RefreshActivitySet"][0]["EndTime"]
    assert ended <= f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not there")
def test_the_signed_call_of_the_readme(command: subprocess.Popen[str]) -> None:
    (script,) = re.findall(r"```sh\n(body=.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    script = script.replace("img-1a2b3c4d", "img-base0003")
    environ = {**os.environ, **environment(command), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(["sh", "-euc", script], env=environ, capture_output=True, check=True)
    (outcome,) = json.loads(done.stdout)["Outcomes"]
    assert (outcome["AutoScalingGroupId"], outcome["Outcome"]) == ("asg-9dn1a5y6", "started")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_stops_cleanly(command: subprocess.Popen[str], number: int) -> None:
    assert environment(command)["AS_ENDPOINT"].startswith("http://127.0.0.1:")
    command.send_signal(number)
    assert command.wait(timeout=30) == 0


def test_a_port_that_is_taken(command: subprocess.Popen[str]) -> None:
    port = environment(command)["AS_ENDPOINT"].rpartition(":")[2]
    line = [sys.executable, "-m", "local", "--port", port]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Can't serve on port {port}: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none(port: str) -> None:
    line = [sys.executable, "-m", "local", f"--port={port}"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert f"argument --port: invalid port value: '{port}'" in done.stderr
    assert "--port 0-65535" in done.stderr


@pytest.mark.parametrize("cron", ["every minute", "* * * * *"])
def test_a_cron_expression_that_is_none(cron: str) -> None:
    line = [sys.executable, "-m", "local", f"--cron={cron}"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert f"argument --cron: invalid cron value: '{cron}'" in done.stderr


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "inf", "fast"])
def test_a_speed_that_is_none(speed: str) -> None:
    line = [sys.executable, "-m", "local", f"--speed={speed}"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert f"argument --speed: invalid speed value: '{speed}'" in done.stderr


def test_a_failure_to_start_is_raised_and_does_not_hang() -> None:
    with pytest.raises(OverflowError), Cloud(port=-1):
        pass


def test_the_seed() -> None:
    with Cloud(clock=ManualClock()) as cloud:
        seeded = seed(cloud)
        assert set(seeded.groups) == {"web", "api", "batch", "follower", "configured"}
        newest = seeded.region.newest_of_family(seeded.family)
        assert newest is seeded.images[-1]
        assert {i.image_id for i in seeded.region.instances.values()} == {"img-base0001"}
        assert seeded.bucket in cloud.cos.buckets
