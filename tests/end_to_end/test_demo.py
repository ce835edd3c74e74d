"""The rehearsal shows all three triggers, and tells the truth about how they ended."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console

from local.clock import ScaledClock
from local.cloud import Cloud
from local.demo import __main__ as demo
from local.demo import screen
from local.demo.acts import ACTS
from local.demo.progress import Progress
from local.demo.rehearsal import rehearse
from local.scf.project import ROOT

if TYPE_CHECKING:
    import pytest

    from local.calls import Call

FAST = 120.0
BOTH = ("RefreshEnded", "RolledBack")


def test_all_triggers_end_in_successful_activities(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "SPEED", FAST)
    assert demo.main() == 0
    shown = capsys.readouterr().out
    *rows, bad = [line for line in shown.splitlines() if line.startswith("│")]
    assert [line.split()[1] for line in rows] == ["COS", "COS", "webhook", "timer", *["rings"] * 5]
    assert all("SUCCESSFUL" in line and "started" in line for line in rows)
    assert all(word in bad for word in ("bad image", "canary", "rolled back"))
    check_failure(shown)
    (name,) = re.findall(r"log lines go to (.*)", shown)
    logged = [line.split(" ", 1) for line in Path(name).read_text().splitlines()]
    Path(name).unlink()
    assert '{"level"' not in shown
    assert {name for name, _ in logged} == {"image_published", "webhook", "schedule"}
    assert sum(json.loads(line).get("outcome") == "started" for _, line in logged) == 11
    assert "6/6 instances on img-" in shown
    assert "\x1b" not in shown
    assert "instance-refresh status --watch" in shown.splitlines()[-1]


def check_failure(shown: str) -> None:
    """The bad image is rolled back and restored; both ends are told in both chats, and who waits.

    Both fall to the same tick, now and then, and are one message then.
    """
    act = shown.partition("bad image: ")[2].partition("What was started")[0]
    assert "canary started" in act
    assert "canary restored" in act
    assert re.search(r"canary runs img-\S+ again, .* no other group of shop has moved", act)
    assert all(f"{name:<8} batch 0/0" in act for name in ("shop-a", "shop-b", "shop-c", "shop-d"))
    assert not re.search("shop-. +batch [1-9]", act)
    assert "Slack and WeCom" in act
    warnings = re.findall("WARNING: (.*?) *│", act)
    assert warnings in ([f"canary: {code}" for code in some] for some in (BOTH, BOTH[1:]))
    assert act.count("family shop: 4 groups of higher rings wait for canary") >= len(warnings)
    assert "http://127.0.0.1:" in act
    assert "WARNING" not in shown.partition("bad image: ")[0]
    assert not re.search("[\u4e00-\u9fff]", shown)


def test_a_bad_image_that_is_not_rolled_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.demo.rehearsal.LONGEST_ACT_S", 1.0)
    with Cloud(clock=ScaledClock(speed=FAST)) as cloud:  # no timer: nothing begins
        different = rehearse(Console(file=io.StringIO(), width=120), cloud, io.StringIO(), ACTS[4:])
    assert different == ["canary: was not rolled back, but waiting"]


def test_what_is_shown_fits_a_terminal_of_80_columns() -> None:
    written = io.StringIO()
    narrow = Console(file=written, force_terminal=True, width=80, highlight=False)
    one = Progress(
        "asg-1", "follower", "asr-00000001", "ROLLBACK", "RUNNING", 1, 2, 2, 4, "img-00000001", ""
    )
    with screen.Bars(narrow) as bars:
        bars.show(one)
    ends = replace(one, status="SUCCESSFUL").stands
    row = ("bad image", one.name, one.image, one.activity, ends, "restored", "word " * 40)
    screen.chat(narrow, ["Slack", "WeCom"], "word " * 40)
    screen.summary(narrow, [row])
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.getvalue()).splitlines()
    assert all(cell_len(line) <= 80 for line in lines)
    assert "…" not in "".join(lines)
    for whole in ("rollback RUNNING", "rolled back │", "batch 1/2 img-00000001"):
        assert whole in "\n".join(lines)


def test_a_failed_instance_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.demo.rehearsal.LONGEST_ACT_S", 10.0)
    screen = io.StringIO()
    with Cloud(clock=ScaledClock(speed=FAST)) as cloud:
        region = cloud.region("ap-guangzhou")

        def fail_the_first_of_batch(call: Call) -> None:
            if call.action == "StartInstanceRefresh" and "asg-batch001" in str(call.params):
                cloud.faults.fail_instance(region.groups["asg-batch001"].instance_ids[0])

        cloud.on_call = fail_the_first_of_batch
        different = rehearse(
            Console(file=screen, force_terminal=True, width=120), cloud, io.StringIO(), ACTS[:3]
        )
    assert len(different) == 4
    assert different[0].startswith("batch: activity asr-")
    assert different[0].endswith("ended FAILED_PAUSE, not SUCCESSFUL")
    assert all(" runs img-base0001, not img-" in difference for difference in different[1:])
    assert "FAILED_PAUSE" in screen.getvalue()


def test_a_function_that_starts_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.demo.rehearsal.LONGEST_ACT_S", 1.0)
    with Cloud(clock=ScaledClock(speed=FAST)) as cloud:
        cloud.faults.inject("StartInstanceRefresh", "denied", times=None)
        different = rehearse(Console(file=io.StringIO(), width=120), cloud, io.StringIO(), ACTS[:3])
    assert different == [
        f"{name}: no refresh was started" for name in ("web", "api", "batch", "web")
    ]


def test_ctrl_c_ends_it_cleanly() -> None:
    # A shell's background jobs, and so these tests, may have been started with Ctrl-C switched off.
    listening = (
        "import runpy, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "runpy.run_module('local.demo', run_name='__main__', alter_sys=True)"
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", listening],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": folder},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as running,
    ):
        assert running.stdout
        assert running.stderr
        while "RUNNING" not in running.stdout.readline():
            assert running.poll() is None
        running.send_signal(signal.SIGINT)
        shown, wrong = running.stdout.read(), running.stderr.read()
        assert wrong == ""
        assert shown.endswith("Stopped.\n")
        assert running.wait() == 130
