"""The robots of the local chats check and answer as their platforms document."""

from __future__ import annotations

import base64
import hmac
import json
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests
from standardwebhooks.webhooks import Webhook

from local.chat.server import Chat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.chat.robot import Robot

CLOUDEVENT = "application/cloudevents+json"


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def chat(clock: Clock) -> Iterator[Chat]:
    with Chat(now=clock) as made:
        yield made


def put(url: str, body: Any, **headers: str) -> requests.Response:
    sent = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    usual = {"Content-Type": "application/json"}
    return requests.post(url, sent, headers={**usual, **headers}, timeout=5, allow_redirects=False)


def text(content: str, **more: Any) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": content, **more}}


def sign(key: str, message: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), message.encode(), "sha256")).decode()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (text("hello"), 0),
        (text("字" * 682 + "ab"), 0),  # 2048 bytes
        (text("字" * 683), 40058),
        ({"msgtype": "markdown", "markdown": {"content": "m" * 4096}}, 0),
        ({"msgtype": "markdown", "markdown": {"content": "m" * 4097}}, 40058),
        (text(""), 44004),
        ({"msgtype": "card"}, 40008),
        (b"{", 40058),
    ],
)
def test_wecom(chat: Chat, body: Any, code: int) -> None:
    robot = chat.robot("wecom")
    answer = put(robot.url, body)
    assert (answer.status_code, answer.json()["errcode"]) == (200, code)
    assert (len(robot.shown), robot.refused) == ((1, []) if code == 0 else (0, [str(code)]))


def test_wecom_knows_its_robots_and_whom_they_call(chat: Chat) -> None:
    robot = chat.robot("wecom")
    assert put(f"{robot.url}x", text("hello")).json()["errcode"] == 93000
    put(robot.url, text("<@wangqing> a", mentioned_list=["@all"]))
    assert robot.shown[0].mentions == ("wangqing", "@all")


def dingtalk_url(robot: Robot, at: float | None = None, secret: str = "") -> str:
    stamp = str(round((time.time() if at is None else at) * 1000))
    key = secret or robot.secret
    signature = quote(sign(key, f"{stamp}\n{key}"), safe="")
    return f"{robot.url}&timestamp={stamp}&sign={signature}"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (text("hello"), 0),
        ({"msgtype": "markdown", "markdown": {"title": "t", "text": "x"}}, 0),
        ({"msgtype": "markdown", "markdown": {"text": "x"}}, 40035),
        (text("字" * 6700), 460101),
        ({"msgtype": "none"}, 400105),
        (b"[]", 40035),
    ],
)
def test_dingtalk(chat: Chat, body: Any, code: int) -> None:
    robot = chat.robot("dingtalk")
    answer = put(dingtalk_url(robot), body)
    assert (answer.status_code, answer.json()["errcode"]) == (200, code)


def test_dingtalk_checks_signatures_where_there_is_a_secret(chat: Chat) -> None:
    robot, open_robot = chat.robot("dingtalk"), chat.robot("dingtalk", signed=False)
    hello = text("hello")
    now = time.time()
    for url in (
        robot.url,
        dingtalk_url(robot, now - 3700),
        dingtalk_url(robot, now + 3700),
        dingtalk_url(robot, secret="SECother"),
        dingtalk_url(robot).replace("%", "%25"),  # encoded twice
    ):
        assert put(url, hello).json()["errcode"] == 310000
    assert put(dingtalk_url(robot, now - 3500), hello).json()["errcode"] == 0
    assert put(open_robot.url, hello).json()["errcode"] == 0
    assert put(f"{open_robot.url}x", hello).json()["errcode"] == 300005


def test_dingtalk_calls_all_or_who_is_listed_and_named(chat: Chat) -> None:
    robot = chat.robot("dingtalk", signed=False)
    put(robot.url, {**text("@138 @139"), "at": {"isAtAll": True, "atMobiles": ["138", "137"]}})
    put(robot.url, text("@138 @all"))
    assert [shown.mentions for shown in robot.shown] == [("all", "138"), ()]


