"""One call of a function from the command line, against each of the three clouds."""

from __future__ import annotations

import copy
import io
import json
import os
import signal
import subprocess
import sys
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.cloud import Cloud
from local.invoke import as_of_now, main
from local.remote import CREDENTIALS
from local.scf.project import ROOT
from local.seed import seed

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of the environment of who runs the tests; the rest may be settings or credentials.
KEPT = ("HOME", "LANG", "LC_", "MOUNTED", "PATH", "PYTEST", "PYTHON", "TMP", "VIRTUAL_ENV")
REQUEST = {"AutoScalingGroupId": "asg-web00001", "ImageId": "img-base0003"}


@pytest.fixture
def event(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in os.environ:
        if not name.startswith(KEPT):
            monkeypatch.delenv(name)
    path = tmp_path / "event.json"
    headers = {"content-type": "application/json"}
    event = {"httpMethod": "POST", "path": "/", "headers": headers, "body": json.dumps(REQUEST)}
    path.write_text(json.dumps(event), encoding="utf-8")
    return str(path)


@pytest.fixture
def cloud(event: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    assert event
    with Cloud() as cloud:
        seed(cloud)
        role = cloud.role()
        assert role.token
        values = (role.secret_id, role.secret_key, role.token)
        for name, value in zip(CREDENTIALS, values, strict=True):
            monkeypatch.setenv(name, value)
        yield cloud


def started(cloud: Cloud) -> list[str]:
    return [call.code for call in cloud.calls if call.action == "StartInstanceRefresh"]


def test_a_fresh_stand_in_is_the_default(event: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["webhook", event]) == 0
    shown = capsys.readouterr().out
    assert "fresh local stand-in" in shown
    assert '"Outcome": "started"' in shown
    assert '  {"level": "INFO"' in shown
    assert "  as StartInstanceRefresh ap-guangzhou ok {" in shown


def test_an_unsigned_webhook_call_is_signed_unless_told_otherwise(
    event: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["webhook", event]) == 0
    assert "it was signed for this run" in capsys.readouterr().out
    assert main(["webhook", event, "--unsigned"]) == 0
    shown = capsys.readouterr().out
    assert '"statusCode": 401' in shown
    assert "StartInstanceRefresh" not in shown


def test_objects_beside_the_event_are_in_the_bucket(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "objects" / "images").mkdir(parents=True)
    manifest = tmp_path / "objects" / "images" / "m.json"
    manifest.write_text(json.dumps(REQUEST), encoding="utf-8")
    bucket = {"region": "gz", "name": "images", "appid": "1250000000", "cosRegion": "ap-guangzhou"}
    item = {
        "key": "/1250000000/images/images/m.json",
        "size": 100,
        "url": "",
        "vid": "",
        "meta": {},
    }
    record = {
        "cos": {"cosObject": item, "cosBucket": bucket},
        "event": {"eventName": "cos:ObjectCreated:Put", "eventTime": 1771729200},
    }
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"Records": [record]}), encoding="utf-8")
    assert main(["image_published", str(event)]) == 0
    assert '"Outcome": "started"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("function", "event", "says"),
    [
        ("image_published", "image_published.outside-prefix", '"Code": "Ignored"'),
        ("webhook", "webhook.start-instance-refresh", '"Outcome": "started"'),
    ],
)
@pytest.mark.usefixtures("event")
def test_the_events_find_what_they_speak_of(
    capsys: pytest.CaptureFixture[str], function: str, event: str, says: str
) -> None:
    assert main([function, f"{ROOT}/events/{event}.json"]) == 0
    assert says in capsys.readouterr().out


def test_an_event_counts_as_if_it_had_just_come() -> None:
    before = datetime.now(timezone.utc).replace(microsecond=0)
    tick = as_of_now({"Type": "Timer", "TriggerName": "t", "Time": "2026-02-22T03:00:00Z"})
    assert before <= datetime.fromisoformat(tick["Time"].replace("Z", "+00:00"))
    assert {k: v for k, v in tick.items() if k != "Time"} == {"Type": "Timer", "TriggerName": "t"}
    created = as_of_now({"Records": [{"cos": {}, "event": {"eventTime": 1771729200}}]})
    assert created["Records"][0]["event"]["eventTime"] >= before.timestamp()
    others: tuple[Any, ...] = (
        {"httpMethod": "POST"},
        {"Records": [1, {"event": 2}]},
        {"Records": 3},
        [],
        "x",
    )
    for other in others:
        assert as_of_now(copy.deepcopy(other)) == other


