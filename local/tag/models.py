"""What a tag may be, and how a call names a resource.

Characters, lengths and the quota: https://cloud.tencent.com/document/product/651/13354
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.tag import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.refused import Refused

KEY_MOST, VALUE_MOST, TAGS_MOST = 127, 255, 50
_TEXT = re.compile(r"[A-Za-z0-9\u4e00-\u9fff+\-=._:/@()\[\],;<> ]+")
_RESOURCE = re.compile(
    r"qcs::(?P<service>[a-z]+):(?P<region>[a-z0-9-]+):uin/\d+:(?P<kind>[a-z-]+)/(?P<id>[a-z0-9-]+)"
)


def check(tags: Mapping[str, str]) -> None:
    """Refuse what no resource can carry."""
    if len(tags) > TAGS_MOST:
        raise errors.too_many_tags(TAGS_MOST)
    for key, value in tags.items():
        _check_text(key, KEY_MOST, errors.key_refused)
        _check_text(value, VALUE_MOST, errors.value_refused)


def _check_text(text: str, most: int, refused: Callable[[str, str], Refused]) -> None:
    if not text:
        raise refused("Empty", "A tag's key and value are not empty.")
    if len(text) > most:
        raise refused("LengthExceeded", f"It has more than {most} characters.")
    if not _TEXT.fullmatch(text) or text != text.strip():
        raise refused("CharacterIllegal", f"`{text}` has a character that tags may not have.")


@dataclass(frozen=True)
class Resource:
    """A resource in the platform's six segments."""

    service: str
    region: str
    kind: str
    identifier: str


def read(text: str) -> Resource:
    """Read the six segments, such as `qcs::as:ap-guangzhou:uin/1:auto-scaling-group/asg-…`."""
    match = _RESOURCE.fullmatch(text)
    if match is None:
        raise errors.bad_resource("ResourceDescriptionError", text)
    return Resource(match["service"], match["region"], match["kind"], match["id"])
