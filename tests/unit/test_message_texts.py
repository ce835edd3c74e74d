"""What a chat gets: readable, within its limits, and whatever the names in it are."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instance_refresh.model.message import LEVELS, Message, worth_telling
from instance_refresh.notify.channels import Channel, Kind
from instance_refresh.notify.chats import chat_post
from instance_refresh.notify.events import event_post
from local.chat.robot import Robot
from local.chat.server import PLATFORMS
from local.http import Request
from local.webhook import new_secret
from tests.told import CHATS, HOSTILE, message

AT = datetime(2026, 1, 31, 16, 0, tzinfo=timezone(timedelta(hours=8)))
SECRETS = {"dingtalk": "SECf094e0d3", "feishu": "kQ7", "lark": "kQ7", "cloudevents": new_secret()}


def now() -> float:
    """Give the time at which a test signs: who checks it knows the time, too."""
    return datetime.now(timezone.utc).timestamp()


def shown(kind: Kind, *messages: Message, language: Any = "en") -> tuple[str, tuple[str, ...]]:
    """Give what the people in a chat read, and who is called by it."""
    secret = SECRETS.get(kind, "")
    post = chat_post(Channel(1, kind, "https://h/p", secret), messages, language, now())
    request = Request("POST", "/p", post.url.partition("?")[2], lower(post.headers), post.body)
    seen = PLATFORMS[kind].check(Robot(kind, "", secret, ""), request)
    return seen.text, seen.mentions


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.mark.parametrize("kind", CHATS)
def test_a_message_is_read_in_the_same_words_everywhere(kind: Kind) -> None:
    text, mentions = shown(kind, message())
    link = {"wecom": ": {}", "dingtalk": ": {}", "slack": " {}"}.get(kind, " ({})")
    assert text.splitlines() == [
        "instance-refresh",
        "🔴 ERROR: web: paused for 2 h",
        "1 of 4 instances failed",
        "family web, region ap-guangzhou, code RefreshPaused, at 2026-01-31 08:00:00 UTC",
        "groups: web-a, web-b",
        "Details" + link.format("https://console.cloud.tencent.com/autoscaling/group"),
    ]
    assert not mentions


@pytest.mark.parametrize("kind", CHATS)
def test_the_same_in_chinese(kind: Kind) -> None:
    text, _ = shown(kind, message(groups=tuple("abcdefghijklm")), language="zh")
    assert text.splitlines()[1] == "🔴 错误：web: paused for 2 h"
    assert "镜像族 web，地域 ap-guangzhou，代码 RefreshPaused，时间 2026-01-31 08:00:00 UTC" in text
    assert "伸缩组：a，b，c，d，e，f，g，h，i，j，另有 3 个" in text


@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_calls_nobody_and_makes_no_line(kind: Kind, name: str) -> None:
    usual, _ = shown(kind, message())
    text, mentions = shown(
        kind, message(title=name, lines=(name,), groups=(name, name), family=name, code=name)
    )
    assert not mentions
    assert len(text.splitlines()) <= len(usual.splitlines())
    if kind == "slack":  # who reads it sees the name as it is
        assert "".join(c if c.isprintable() else "?" for c in name)[:300] in text
    else:
        assert not set("<>@") & set(text)


@given(name=st.text(), kind=st.sampled_from(CHATS), count=st.integers(1, 30))
def test_any_name_fits_calls_nobody_and_makes_no_line(name: str, kind: Kind, count: int) -> None:
    text, mentions = shown(kind, *[message(title=name, lines=(name,) * 9, groups=(name,))] * count)
    assert not mentions
    assert all(line.isprintable() for line in text.split("\n"))


def test_slack_shows_no_markup_and_no_link_of_a_name() -> None:
    name = "*bold* _it_ ~no~ `code` :smile: <https://evil.example|here> https://evil.example"
    post = chat_post(Channel(1, "slack", "https://h/p", ""), (message(title=name),), "en", now())
    body = json.loads(post.body)
    kinds = [block["text"]["type"] for block in body["blocks"]]
    assert kinds == ["plain_text", "mrkdwn"]
    assert (body["mrkdwn"], body["blocks"][0]["text"]["emoji"]) == (False, False)
    assert "evil" not in body["blocks"][1]["text"]["text"]


@pytest.mark.parametrize(
    "link",
    [
        "http://console.cloud.tencent.com/",
        "javascript:alert(1)",
        "https://e.example/|x>",
        "https://e.example/ <!channel>",
        "https://user@e.example/",
        "http://127.0.0.1.e.example/",
        "https://e.example/\n",
    ],
)
@pytest.mark.parametrize("kind", CHATS)
def test_a_link_that_could_be_markup_is_left_out(kind: Kind, link: str) -> None:
    text, mentions = shown(kind, message(link=link))
    assert "Details" not in text
    assert not mentions


@pytest.mark.parametrize("link", ["https://e.example/?a=b%20c", "http://127.0.0.1:80/?a=b"])
def test_a_link_leads_where_it_says(link: str) -> None:
    text, _ = shown("wecom", message(link=link))
    assert text.splitlines()[-1] == f"Details: {link}"


@pytest.mark.parametrize("kind", CHATS)
def test_many_long_messages_become_one_that_fits_with_all_titles_first(kind: Kind) -> None:
    long = message(title="T" * 99, lines=("字" * 400,) * 40, groups=("g" * 90,) * 400)
    text, _ = shown(kind, *[long] * 200)
    lines = text.splitlines()
    titles = [line for line in lines if line.startswith("🔴 ERROR: TTT")]
    assert len(titles) == (20 if kind != "wecom" else 14)
    assert lines[-1].startswith("… ")
    assert lines[-1].endswith("more lines: see the function's log")
    left = int(lines[-1].split()[1])
    # The heading and the last line are of no message; each message has 44 lines.
    assert left + len(lines) - 2 == 200 * 44


@pytest.mark.parametrize("kind", CHATS)
def test_one_message_with_too_much_keeps_its_title_and_first_lines(kind: Kind) -> None:
    text, _ = shown(kind, message(lines=tuple(f"fact {n} " + '\\"' * 60 for n in range(300))))
    assert text.splitlines()[2].startswith("fact 0 ")
    assert "more lines" in text.splitlines()[-1]


def test_an_event_says_all_of_it() -> None:
    channel = Channel(1, "cloudevents", "https://h/p", SECRETS["cloudevents"])
    post = event_post(channel, message(), now())
    request = Request("POST", "/p", "", lower(post.headers), post.body)
    robot = Robot("cloudevents", "", channel.secret, "")
    assert PLATFORMS["cloudevents"].check(robot, request).body == {
        "specversion": "1.0",
        "id": "tick-1_web",
        "source": "/instance-refresh/ap-guangzhou",
        "type": "instance-refresh.RefreshPaused",
        "time": "2026-01-31T08:00:00Z",
        "subject": "web",
        "datacontenttype": "application/json",
        "data": {
            "Level": "ERROR",
            "Title": "web: paused for 2 h",
            "Lines": ["1 of 4 instances failed"],
            "Link": "https://console.cloud.tencent.com/autoscaling/group",
            "ImageFamily": "web",
            "Region": "ap-guangzhou",
            "Code": "RefreshPaused",
            "AutoScalingGroups": ["web-a", "web-b"],
            "AutoScalingGroupCount": 2,
        },
    }


@given(
    sent=st.builds(
        Message,
        id=st.text(),
        level=st.sampled_from(LEVELS),
        title=st.text(),
        at=st.just(AT),
        lines=st.lists(st.text(), max_size=5).map(tuple),
        family=st.text(),
        region=st.text(),
        code=st.text(),
        groups=st.lists(st.text()).map(tuple),
    )
)
def test_any_message_is_a_valid_event(sent: Message) -> None:
    channel = Channel(1, "cloudevents", "https://h/p", SECRETS["cloudevents"])
    post = event_post(channel, sent, now())
    request = Request("POST", "/p", "", lower(post.headers), post.body)
    PLATFORMS["cloudevents"].check(Robot("cloudevents", "", channel.secret, ""), request)
    assert "." not in post.headers["webhook-id"]


def test_an_event_of_much_is_cut_to_what_receivers_take() -> None:
    channel = Channel(1, "cloudevents", "https://h/p", SECRETS["cloudevents"])
    much = message(lines=("字" * 400,) * 100, groups=("字" * 400,) * 1000)
    post = event_post(channel, much, now())
    assert len(post.body) <= 20_000
    assert json.loads(post.body)["data"]["AutoScalingGroupCount"] == 1000


def test_what_is_worth_telling_comes_with_the_most_severe_first() -> None:
    all_of_them = tuple(message(id=each, level=each) for each in ("INFO", "ERROR", "WARNING"))
    assert [m.id for m in worth_telling(all_of_them, "WARNING")] == ["ERROR", "WARNING"]
    assert [m.id for m in worth_telling(all_of_them, "INFO")] == ["ERROR", "WARNING", "INFO"]
