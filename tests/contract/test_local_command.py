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
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.clock import ManualClock
from local.cloud import Cloud
from local.seed import FAMILY, seed

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


class Cli:
    """The vendor's CLI, with the environment that the command printed."""

    def __init__(self, environ: dict[str, str], home: Path) -> None:
        self.environ = {**environ, "HOME": str(home), "PATH": os.defpath, "LC_ALL": "C.UTF-8"}

    def __call__(self, service: str, action: str, *options: str) -> dict[str, Any]:
        endpoint = ["--endpoint", self.environ["AS_ENDPOINT"]]
        region = ["--region", self.environ["TENCENTCLOUD_REGION"]]
        program = "from tccli.main import main; main()"
        line = [sys.executable, "-c", program, service, action, *endpoint, *region, *options]
        done = subprocess.run(line, env=self.environ, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

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

    def until(self, activity: str, status: str) -> None:
        for _ in range(300):
            if self.status(activity) == status:
                return
        pytest.fail(f"{activity} is {self.status(activity)}, not {status}")


@pytest.fixture
def command(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Run it in real time, or at the speed that the test asks for."""
    line = [sys.executable, "-m", "local", "--speed", getattr(request, "param", "1")]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def environment(process: subprocess.Popen[str]) -> dict[str, str]:
    """Read the lines that the command prints, all of them."""
    assert process.stdout is not None
    lines = [process.stdout.readline().rstrip("\n").partition("=") for _ in range(12)]
    assert all(name.startswith("export ") for name, _, _ in lines)
    return {name.removeprefix("export "): value for name, _, value in lines}


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
