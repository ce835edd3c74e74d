"""Messages to tell, and names that were chosen to do harm."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from instance_refresh.model.message import Message

if TYPE_CHECKING:
    from instance_refresh.notify.channels import Kind

CHATS: tuple[Kind, ...] = ("wecom", "dingtalk", "feishu", "lark", "slack")
HOSTILE = (
    "<!channel> <!here|x> <@U012AB3CD> @channel",
    "<@all> <@wangqing> @all",
    '<at id=all></at> <at user_id="all">Everyone</at>',
    "@13800000000 @所有人",
    "web\n🔵 INFO: all is well\r\nok",
    "web\u2028line\u2029paragraph\x85next\x0bvertical",
    "web\u202eKO\u202c \u200bzero\ufeff \x1b[31mred\x07",
    "[x](https://evil.example) **b** `c` # h > q",
    '","text":"<!channel>"}]}',
    "&lt;!channel&gt; &amp;lt;",
    "\ud800 lone",
    "字" * 4000,
)


def message(**fields: Any) -> Message:
    """Make a message in which all is filled in."""
    usual: dict[str, Any] = {
        "id": "tick-1_web",
        "level": "ERROR",
        "title": "web: paused for 2 h",
        "at": datetime(2026, 1, 31, 8, 0, tzinfo=timezone.utc),
        "lines": ("1 of 4 instances failed",),
        "link": "https://console.cloud.tencent.com/autoscaling/group",
        "family": "web",
        "region": "ap-guangzhou",
        "code": "RefreshPaused",
        "groups": ("web-a", "web-b"),
    }
    return Message(**usual | fields)
