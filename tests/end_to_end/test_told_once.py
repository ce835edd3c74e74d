"""One event is one warning, told where people are, in the tick that sees it."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from instance_refresh.invocation import TryAgain
from local.chat.server import Chat
from local.clock import ManualClock
from tests.contract.local_command import Cli
from tests.end_to_end import person
from tests.end_to_end.harness import World, tags, world
from tests.end_to_end.invariants import Invariants

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.chat.robot import Robot

OLD, NEW, NEWER = "img-00000001", "img-00000002", "img-00000003"
FIRST, SECOND = "asg-first000", "asg-second00"
STATUS = "https://status.example/"


def fill(it: World) -> None:
    it.region.add_image(OLD, family="web", created=it.cloud.clock.now())
    it.advance(3600)
    for ring, group in enumerate((FIRST, SECOND)):
        policy = tags(ring=ring, fail_process="AUTO_ROLLBACK", batch_pause="BATCH_INTERVAL_PAUSE")
        it.region.add_group(group, image=OLD, instances=2, tags=policy)


def warnings(seen: list[dict[str, Any]]) -> list[tuple[Any, Any]]:
    return [(line.get("group"), line.get("code")) for line in seen if line["level"] != "INFO"]


@pytest.fixture
def robot(it: World) -> Iterator[Robot]:
    with Chat(now=lambda: it.cloud.clock.now().timestamp()) as chat:
        robot = chat.robot("cloudevents")
        it.environ["NOTIFY"] = robot.setting
        yield robot


@pytest.mark.world(fill=fill)
def test_a_rollback_is_one_message_that_says_who_waits(it: World, lines: Any, robot: Robot) -> None:
    it.cloud.faults.fail_image(NEW)
    it.make_image(NEW)
    it.ticks(10)
    told = lines()
    assert warnings(told) == [(FIRST, "RefreshEnded"), (FIRST, "RolledBack")]
    back = next(line for line in told if line.get("code") == "RolledBack")
    assert f"the instances run {OLD}" in back["message"]
    assert "family web: 1 groups of higher rings wait for" in back["notes"][0]
    (sent,) = [shown.body["data"] for shown in robot.shown]
    assert (sent["Code"], sent["Level"], sent["AutoScalingGroupCount"]) == (
        "RolledBack", "WARNING", 1,
    )  # fmt: skip
    assert back["notes"][0] in sent["Lines"]
    it.ticks(48)
    again = warnings(lines())
    assert again == [(FIRST, None)]  # `rejected` without a code, after REMIND_EVERY


@pytest.mark.world(fill=fill, NOTIFY_LEVEL="INFO")
def test_a_success_says_which_group_is_next(it: World, lines: Any, robot: Robot) -> None:
    it.region.groups[FIRST].tags.pop("instance-refresh:batch-pause")
    it.make_image(NEW)
    it.ticks(4)
    (end,) = [line for line in lines() if line.get("outcome") == "succeeded"]
    name = it.region.groups[SECOND].auto_scaling_group_name
    assert end["notes"] == [f"web: 1 of 2 groups to go; in ring 1: {name}"]
    sent = [shown.body["data"]["Lines"] for shown in robot.shown]
    assert any(end["notes"][0] in some for some in sent)


@pytest.mark.world(fill=fill)
def test_a_refresh_that_gives_way_to_a_newer_image_is_no_alarm(it: World, lines: Any) -> None:
    it.make_image(NEW)
    it.ticks(2)
    it.make_image(NEWER)
    it.ticks(4)
    told = [line for line in lines() if line.get("group") == FIRST]
    assert [(line["outcome"], line.get("code")) for line in told] == [
        ("started", None), ("cancelled", "NewerImage"), ("started", None),
        ("cancelled", "RefreshEnded"),
    ]  # fmt: skip
    assert warnings(told) == []


@pytest.mark.world(fill=fill)
def test_a_cancel_by_a_person_is_one_warning(it: World, lines: Any) -> None:
    it.make_image(NEW)
    it.ticks(2)
    person.steer(Invariants(it), FIRST, "Cancel")
    lines()
    it.ticks(3)
    told = lines()
    assert [line["outcome"] for line in told if line["level"] != "INFO"] == ["rejected"]
    assert "cancelled" in {line["outcome"] for line in told}


@pytest.mark.parametrize("action", ["ModifyLaunchConfigurationAttributes", "StartInstanceRefresh"])
@pytest.mark.world(fill=fill)
def test_a_start_that_is_denied_is_told_by_the_first_tick(
    it: World, lines: Any, action: str
) -> None:
    it.advance(3600 + 600 - it.cloud.clock.now().timestamp() % 3600)  # ten past
    it.cloud.faults.inject(action, "denied", times=None)
    it.make_image(NEW)
    it.ticks(1)
    (first,) = [line for line in lines() if line["level"] == "ERROR"]
    assert (first["group"], first["outcome"], first["family"]) == (FIRST, "failed", "web")
    it.ticks(8)
    assert warnings(lines()) == []
    it.ticks(1)
    assert len(warnings(lines())) == 1  # at the full hour


@pytest.mark.world(fill=fill, STATUS_URL=STATUS)
def test_a_message_leads_to_the_status_of_its_family_for_a_day(it: World, robot: Robot) -> None:
    it.cloud.faults.fail_image(NEW)
    it.make_image(NEW)
    it.ticks(10)
    (shown,) = robot.shown
    link = shown.body["data"]["Link"]
    assert link.startswith(STATUS)
    query = {name: value[0] for name, value in parse_qs(urlsplit(link).query).items()}
    event = {"httpMethod": "GET", "path": "/", "headers": {}, "queryString": query}
    answer = it.call("status", event)
    assert answer["statusCode"] == 200
    (seen,) = json.loads(answer["body"])["Regions"]
    assert [one["Family"] for one in seen["Families"]] == ["web"]
    other = {**event, "queryString": {**query, "family": "api"}}
    assert it.call("status", other)["statusCode"] == 401
    it.advance(24 * 3600)
    assert it.call("status", event)["statusCode"] == 401


@pytest.mark.world(fill=fill, STATUS_URL=STATUS, NOTIFY_LEVEL="INFO")
def test_two_deliveries_of_a_tick_have_one_id_and_one_link(it: World, robot: Robot) -> None:
    it.make_image(NEW)
    it.ticks(1)
    it.finish()
    it.ticks(1)
    now = f"{it.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    event = {"Type": "Timer", "TriggerName": "tick", "Time": now, "Message": ""}
    person.steer(Invariants(it), FIRST, "Cancel")
    it.advance(100)
    seen = []
    for _ in range(2):
        before = len(robot.shown)
        it.advance(20)
        it.call("schedule", event)
        seen.append([shown.body for shown in robot.shown[before:]])
    assert [one["id"] for one in seen[0]] == [one["id"] for one in seen[1]]
    assert [one["data"]["Link"] for one in seen[0]] == [one["data"]["Link"] for one in seen[1]]


@pytest.mark.parametrize(
    "settings", [{"STATUS_URL": STATUS, "STATUS_SECRET": ""}, {"STATUS_URL": ""}]
)
@pytest.mark.world(fill=fill, NOTIFY_LEVEL="INFO")
def test_without_an_address_or_a_secret_there_is_no_link(
    it: World, robot: Robot, settings: dict[str, str]
) -> None:
    it.environ |= settings
    it.make_image(NEW)
    it.ticks(1)
    assert {shown.body["data"]["Link"] for shown in robot.shown} == {""}


def test_a_refresh_by_the_vendors_cli_is_watched_like_ours(lines: Any, tmp_path: Path) -> None:
    """The CLI signs by the real time, which the cloud's must be within five minutes of."""
    start = round(datetime.now(timezone.utc).timestamp() / 300) * 300 + 60  # a minute after a tick
    with world(time=ManualClock(datetime.fromtimestamp(start, timezone.utc))) as it:
        it.region.add_image(OLD, family="web", created=it.cloud.clock.now())
        it.region.add_group(FIRST, image=OLD, instances=4)
        keys = {"TENCENTCLOUD_SECRET_ID": it.role.secret_id, "TENCENTCLOUD_TOKEN": it.role.token}
        keys["TENCENTCLOUD_SECRET_KEY"] = it.role.secret_key
        activity = Cli({**it.environ, **keys}, tmp_path).start(FIRST)
        it.ticks(8)
        told = lines()
    assert [(line["activity"], line["outcome"], line.get("code")) for line in told] == [
        (activity, "in_progress", "Begun"), (activity, "succeeded", None),
    ]  # fmt: skip


@pytest.mark.world(fill=fill)
def test_that_a_region_can_not_be_looked_at_is_told_once_an_hour(it: World, robot: Robot) -> None:
    it.cloud.faults.inject("DescribeAutoScalingGroups", "denied", times=None)
    for _ in range(24):
        with suppress(TryAgain):
            it.ticks(1)
    titles = [shown.body["data"]["Title"] for shown in robot.shown]
    assert titles == ["ap-guangzhou: AuthFailure.UnauthorizedOperation"] * 2


@pytest.mark.world(fill=fill, NOTIFY="https://chat.example", STATUS_URL="ftp://status.example")
def test_a_setting_that_only_tells_is_an_error_once_an_hour(it: World, lines: Any) -> None:
    it.ticks(24)
    wrong = [line for line in lines() if line.get("code") == "InvalidSetting"]
    assert [line["message"].split()[3] for line in wrong] == ["NOTIFY", "STATUS_URL"] * 2