def feishu_body(robot: Robot, body: dict[str, Any], at: float | None = None) -> dict[str, Any]:
    stamp = str(int(time.time() if at is None else at))
    return {"timestamp": stamp, "sign": sign(f"{stamp}\n{robot.secret}", ""), **body}


def post(*lines: list[dict[str, str]]) -> dict[str, Any]:
    return {"msg_type": "post", "content": {"post": {"zh_cn": {"title": "t", "content": lines}}}}


@pytest.mark.parametrize("kind", ["feishu", "lark"])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"msg_type": "text", "content": {"text": "hello"}}, 200, 0),
        (post([{"tag": "text", "text": "a"}]), 200, 0),
        (post([{"tag": "text"}]), 400, 9499),
        ({"msg_type": "post", "content": {}}, 400, 9499),
        ({"msg_type": "none"}, 400, 9499),
        ({"msg_type": "text", "content": {"text": "x" * 20_480}}, 400, 9499),
    ],
)
def test_feishu(chat: Chat, kind: str, body: dict[str, Any], status: int, code: int) -> None:
    robot = chat.robot(kind)
    answer = put(robot.url, feishu_body(robot, body))
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_feishu_checks_signatures_where_there_is_a_secret(chat: Chat) -> None:
    robot, open_robot = chat.robot("feishu"), chat.robot("feishu", signed=False)
    hello = {"msg_type": "text", "content": {"text": "hello"}}
    swapped = {"timestamp": "1", "sign": sign(robot.secret, f"1\n{robot.secret}")}  # DingTalk's way
    for body in (
        hello,
        {**hello, **swapped},
        feishu_body(robot, hello, time.time() - 3700),
        {**feishu_body(robot, hello), "sign": "x"},
    ):
        assert put(robot.url, body).json()["code"] == 19021
    assert put(open_robot.url, hello).json()["code"] == 0
    assert put(f"{open_robot.url}x", hello).json()["code"] == 19001


def test_feishu_calls_by_tags(chat: Chat) -> None:
    robot = chat.robot("feishu", signed=False)
    put(robot.url, {"msg_type": "text", "content": {"text": '<at user_id="all">x</at>'}})
    put(robot.url, post([{"tag": "at", "user_id": "all"}, {"tag": "text", "text": "<at id=ou_1>"}]))
    calls = [shown.mentions for shown in robot.shown]
    assert calls == [('<at user_id="all">',), ("all", "<at id=ou_1>")]


def section(content: str, kind: str = "mrkdwn") -> dict[str, Any]:
    return {"type": "section", "text": {"type": kind, "text": content}}


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"text": "hello"}, 200, "ok"),
        ({"blocks": [section("x" * 3000)] * 4}, 200, "ok"),
        ({"blocks": [section("x" * 3001)]}, 400, "invalid_blocks"),
        ({"blocks": [section("x" * 3000)] * 5}, 400, "invalid_blocks"),
        ({"blocks": [section("x")] * 51}, 400, "invalid_blocks"),
        ({"blocks": [section("")]}, 400, "invalid_blocks"),
        ({"blocks": [{"type": "section"}]}, 400, "invalid_blocks"),
        ({}, 400, "no_text"),
        (b"payload", 400, "invalid_payload"),
    ],
)
def test_slack(chat: Chat, body: Any, status: int, word: str) -> None:
    answer = put(chat.robot("slack").url, body)
    assert (answer.status_code, answer.text) == (status, word)


def test_slack_knows_its_robots_and_whom_they_call(chat: Chat, clock: Clock) -> None:
    robot = chat.robot("slack")
    answer = put(f"{robot.url}x", {"text": "hello"})
    assert (answer.status_code, answer.text) == (404, "no_service")
    put(robot.url, {"text": "<!channel> &lt;!here&gt; <https://e.example|x>"})
    clock.seconds += 1
    blocks = [section("<@U1> <https://e.example|x>"), section("<!here>", "plain_text")]
    put(robot.url, {"text": "x", "blocks": blocks})
    assert [shown.mentions for shown in robot.shown] == [("!channel",), ("@U1",)]
    assert robot.shown[1].text == "@U1 x https://e.example\n<!here>"


