"""Asynchronous events, timers, COS events and concurrency behave as on the platform."""

from __future__ import annotations

import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.clock import ManualClock, ScaledClock
from local.cloud import Cloud
from local.scf.platform import Platform
from tests.contract.scf_platform import running, write_function

if TYPE_CHECKING:
    from local.scf.invocation import Invocation

# Fails until the file it is told of has as many lines as the event wants; says so by a line.
FLAKY = """
with open(event["file"], "a+") as file:
    file.write("try\\n")
    file.seek(0)
    if len(file.readlines()) < event["succeeds_at"]:
        how = event.get("how", "raise")
        if how == "exit":
            os._exit(1)
        raise ValueError("not yet")
return "done"
"""

# Says that it runs by making a file, and waits for another one.
HELD = """
open(event["begun"], "x").close()
while not os.path.exists(event["go"]):
    time.sleep(0.005)
return "went"
"""


def held_event(folder: Path, number: int) -> dict[str, str]:
    return {"begun": str(folder / f"begun{number}"), "go": str(folder / f"go{number}")}


def until_begun(event: dict[str, str]) -> None:
    pause = threading.Event()
    while not Path(event["begun"]).exists():
        pause.wait(0.005)


def tries(done: list[Invocation]) -> list[tuple[int, int]]:
    return [(one.try_number, one.status) for one in done]


@pytest.mark.parametrize(("how", "status"), [("raise", 430), ("exit", 439)])
def test_a_failed_event_is_tried_again_a_minute_later(
    tmp_path: Path, how: str, status: int
) -> None:
    write_function(tmp_path, "flaky", FLAKY, before="import os")
    with running(tmp_path) as (platform, cloud):
        platform.deploy("flaky")
        event = {"file": str(tmp_path / "tries"), "succeeds_at": 2, "how": how}
        future = platform.invoke_async("flaky", event)
        platform.tick()
        cloud.clock.advance(59)
        platform.tick()
        assert tries(platform.invocations) == [(1, status)]
        assert not future.done()
        cloud.clock.advance(1)
        platform.drain()
        assert tries(platform.invocations) == [(1, status), (2, 200)]
        assert future.result() == platform.invocations[-1]
        assert len({one.request_id for one in platform.invocations}) == 1


def test_after_two_more_tries_the_event_is_dropped(tmp_path: Path) -> None:
    write_function(tmp_path, "flaky", FLAKY, before="import os")
    with running(tmp_path) as (platform, cloud):
        platform.deploy("flaky")
        event = {"file": str(tmp_path / "tries"), "succeeds_at": 99}
        future = platform.invoke_async("flaky", event)
        for _ in range(5):
            platform.tick()
            cloud.clock.advance(60)
        assert tries(platform.invocations) == [(1, 430), (2, 430), (3, 430)]
        assert future.result().error_message == "not yet"
        platform.drain()


def test_a_synchronous_event_is_tried_once(tmp_path: Path) -> None:
    write_function(tmp_path, "flaky", FLAKY, before="import os")
    with running(tmp_path) as (platform, cloud):
        platform.deploy("flaky")
        platform.invoke("flaky", {"file": str(tmp_path / "tries"), "succeeds_at": 2})
        cloud.clock.advance(600)
        platform.tick()
        assert tries(platform.invocations) == [(1, 430)]


def test_drain_names_what_is_still_to_be_tried(tmp_path: Path) -> None:
    write_function(tmp_path, "flaky", FLAKY, before="import os")
    with running(tmp_path) as (platform, _):
        platform.deploy("flaky")
        event = {"file": str(tmp_path / "tries"), "succeeds_at": 2}
        future = platform.invoke_async("flaky", event)
        with pytest.raises(TimeoutError, match="1 asynchronous invocations still pending: flaky"):
            platform.drain(0.5)
    assert future.cancelled()


def test_a_killed_instance_ends_its_event_as_a_crash(tmp_path: Path) -> None:
    write_function(tmp_path, "held", HELD, before="import os, time")
    with running(tmp_path) as (platform, cloud):
        platform.deploy("held", timeout_s=60)
        event = held_event(tmp_path, 1)
        future = platform.invoke_async("held", event)
        until_begun(event)
        platform.kill("held")
        platform.tick()
        first = platform.invocations[0]
        assert (first.status, first.error_message) == (439, "The process exited (SIGKILL)")
        (tmp_path / "begun1").unlink()
        (tmp_path / "go1").touch()
        cloud.clock.advance(60)
        platform.drain()
        assert (future.result().status, future.result().cold) == (200, True)


def test_two_events_at_once_have_an_instance_each(tmp_path: Path) -> None:
    write_function(tmp_path, "held", HELD, before="import os, time")
    with running(tmp_path) as (platform, _):
        platform.deploy("held", timeout_s=60)
        events = [held_event(tmp_path, number) for number in (1, 2)]
        futures = [platform.invoke_async("held", event) for event in events]
        for event in events:
            until_begun(event)
        for number in (1, 2):
            (tmp_path / f"go{number}").touch()
        assert [future.result(10).cold for future in futures] == [True, True]


