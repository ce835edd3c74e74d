"""What the setting NOTIFY takes, and what it says of what it doesn't."""

from __future__ import annotations

import base64
import re
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instance_refresh.notify.channels import Channel, channels

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes or more").decode()
WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx"
DINGTALK = "https://oapi.dingtalk.com/robot/send?access_token=b955af00"
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/0d4c-11"
LARK = "https://open.larksuite.com/open-apis/bot/v2/hook/0d4c-12"
SLACK = "https://hooks.slack.com/services/T0/B0/x9"
EVENTS = "cloudevents+https://events.example.com/hook?team=web"


@pytest.mark.parametrize(
    ("text", "kind", "url", "secret"),
    [
        (WECOM, "wecom", WECOM, ""),
        (DINGTALK, "dingtalk", DINGTALK, ""),
        (f"{DINGTALK}#SECf094e0d3", "dingtalk", DINGTALK, "SECf094e0d3"),
        (f"{FEISHU}#kQ7=x", "feishu", FEISHU, "kQ7=x"),
        (LARK, "lark", LARK, ""),
        (SLACK, "slack", SLACK, ""),
        (f"{EVENTS}#{SECRET}", "cloudevents", EVENTS.partition("+")[2], SECRET),
        ("wecom+https://wecom.example.com/x", "wecom", "https://wecom.example.com/x", ""),
        ("slack+http://127.0.0.1:8080/x", "slack", "http://127.0.0.1:8080/x", ""),
    ],
)
def test_each_form_of_a_channel(text: str, kind: str, url: str, secret: str) -> None:
    (channel,) = channels(text)
    assert (channel.number, channel.kind, channel.url, channel.secret) == (1, kind, url, secret)


def test_channels_stand_with_commas_or_line_breaks_between_them() -> None:
    found = channels(f"\n{WECOM} , {SLACK},\r\n{LARK}\n")
    assert [(each.number, each.kind) for each in found] == [(1, "wecom"), (2, "slack"), (3, "lark")]
    assert channels("") == channels(" ,\n") == ()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("https://example.com/pl4nted", "of no known kind"),
        ("https://hooks.slack.com.example.com/services/pl4nted", "of no known kind"),
        ("https://qyapi.weixin.qq.com/pl4nted", "of no known kind"),
        ("teams+https://example.com/pl4nted", "not https"),
        ("http://hooks.slack.com/services/pl4nted", "not https"),
        ("slack+http://hooks.slack.com/services/pl4nted", "not https"),
        ("slack+http://127.0.0.1.example.com/pl4nted", "not https"),
        ("http://127.0.0.1:8080/cgi-bin/webhook/send?key=pl4nted", "not https"),
        ("slack+ftp://127.0.0.1/pl4nted", "not https"),
        ("https://user:pl4nted@hooks.slack.com/services/x", "no URL"),
        ("slack+https://exa mple.com/pl4nted", "no URL"),
        ("slack+https://[pl4nted/", "no URL"),
        ("slack+https://example.com:pl4nted/", "no URL"),
        ("pl4nted", "no URL"),
        (f"{WECOM}#pl4nted", "takes no secret"),
        (f"{SLACK}#pl4nted", "takes no secret"),
        (f"{DINGTALK}#pl4nted", "SEC"),
        (f"{EVENTS}&key=pl4nted", "at least 24 random bytes"),
        (f"{EVENTS}#whsec_pl4nted", "at least 24 random bytes"),
    ],
)
def test_a_wrong_channel_is_named_by_its_number_alone(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=f"^must be .*channel 2 .*{what}") as caught:
        channels(f"{WECOM},{text}")
    assert "pl4nted" not in "".join(traceback.format_exception(caught.value))
    assert "693a91f6" not in str(caught.value)


PARTS = ["https", "http", "slack", "+", "://", "[", "]", ":", "@", "/", "?", "#", "hooks.slack.com"]


@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=5)).map("".join))
def test_of_any_text_only_what_is_wrong_is_said(text: str) -> None:
    try:
        named = channels(text)
    except ValueError as error:
        said = re.fullmatch(r"must be URLs .*, and channel \d+ (.*)", str(error))
        assert said
        assert said[1].partition(":")[0] in (
            "is no URL",
            "is not https",
            "is of no known kind",
            "takes no secret",
        )
    else:
        assert all(each.url.startswith("https://") for each in named)


def test_a_channel_shows_neither_its_url_nor_its_secret() -> None:
    (channel,) = channels(f"{DINGTALK}#SECf094e0d3")
    for shown in (repr(channel), str(channel), f"{channel}", str([channel])):
        assert shown.strip("[]") == "channel 1 (dingtalk)"


def test_channels_are_values() -> None:
    assert channels(SLACK) == (Channel(1, "slack", SLACK, ""),)
