"""What is decided knows no SDK, no environment, no clock: `lint-imports` holds our own modules."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOMS = Path(__file__).resolve().parents[2] / "layers" / "instance_refresh" / "instance_refresh"
PURE = {
    "__future__", "collections", "datetime", "hashlib", "itertools", "math", "re", "types",
    "typing", "zlib", "zoneinfo",
}  # fmt: skip
CLOCKS = {"now", "today", "utcnow"}


@pytest.mark.parametrize("room", ["model", "rules"])
def test_a_pure_room_imports_nothing_that_could_look_outside(room: str) -> None:
    for path in (ROOMS / room).glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            name.partition(".")[0]
            for node in ast.walk(tree)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom) and not node.level
                else []
            )
        }
        assert names <= PURE, path.name
        asked = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not asked & CLOCKS, path.name
