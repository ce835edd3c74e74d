"""The terminal command's keys, region and settings: whose, and from where."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from instance_refresh.settings import NAMES
from instance_refresh_command.account import OF_FUNCTIONS, NotConfigured, account
from local.scf.project import ROOT
from tests.end_to_end.commanding import GROUP, NEW, OLD, one_group
from tests.end_to_end.harness import REGION, World

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.commanding import Run

pytestmark = pytest.mark.world(fill=one_group)

# What the status function has for itself alone, and what counts here for more than the status.
ITS_OWN = {"LOG_LEVEL", "REGIONS", "STATUS_AUTH", "STATUS_SECRET"}
MORE = {"MAX_GROUPS", "REMIND_EVERY"}


def test_every_setting_has_its_place() -> None:
    yml = yaml.safe_load((ROOT / "serverless.yml").read_text(encoding="utf-8"))
    rows = yml["inputs"]["functions"]["status"]["environments"]
    counts = {row["key"] for row in rows} - ITS_OWN | MORE
    assert set(NAMES) - counts == OF_FUNCTIONS
    text = (ROOT / "docs/status.md").read_text(encoding="utf-8").partition("does not count:")[2]
    said = re.findall(r"`([A-Z_]+)(…?)`", re.split(r"\.\s", text)[0])
    named = {n for name, more in said for n in NAMES if n == name or (more and n.startswith(name))}
    assert named == OF_FUNCTIONS


def test_the_status_is_the_functions_with_the_settings_that_are_deployed(
    run: Run, it: World
) -> None:
    own = {
        "MODE": "observe",
        "RESTORE": "off",
        "PAUSED_ACTION_OTHERS": "cancel",
        "SCHEDULE_CRON": "0 0 * * * * *",
        "FAILED_LIMIT": "30m",
    }
    it.environ |= own
    it.region.add_group("asg-other001", image=OLD, instances=2, tags={})
    for image in (NEW, "img-00000003"):
        it.make_image(image)
        it.cloud.faults.fail_image(image)
        it.post(AutoScalingGroupId="asg-other001", ImageId=image, Force=True)
        it.post(AutoScalingGroupId=GROUP, ImageId=image, Force=True)
        it.finish()
        for _ in range(3):
            (status,) = json.loads(run("status", "--json", **own)[1])["Regions"]
            assert status == it.status()
            it.advance(1200)
        it.post(Action="RollbackInstanceRefresh", AutoScalingGroupIds=[GROUP, "asg-other001"])
        it.finish()
    assert status["States"].keys() & {"planned"}


def test_a_setting_that_only_says_what_is_told_stops_the_command(run: Run) -> None:
    code, out, err = run("status", SCHEDULE_CRON="often")
    assert (code, out) == (1, "")
    assert "SCHEDULE_CRON must be" in err


def test_what_stops_the_schedule_does_not_stop_a_person(run: Run, it: World) -> None:
    own = {"MODE": "observe", "MAX_REFRESHING": "0"}
    it.make_image(NEW)
    assert "CapReached" in run("status", **own)[1]
    assert "started" in run("start", GROUP, "--image", NEW, "--yes", **own)[1]
    assert it.region.activities


def test_keys_and_region_come_from_the_vendors_cli(it: World, tmp_path: Path) -> None:
    role, program = it.role, "from tccli.main import main; main()"
    said: list[Any] = [
        "secretId",
        role.secret_id,
        "secretKey",
        role.secret_key,
        "token",
        role.token,
    ]
    line = [sys.executable, "-c", program, "configure", "set", *said, "region", "ap-shanghai"]
    environ = {"HOME": str(tmp_path), "PATH": os.defpath, "LC_ALL": "C.UTF-8"}
    subprocess.run([*line, "--profile", "night"], env=environ, check=True, capture_output=True)
    found = account({"TCCLI_PROFILE": "night"}, tmp_path, None, "")
    keys = (found.credentials.secret_id, found.credentials.secret_key, found.credentials.token)
    assert keys == (role.secret_id, role.secret_key, role.token)
    assert (found.region, found.settings.as_endpoint) == (
        "ap-shanghai",
        "https://as.tencentcloudapi.com",
    )
    own = {"TENCENTCLOUD_SECRET_ID": "i", "TENCENTCLOUD_SECRET_KEY": "k"}
    assert account(own, tmp_path, "night", "").credentials == found.credentials
    assert account(own, tmp_path, None, REGION).credentials.secret_id == "i"
    assert account(own, tmp_path, None, REGION).region == REGION


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (None, "no credentials are known"),
        ("{}", "no credentials are known"),
        ("{", "can't be read as JSON"),
        ('{"secretId": "i", "secretKey": "k", "expiresAt": 1}', "have ended"),
    ],
)
def test_without_keys_it_says_how_to_get_some(tmp_path: Path, kept: str | None, said: str) -> None:
    (tmp_path / ".tccli").mkdir()
    if kept is not None:
        (tmp_path / ".tccli" / "default.credential").write_text(kept)
    with pytest.raises(NotConfigured, match=said):
        account({}, tmp_path, None, REGION)
    with pytest.raises(NotConfigured, match="no region is known"):
        account({}, tmp_path, None, "")
