"""The project's version, which stands in pyproject.toml alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def version(root: Path) -> str:
    """Read the version of a tree."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    (found,) = re.findall(r'^version = "(.+)"$', text, flags=re.MULTILINE)
    return str(found)