def test_reserved_concurrency_queues_asynchronous_events_and_refuses_others(
    tmp_path: Path,
) -> None:
    write_function(tmp_path, "held", HELD, before="import os, time")
    with running(tmp_path) as (platform, _):
        platform.deploy("held", timeout_s=60, concurrency=1)
        first, second = (held_event(tmp_path, number) for number in (1, 2))
        futures = [platform.invoke_async("held", first)]
        until_begun(first)
        futures.append(platform.invoke_async("held", second))
        refused = platform.invoke("held", {})
        assert (refused.status, refused.error["errorMessage"]) == (432, "ResourceLimitReached")
        (tmp_path / "go2").touch()
        (tmp_path / "go1").touch()
        assert [future.result(10).status for future in futures] == [200, 200]
        assert [one.cold for one in platform.invocations if one.status == 200] == [True, False]


def test_a_new_deployment_starts_cold_while_the_old_one_ends_its_event(tmp_path: Path) -> None:
    write_function(tmp_path, "held", HELD, before="import os, time")
    with running(tmp_path) as (platform, _):
        platform.deploy("held", timeout_s=60)
        event = held_event(tmp_path, 1)
        future = platform.invoke_async("held", event)
        until_begun(event)
        write_function(tmp_path, "held", 'return "new"')
        platform.deploy("held")
        assert platform.invoke("held", {}).result == "new"
        (tmp_path / "go1").touch()
        assert future.result(10).result == "went"
        assert platform.invoke("held", {}).result == "new"


def test_closing_ends_what_still_runs(tmp_path: Path) -> None:
    write_function(tmp_path, "held", HELD, before="import os, time")
    event = held_event(tmp_path, 1)
    with running(tmp_path) as (platform, _):
        platform.deploy("held", timeout_s=60)
        future = platform.invoke_async("held", event)
        until_begun(event)
    assert platform.invocations[0].status == 439
    assert future.cancelled()


def timer_events(platform: Platform) -> list[Any]:
    return [one.event for one in platform.invocations]


def test_a_timer_fires_for_every_time_the_clock_passes(tmp_path: Path) -> None:
    write_function(tmp_path, "tick", "return event")
    start = datetime(2025, 6, 1, tzinfo=timezone.utc)
    with running(tmp_path, ManualClock(start)) as (platform, cloud):
        platform.deploy("tick")
        platform.timer("tick", name="EveryDay", cron="0 0 3 * * * *", message='{"a": "é"}')
        platform.tick()
        assert timer_events(platform) == []
        cloud.clock.advance(2 * 86_400)
        platform.tick()
        event = {"Type": "Timer", "TriggerName": "EveryDay", "Message": '{"a": "é"}'}
        assert sorted(timer_events(platform), key=lambda one: str(one["Time"])) == [
            # 03:00 in Beijing.
            event | {"Time": "2025-06-01T19:00:00Z"},
            event | {"Time": "2025-06-02T19:00:00Z"},
        ]


def test_a_timer_of_another_zone_and_one_whose_last_time_is_past(tmp_path: Path) -> None:
    write_function(tmp_path, "tick", "return event")
    start = datetime(2025, 6, 1, tzinfo=timezone.utc)
    with running(tmp_path, ManualClock(start)) as (platform, cloud):
        platform.deploy("tick")
        platform.timer("tick", name="utc", cron="0 0 3 1 6 * 2025", zone=timezone.utc)
        platform.timer("tick", name="past", cron="0 0 3 1 6 * 2024")
        cloud.clock.advance(800 * 86_400)
        platform.tick()
        assert [one["Time"] for one in timer_events(platform)] == ["2025-06-01T03:00:00Z"]


def test_a_timer_fires_by_itself_on_a_clock_that_runs(tmp_path: Path) -> None:
    write_function(tmp_path, "tick", "return event")
    fired = threading.Event()
    with Cloud(clock=ScaledClock(speed=3600.0)) as cloud, Platform(cloud, tmp_path) as platform:
        platform.deploy("tick")
        platform.timer("tick", name="often", cron="0 0 * * * * *")
        while not fired.wait(0.01):
            if platform.invocations:
                fired.set()
        assert timer_events(platform)[0]["TriggerName"] == "often"


def test_a_timers_name_is_unique_and_its_message_at_most_4_kb(tmp_path: Path) -> None:
    write_function(tmp_path, "tick", "return event")
    with running(tmp_path) as (platform, _):
        platform.deploy("tick")
        platform.timer("tick", name="one", cron="0 0 3 * * * *")
        with pytest.raises(ValueError, match="timer one"):
            platform.timer("tick", name="one", cron="0 0 4 * * * *")
        with pytest.raises(ValueError, match="timer two"):
            platform.timer("tick", name="two", cron="0 0 4 * * * *", message="x" * 4097)


def test_an_object_that_matches_invokes_the_function(tmp_path: Path) -> None:
    write_function(tmp_path, "created", 'return event["Records"][0]["cos"]["cosObject"]["key"]')
    with running(tmp_path) as (platform, cloud):
        cloud.cos.create_bucket("images-1250000000", "ap-guangzhou")
        platform.deploy("created")
        platform.cos("created", bucket="images-1250000000", prefix="images/", suffix=".json")
        for key in ("images/a b.json", "images/a.txt", "other/a.json"):
            cloud.cos.put("images-1250000000", key, b"{}")
        platform.drain()
        results = [one.result for one in platform.invocations]
        assert results == ["/1250000000/images/images/a b.json"]
