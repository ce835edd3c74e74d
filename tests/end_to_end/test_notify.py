"""Messages sent to chats and an endpoint: what is wrong with one of them stays with it."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

from instance_refresh.clock import Deadline
from instance_refresh.notify.channels import Channel, Kind, channels
from instance_refresh.notify.send import send
from local.chat.server import Chat
from tests.told import CHATS, HOSTILE, message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.chat.robot import Robot

KINDS: tuple[Kind, ...] = get_args(Kind)
LAYER = Path(__file__).resolve().parents[2] / "layers" / "instance_refresh"


@pytest.fixture
def chat() -> Iterator[Chat]:
    with Chat() as made:
        yield made


def tell(*robots: Robot, told: Any = (), **settings: Any) -> list[str]:
    """Send messages as the setting that names these robots would have them sent."""
    named = channels(",".join(robot.setting for robot in robots))
    problems = send(told or (message(),), named, deadline=Deadline(30_000), **settings)
    for robot in robots:  # whatever happened, no secret is in what is said of it
        assert not [p for p in problems if robot.token in p or (robot.secret or "\0") in p]
    return problems


def test_each_kind_of_channel_takes_what_is_sent_signed_or_not(chat: Chat) -> None:
    robots = [chat.robot(kind, signed=signed) for kind in KINDS for signed in (True, False)]
    assert tell(*robots) == []
    for robot in robots:
        (shown,) = robot.shown
        assert "paused for 2 h" in shown.text
        assert not shown.mentions


def test_a_tick_s_messages_are_one_in_a_chat_and_an_event_each_elsewhere(chat: Chat) -> None:
    robots = [chat.robot(kind) for kind in KINDS]
    told = tuple(message(id=f"m{n}", title=f"family {n} failed") for n in range(12))
    assert tell(*robots, told=told) == []
    *in_chats, events = robots
    for robot in in_chats:
        (shown,) = robot.shown
        assert all(f"family {n} failed" in shown.text for n in range(12))
    assert [shown.body["id"] for shown in events.shown] == [f"m{n}" for n in range(12)]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_arrive_and_call_nobody(chat: Chat, name: str) -> None:
    robots = [chat.robot(kind) for kind in KINDS]
    hostile = message(id=name, title=name, lines=(name,), link=name, groups=(name,), region=name)
    assert tell(*robots, told=(hostile,)) == []
    assert not [robot.kind for robot in robots if robot.shown[0].mentions]


def test_much_is_cut_to_what_each_platform_takes(chat: Chat) -> None:
    robots = [chat.robot(kind) for kind in KINDS]
    much = message(title="字" * 999, lines=('\\"字' * 400,) * 100, groups=("g" * 99,) * 999)
    assert tell(*robots, told=(much,) * 40) == []


def test_only_what_is_of_the_level_is_told(chat: Chat) -> None:
    robot = chat.robot("wecom")
    told = (message(level="INFO", title="began"), message(level="WARNING", title="waits"))
    assert tell(robot, told=told[:1]) == []
    assert robot.shown == []
    assert tell(robot, told=told) == []
    assert tell(robot, told=told[:1], level="INFO") == []
    assert ["began" in shown.text for shown in robot.shown] == [False, True]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["http_500", "http_502"])
def test_what_failed_before_it_was_taken_is_tried_again(chat: Chat, kind: str, fault: str) -> None:
    robot = chat.robot(kind)
    chat.faults.inject(kind, fault, times=1)
    assert tell(robot) == []
    assert len(robot.shown) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "cut_within"])
def test_what_may_have_been_taken_is_shown_twice_in_no_chat(
    chat: Chat, kind: str, fault: str
) -> None:
    robot = chat.robot(kind)
    chat.faults.inject(kind, fault, times=1)
    problems = tell(robot)
    identifiers = {shown.headers.get("webhook-id") for shown in robot.shown}
    assert len(identifiers) <= 1
    if kind == "cloudevents":  # a receiver knows an event again by its id
        assert problems == []
        assert len(robot.shown) >= 1
    else:
        assert len(robot.shown) <= 1


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("wecom", "channel 1 (wecom) refused it with 45009: it got too many messages"),
        ("dingtalk", "channel 1 (dingtalk) refused it with 130101: it got too many messages"),
        ("feishu", "channel 1 (feishu) refused it with 11232: it got too many messages"),
        ("slack", "channel 1 (slack) refused it with status 429 rate_limited"),
        ("cloudevents", "channel 1 (cloudevents) refused it with status 429"),
    ],
)
def test_a_throttled_channel_is_named_and_left_alone_soon(chat: Chat, kind: str, said: str) -> None:
    robot = chat.robot(kind)
    chat.faults.inject(kind, "throttle", times=None)
    started = time.monotonic()
    assert tell(robot) == [said]
    assert time.monotonic() - started < 5


def test_a_chat_that_asks_for_a_second_gets_it(chat: Chat) -> None:
    robot = chat.robot("slack")
    chat.faults.inject("slack", "throttle", times=1)
    started = time.monotonic()
    assert tell(robot) == []
    assert time.monotonic() - started >= 1
    assert len(robot.shown) == 1


@pytest.mark.parametrize("kind", CHATS)
def test_a_robot_that_is_gone_or_signed_otherwise_is_named(chat: Chat, kind: str) -> None:
    robot = chat.robot(kind)
    gone = channels(robot.setting.replace(robot.token, "0" * 32))
    (problem,) = send((message(),), gone, deadline=Deadline(30_000))
    assert "no such robot" in problem or "status 404 no_service" in problem
    if robot.secret:
        other = channels(f"{robot.setting}x")
        (problem,) = send((message(),), other, deadline=Deadline(30_000))
        assert problem.endswith("its signature refused the message") or "310000" in problem


@pytest.mark.parametrize("kind", KINDS)
def test_a_redirect_is_not_followed(chat: Chat, kind: str) -> None:
    robot, elsewhere = chat.robot(kind), chat.robot(kind)
    robot.redirect = elsewhere.url
    said = f"channel 1 ({kind}) redirects (status 307), which is not followed"
    assert tell(robot) == [said]
    assert not elsewhere.shown


@pytest.mark.parametrize("fault", ["malformed_json", "empty_body"])
@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu", "lark"])
def test_an_answer_that_says_nothing_is_a_problem(chat: Chat, kind: str, fault: str) -> None:
    robot = chat.robot(kind)
    chat.faults.inject(kind, fault)
    assert tell(robot) == [f"channel 1 ({kind}) refused it with status 200 and no code"]
    assert len(robot.shown) == 1


def test_a_slow_channel_holds_up_neither_the_others_nor_the_tick(chat: Chat) -> None:
    slow, *others = (chat.robot(kind) for kind in KINDS)
    chat.faults.inject(slow.kind, "delay", times=None, seconds=3)
    started = time.monotonic()
    (problem,) = tell(slow, *others, most_seconds=1)
    assert time.monotonic() - started < 2
    assert problem in (
        "channel 1 (wecom) has not answered within 1.0 s",
        "channel 1 (wecom) could not be reached (ReadTimeout)",
    )
    assert all(len(robot.shown) == 1 for robot in others)


def test_a_function_without_time_left_tells_nobody_and_says_so(chat: Chat) -> None:
    robot = chat.robot("slack")
    problems = send((message(),), channels(robot.setting), deadline=Deadline(100))
    assert problems == ["channel 1 (slack) was not told: the function's time limit is near"]
    assert not robot.shown


def test_a_dead_endpoint_is_named_by_its_number_alone() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dead = Channel(3, "slack", f"http://127.0.0.1:{port}/pl4nted", "")
    unknown = Channel(4, "wecom", "https://pl4nted.invalid/?key=pl4nted", "")
    problems = send((message(),), (dead, unknown), deadline=Deadline(30_000), most_seconds=3)
    assert [problem.split(" ")[:3] for problem in problems] == [
        ["channel", "3", "(slack)"],
        ["channel", "4", "(wecom)"],
    ]
    assert "pl4nted" not in str(problems)


def test_a_malformed_answer_brings_no_url_into_the_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Libraries quote URLs in what they log of broken answers, and a robot's URL is a secret."""
    answers = [
        b"HTTP/1.1 200 OK\r\nnot a header at all\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n: x\r\n\r\nok",
        b"HTTP/9 what\r\n\r\n",
        b"\x00\xff" * 50,
        b"",
    ]
    logging.getLogger().setLevel(logging.WARNING)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, args=[server, answers], daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/services/pl4nted?key=pl4nted"
        for _ in answers:
            channel = Channel(1, "slack", url, "")
            problems = send((message(),), (channel,), deadline=Deadline(30_000), most_seconds=2)
            assert "pl4nted" not in str(problems)
        thread.join(5)
    out = capfd.readouterr()
    assert "pl4nted" not in caplog.text + out.out + out.err