EVENT = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": {}}


def put_event(robot: Robot, event: Any, media_type: str = CLOUDEVENT) -> requests.Response:
    body = event if isinstance(event, str) else json.dumps(event)
    now = datetime.now(timezone.utc)
    headers = {
        "Content-Type": media_type,
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(robot.secret).sign("msg_1", now, body),
    }
    return requests.post(robot.url, body.encode(), headers=headers, timeout=5)


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (EVENT, 204),
        ({**EVENT, "time": "2026-01-31T08:00:00Z", "subject": "web"}, 204),
        *(({name: value for name, value in EVENT.items() if name != left}, 400) for left in EVENT),
        ({**EVENT, "specversion": "0.3"}, 400),
        ({**EVENT, "subject": ""}, 400),
        ({**EVENT, "Subject": "web"}, 400),
        ({**EVENT, "time": "yesterday"}, 400),
        ({**EVENT, "time": "2026-01-31T08:00:00"}, 400),
        ({**EVENT, "type": "a\nb"}, 400),
        ({**EVENT, "data": "x" * 70_000}, 413),
        ([EVENT], 400),
        ("{", 400),
    ],
)
def test_events(chat: Chat, event: Any, status: int) -> None:
    assert put_event(chat.robot("cloudevents"), event).status_code == status


def test_events_are_signed_and_in_the_structured_mode(chat: Chat) -> None:
    robot = chat.robot("cloudevents")
    assert put(robot.url, EVENT, **{"Content-Type": CLOUDEVENT}).status_code == 401
    assert put_event(robot, EVENT, "application/json").status_code == 415
    assert put_event(robot, EVENT, "application/cloudevents-batch+json").status_code == 415
    assert put_event(robot, EVENT).status_code == 204
    assert robot.shown[0].headers["webhook-id"] == "msg_1"
    assert put(f"{robot.url}x", EVENT).status_code == 404


@pytest.mark.parametrize(
    ("kind", "body", "most", "code", "seconds"),
    [
        ("wecom", text("x"), 20, 45009, 60),
        ("dingtalk", text("x"), 20, 130101, 600),
        ("feishu", {"msg_type": "text", "content": {"text": "x"}}, 5, 11232, 1),
    ],
)
def test_how_many_messages_a_robot_may_send(
    chat: Chat, clock: Clock, kind: str, *, body: Any, most: int, code: int, seconds: int
) -> None:
    robot, other = chat.robot(kind, signed=False), chat.robot(kind, signed=False)

    def said(which: Robot) -> int:
        answer = put(which.url, body).json()
        return int(answer.get("errcode", answer.get("code")))

    assert [said(robot) for _ in range(most + 1)] == [0] * most + [code]
    assert said(other) == 0
    clock.seconds += seconds - 0.5
    assert said(robot) == code
    clock.seconds += 0.5
    assert said(robot) == 0


def test_slack_takes_one_message_a_second(chat: Chat, clock: Clock) -> None:
    robot = chat.robot("slack")
    answers = [put(robot.url, {"text": "x"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["Retry-After"] == "1"
    clock.seconds += 1
    assert put(robot.url, {"text": "x"}).status_code == 200


def test_faults_are_injected_by_the_kind_of_robot(chat: Chat) -> None:
    robot = chat.robot("wecom")
    chat.faults.inject("wecom", "throttle")
    chat.faults.inject("wecom", "http_500")
    assert put(robot.url, text("x")).json()["errcode"] == 45009
    assert put(robot.url, text("x")).status_code == 500
    robot.redirect = "http://127.0.0.1:1/elsewhere"
    answer = put(robot.url, text("x"))
    assert (answer.status_code, answer.headers["Location"]) == (307, robot.redirect)
    assert not robot.shown
