"""The words that are the same in all messages, in each language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from ..model.message import Level

Language = Literal["en", "zh"]
# Every text that a chat gets begins with it, so that a robot can be limited to it as a keyword.
HEADING = "instance-refresh"


class Words(NamedTuple):
    """One language's words; `{}` stands for a count, or for what is named."""

    levels: dict[Level, str]
    family: str
    region: str
    code: str
    groups: str
    more_groups: str
    at: str
    link: str
    left_out: str
    joint: str


WORDS: dict[Language, Words] = {
    "en": Words(
        levels={"INFO": "🔵 INFO: {}", "WARNING": "🟠 WARNING: {}", "ERROR": "🔴 ERROR: {}"},
        family="family {}",
        region="region {}",
        code="code {}",
        groups="groups: {}",
        more_groups="{} more",
        at="at {} UTC",
        link="Details",
        left_out="… {} more lines: see the function's log",
        joint=", ",
    ),
    "zh": Words(
        levels={"INFO": "🔵 信息：{}", "WARNING": "🟠 警告：{}", "ERROR": "🔴 错误：{}"},
        family="镜像族 {}",
        region="地域 {}",
        code="代码 {}",
        groups="伸缩组：{}",
        more_groups="另有 {} 个",
        at="时间 {} UTC",
        link="查看详情",
        left_out="…… 还有 {} 行，请查看函数日志",
        joint="，",
    ),
}
