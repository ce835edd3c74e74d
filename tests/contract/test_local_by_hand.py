"""`make cloud` as someone uses it: the vendor's own tools set off the functions and faults."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from qcloud_cos import CosConfig, CosS3Client

from instance_refresh.notify.text import safe_link
from instance_refresh.settings import settings
from instance_refresh.triggers import linked
from local import fault
from local.cloud import Cloud
from local.seed import seed
from local.stage import on_stage
from tests.contract.local_command import ROOT, Cli, environment, running, until
from tests.told import message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

API, WEB = "asg-api00001", "asg-web00001"
EVERY_SECOND = ("--speed", "600", "--cron", "* * * * * * *")
CRON, ROBOT = "*/7 * * * * * *", "slack+http://127.0.0.1:9/services/T/B/x"


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    with running(*EVERY_SECOND) as process:
        yield Cli(environment(process), tmp_path)


def set_fault(cli: Cli, *words: str) -> list[dict[str, Any]]:
    """Set a fault from another shell, which has the variables; gives those that are set."""
    line = [sys.executable, "-m", "local.fault", *words]
    done = subprocess.run(
        line, cwd=ROOT, env=cli.environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(text) for text in done.stdout.splitlines()]


def test_a_manifest_put_into_the_bucket_rolls(cli: Cli) -> None:
    config = CosConfig(
        Region=cli.environ["TENCENTCLOUD_REGION"],
        SecretId=cli.environ["TENCENTCLOUD_SECRET_ID"],
        SecretKey=cli.environ["TENCENTCLOUD_SECRET_KEY"],
        Token=cli.environ["TENCENTCLOUD_TOKEN"],
        Domain=cli.environ["COS_ENDPOINT"].removeprefix("http://"),
        Scheme="http",
    )
    manifest = {"ImageId": "img-base0003", "AutoScalingGroupId": API}
    CosS3Client(config).put_object(
        Bucket=cli.environ["COS_BUCKET"], Key="images/api.json", Body=json.dumps(manifest).encode()
    )
    until(lambda: cli.activity_of(API))
    cli.until(cli.activity_of(API), "SUCCESSFUL")


def test_a_tag_makes_a_group_follow(cli: Cli) -> None:
    assert cli.activity_of(API) == ""
    resource = json.dumps([f"qcs::as:ap-guangzhou:uin/100000000001:auto-scaling-group/{API}"])
    for tag, value in (("image-family", "base"), ("batch-size", "50pct")):
        tags = json.dumps([{"TagKey": f"instance-refresh:{tag}", "TagValue": value}])
        cli("tag", "TagResources", "--ResourceList", resource, "--Tags", tags)
    until(lambda: cli.activity_of(API))
    cli.until(cli.activity_of(API), "SUCCESSFUL")
    cli("cvm", "ModifyImageAttribute", "--ImageId", "img-base0003", "--ImageDeprecated", "true")
    image = cli("cvm", "DescribeImageFromFamily", "--ImageFamily", "base")["Image"]
    assert image["ImageId"] == "img-base0002"
    keys = json.dumps(["instance-refresh:image-family", "instance-refresh:batch-size"])
    cli("tag", "UnTagResources", "--ResourceList", resource, "--TagKeys", keys)
    ids = json.dumps([API])
    (group,) = cli("as", "DescribeAutoScalingGroups", "--AutoScalingGroupIds", ids)[
        "AutoScalingGroupSet"
    ]
    assert [tag["Key"] for tag in group["Tags"]] == ["app", "tier"]


def test_a_scale_out_launches_what_the_launch_configuration_names(cli: Cli) -> None:
    ids = json.dumps(["asg-9dn1a5y6"])
    found = cli("as", "DescribeAutoScalingGroups", "--AutoScalingGroupIds", ids)
    (group,) = found["AutoScalingGroupSet"]
    names = ["--AutoScalingGroupId", group["AutoScalingGroupId"]]
    cli("as", "DisableAutoScalingGroup", *names)
    disabled = cli.refused("as", "ModifyDesiredCapacity", *names, "--DesiredCapacity", "4")
    assert "ResourceUnavailable.AutoScalingGroupDisabled" in disabled
    cli("as", "EnableAutoScalingGroup", *names)
    cli("as", "ModifyDesiredCapacity", *names, "--DesiredCapacity", "4")

    def images() -> list[str]:
        machines = cli("cvm", "DescribeInstances", "--Limit", "100")["InstanceSet"]
        return [m["ImageId"] for m in machines if m["InstanceName"] == "as-configured"]

    until(lambda: len(images()) == 4)
    assert sorted(images()) == ["img-base0001"] * 3 + ["img-base0002"]


def test_a_throttled_call(cli: Cli) -> None:
    # An action that no function calls, or a tick might meet the fault first.
    assert set_fault(cli, "throttle", "EnterStandby", "--times", "1") == [
        {"Fault": "throttle", "On": "EnterStandby", "Times": 1, "After": 0}
    ]
    names = ["--AutoScalingGroupId", WEB, "--InstanceIds", "[]"]
    assert "RequestLimitExceeded" in cli.refused("as", "EnterStandby", *names)
    assert set_fault(cli, "list") == []
    cli("as", "EnterStandby", *names)


def test_a_slow_call(cli: Cli) -> None:
    set_fault(cli, "delay", "DescribeLaunchConfigurations", "--seconds", "3", "--times", "0")
    began = time.monotonic()
    cli("as", "DescribeLaunchConfigurations")
    assert time.monotonic() - began > 3
    assert set_fault(cli, "clear") == []


def test_an_instance_that_fails_and_is_taken_out_of_standby(cli: Cli) -> None:
    filters = json.dumps([{"Name": "auto-scaling-group-id", "Values": [WEB]}])
    found = cli("as", "DescribeAutoScalingInstances", "--Filters", filters)
    instance = found["AutoScalingInstanceSet"][0]["InstanceId"]
    set_fault(cli, "instance_fails", instance)
    activity = cli.start(WEB)
    cli.until(activity, "FAILED_PAUSE")
    cli.refresh("Cancel", WEB, activity)
    ids = json.dumps([instance])

    def state() -> str:
        (item,) = cli("as", "DescribeAutoScalingInstances", "--InstanceIds", ids)[
            "AutoScalingInstanceSet"
        ]
        return str(item["LifeCycleState"])

    assert state() != "IN_SERVICE"
    cli("as", "ExitStandby", "--AutoScalingGroupId", WEB, "--InstanceIds", ids)
    assert state() == "IN_SERVICE"


def test_a_hook_that_a_refresh_waits_in(cli: Cli) -> None:
    given = {
        "AutoScalingGroupId": WEB,
        "LifecycleHookName": "drain",
        "LifecycleTransition": "INSTANCE_TERMINATING",
        "LifecycleTransitionType": "EXTENSION",
    }
    made = cli("as", "CreateLifecycleHook", *(w for k, v in given.items() for w in (f"--{k}", v)))
    cli.start(WEB)
    filters = json.dumps([{"Name": "auto-scaling-group-id", "Values": [WEB]}])

    def waiting() -> list[str]:
        found = cli("as", "DescribeAutoScalingInstances", "--Filters", filters)
        items = found["AutoScalingInstanceSet"]
        return [i["InstanceId"] for i in items if i["LifeCycleState"] == "IN_TERMINATING_HOOK"]

    until(waiting)
    instance = waiting()[0]
    ends = ["--LifecycleHookId", made["LifecycleHookId"], "--InstanceId", instance]
    cli("as", "CompleteLifecycleAction", *ends, "--LifecycleActionResult", "CONTINUE")
    assert instance not in waiting()


def test_the_functions_lines_are_shown_beside_the_variables(tmp_path: Path) -> None:
    with running(*EVERY_SECOND, "--logs", stderr=subprocess.PIPE) as process:
        environment(process)
        assert process.stderr is not None
        name, _, line = process.stderr.readline().partition(" ")
    assert name == "schedule"
    assert json.loads(line)["level"]
    assert not list(tmp_path.iterdir())


def test_what_the_chats_robot_was_sent_is_shown_beside_the_functions_lines() -> None:
    with running("--logs", stderr=subprocess.PIPE) as process:
        kind, _, url = environment(process)["NOTIFY"].partition("+")
        requests.post(url, json={"text": "web: RolledBack\nfamily web"}, timeout=5)
        assert process.stderr is not None
        lines = [process.stderr.readline() for _ in range(2)]
    assert (kind, lines) == ("slack", ["slack web: RolledBack\n", "slack family web\n"])


def test_the_schedule_knows_its_timer_and_its_channels() -> None:
    with Cloud() as cloud, on_stage(cloud, seed(cloud), cron=CRON, notify=ROBOT) as stage:
        environ = stage.platform.functions["schedule"].environ
    assert (environ["SCHEDULE_CRON"], environ["NOTIFY"], stage.cron) == (CRON, ROBOT, CRON)


def test_the_link_in_a_message_leads_to_the_page() -> None:
    with Cloud() as cloud, on_stage(cloud, seed(cloud), cron=CRON) as stage:
        of_schedule = settings(stage.platform.functions["schedule"].environ)
        told = message(at=cloud.clock.now(), family="", region=stage.seed.region.name)
        link = safe_link(linked(told, of_schedule))
        page = requests.get(link, headers={"Accept": "text/html"}, timeout=30)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["instance_fails", "web"], "instance_fails is for one ins-…, not for 'web'"),
        (["throttle", "--times=-1"], "Times, After and Seconds are not negative"),
        (["throttle", "--endpoint", "http://127.0.0.1:1"], "No local cloud answers at"),
        (["throttle", "--endpoint", "https://as.tencentcloudapi.com"], "http://127.0.0.1:PORT"),
    ],
)
def test_a_fault_that_can_not_be_set(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    problem: str,
) -> None:
    monkeypatch.setenv("AS_ENDPOINT", cli.environ["AS_ENDPOINT"])
    assert fault.main(words) == 2
    assert problem in capsys.readouterr().err