def test_a_tick_reinstalls_anew_though_its_file_is_old(
    event: str, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    message = json.dumps({**REQUEST, "ImageId": "img-base0001", "Force": True})
    tick = {"Type": "Timer", "TriggerName": "t", "Time": "2020-02-22T03:00:00Z", "Message": message}
    Path(event).write_text(json.dumps(tick), encoding="utf-8")
    region = cloud.region("ap-guangzhou")
    cloud.clock.advance(-86_400)  # what runs there is younger than the file, and older than now
    for _ in range(2):
        assert main(["schedule", event, "--endpoint", cloud.endpoint]) == 0
        cloud.clock.advance(3600)
        cloud.settle()
    assert '"Outcome": "started"' in capsys.readouterr().out
    assert len(region.activities) == 2


def test_a_running_stand_in(event: str, cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["webhook", event, "--endpoint", cloud.endpoint]) == 0
    assert cloud.endpoint in capsys.readouterr().out
    assert started(cloud) == [""]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing", "EVENT"], "no function 'nothing'; there are: image_published, schedule, stat"),
        (["webhook", "no-such-file.json"], "no-such-file.json: No such file"),
        (["webhook", __file__], "is not JSON"),
        (["webhook", "EVENT", "--endpoint", "http://127.0.0.1:1"], "export the lines that `make c"),
        (["webhook", "EVENT", "--endpoint", "http://203.0.113.1:1"], "stand-in"),
        (["webhook", "EVENT", "--endpoint", "http://[::1"], "stand-in"),
        (["webhook", "EVENT", "--endpoint", "http://127.0.0.1:99999"], "stand-in"),
        (["webhook", "EVENT", "--cloud", "tencent"], f"({', '.join(CREDENTIALS)}): set them to"),
    ],
)
def test_what_cannot_be_run_is_said(
    event: str, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert main([event if argument == "EVENT" else argument for argument in arguments]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        (("WEBHOOK_SECRET", "whsec_é"), "can't be signed with WEBHOOK_SECRET"),
        (("ALLOWED_GROUPS", "asg-web00001," * 400), "more than 4 KB"),
    ],
)
def test_settings_that_cannot_be_used_are_said(
    event: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    setting: tuple[str, str],
    says: str,
) -> None:
    monkeypatch.setenv(*setting)
    assert main(["webhook", event]) == 2
    assert says in capsys.readouterr().err


def test_an_event_nested_too_deep_is_said(event: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(event).write_text("[" * 200_000, encoding="utf-8")
    assert main(["webhook", event]) == 2
    assert "is not JSON" in capsys.readouterr().err


@pytest.mark.parametrize("region", ["ap-shanghai", ""])
def test_a_fresh_stand_in_is_where_its_groups_are(
    event: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], region: str
) -> None:
    monkeypatch.setenv("TENCENTCLOUD_REGION", region)
    assert main(["webhook", event]) == 0
    assert '"Outcome": "started"' in capsys.readouterr().out


def test_ctrl_c_ends_it_cleanly(event: str, cloud: Cloud) -> None:
    under_way = threading.Event()
    cloud.on_call = lambda _: under_way.set()
    cloud.faults.inject("*", "slow_after", seconds=60)
    listening = (
        "import runpy, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "runpy.run_module('local.invoke', run_name='__main__', alter_sys=True)"
    )
    line = [sys.executable, "-c", listening, "webhook", event, "--endpoint", cloud.endpoint]
    with subprocess.Popen(line, cwd=ROOT, stderr=subprocess.PIPE, text=True) as running:
        assert under_way.wait(30)
        running.send_signal(signal.SIGINT)
        assert running.communicate(timeout=30)[1] == "Stopped.\n"
        assert running.returncode == 130


def real_cloud(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    for name, value in cloud.environment().items():
        monkeypatch.setenv(name, value)


def test_the_real_cloud_is_not_called_unasked(
    event: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real_cloud(monkeypatch, cloud)
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert main(["webhook", event, "--cloud", "tencent"]) == 2
    said = capsys.readouterr()
    assert "REAL Tencent Cloud" in said.out
    assert "ap-guangzhou" in said.out
    assert f"AS_ENDPOINT: {cloud.endpoint}" in said.out
    assert "--yes" in said.err
    assert cloud.calls == []


@pytest.mark.parametrize(("answer", "calls"), [("yes\n", [""]), ("y\n", []), ("", [])])
def test_the_real_cloud_is_called_only_after_a_yes(
    event: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, answer: str, calls: list[str]
) -> None:
    real_cloud(monkeypatch, cloud)
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    assert main(["webhook", event, "--cloud", "tencent"]) == (0 if calls else 2)
    assert started(cloud) == calls


def test_no_credential_is_shown(
    event: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real_cloud(monkeypatch, cloud)
    assert main(["webhook", event, "--cloud", "tencent", "--yes"]) == 0
    assert started(cloud) == [""]
    said = capsys.readouterr()
    assert not [name for name in CREDENTIALS if os.environ[name] in said.out + said.err]


def test_a_function_that_fails_gives_1(
    event: str, cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.region("ap-guangzhou").images["img-base0003"].image_state = "CREATING"
    message = json.dumps(REQUEST)
    tick = {"Type": "Timer", "TriggerName": "t", "Time": "2026-02-22T03:00:00Z", "Message": message}
    Path(event).write_text(json.dumps(tick), encoding="utf-8")
    assert main(["schedule", event, "--endpoint", cloud.endpoint]) == 1
    assert "TryAgain" in capsys.readouterr().out
