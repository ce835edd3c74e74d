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
    from collections.abc import Mapping

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


def page(document: Mapping[str, Any]) -> str:
    """Render a status document; whatever text is in it is shown as text."""
    kinds: dict[str, list[Any]] = {"person": [], "moving": [], "waiting": [], "ready": []}
    for group in document["Groups"]:
        kinds[kind(group)].append(group)
    return _template().render(status=document, kinds=kinds, style=_style(), refresh=REFRESH_SECONDS)


def _at(time: str) -> str:
    """Write a time so that a person reads it."""
    return f"{time[:10]} {time[11:16]} UTC"