def serve(server: socket.socket, answers: list[bytes]) -> None:
    for answer in answers:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)


def test_where_nothing_is_told_nothing_is_loaded_for_it(chat: Chat) -> None:
    """Cold starts and memory stay as they are on the ticks with nothing to tell."""
    robot = chat.robot("wecom")
    code = (
        "import json, sys\n"
        "from datetime import datetime, timezone\n"
        "from instance_refresh.clock import Deadline\n"
        "from instance_refresh.model.message import Message\n"
        "from instance_refresh.notify.channels import channels\n"
        "from instance_refresh.notify.send import send\n"
        "named, kept = channels(sys.argv[1]), []\n"
        "for level in ('INFO', 'ERROR'):\n"
        "    told = Message('1', level, 'title', datetime.now(timezone.utc))\n"
        "    assert send((told,), named, deadline=Deadline(30000)) == []\n"
        "    kept.append(sorted(sys.modules))\n"
        "print(json.dumps(kept))\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(LAYER)}
    command = [sys.executable, "-c", code, robot.setting]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
    nothing, told = (set(names) for names in json.loads(done.stdout))
    heavy = {"requests", "urllib3", "standardwebhooks", "http.client", "ssl", "jsonschema"}
    assert not heavy & nothing
    assert "requests" in told
    assert len(robot.shown) == 1
