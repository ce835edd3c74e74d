"""The status as a page: one file, no script, nothing asked of any other host."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, Template

from .words import kind, span, waits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FOLDER = Path(__file__).parent
REFRESH_SECONDS = 60


@lru_cache(maxsize=1)
def _style() -> str:
    return (FOLDER / "status.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"span": span, "waits": waits, "at": _at}
    return environment.from_string((FOLDER / "status.html").read_text(encoding="utf-8"))


def policy() -> str:
    """Give the Content-Security-Policy: the page's own style and its empty icon, and no more."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    style = f"style-src 'sha256-{digest}'"
    rest = "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return f"default-src 'none'; {style}; {rest}"


def page(regions: Sequence[Mapping[str, Any]]) -> str:
    """Render the status of regions; whatever text is in it is shown as text."""
    seen = [(one, _by_kind(one["Groups"])) for one in regions if "Groups" in one]
    unread = [one for one in regions if "Groups" not in one]
    return _template().render(
        seen=seen,
        unread=unread,
        time=seen[0][0]["Time"],
        names=[one["Region"] for one in regions],
        need=sum(one["NeedSomeone"] for one, _ in seen),
        style=_style(),
        refresh=REFRESH_SECONDS,
    )


def _by_kind(groups: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    kinds: dict[str, list[Mapping[str, Any]]] = {}
    for group in groups:
        kinds.setdefault(kind(group), []).append(group)
    return kinds


def _at(time: str) -> str:
    """Write a time so that a person reads it."""
    return f"{time[:10]} {time[11:16]} UTC"
