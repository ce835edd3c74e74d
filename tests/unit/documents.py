"""The documents, and how their parts are read."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "layers/instance_refresh/instance_refresh"
DOCUMENTS: dict[str, str] = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
}
ALL = "\n".join(text for name, text in DOCUMENTS.items() if name != "README.zh-CN.md")


def table(document: str, *header: str) -> list[list[str]]:
    """Give the rows of all tables of a document that have this header; there is at least one."""
    lines = DOCUMENTS[document].splitlines()
    starts = [n for n, line in enumerate(lines) if line == f"| {' | '.join(header)} |"]
    assert starts, f"{document} has no table of {header}"
    rows = []
    for start in starts:
        for line in lines[start + 2 :]:
            if not line.startswith("|"):
                break
            rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def quoted(text: str) -> list[str]:
    """Give what stands between backticks."""
    return re.findall(r"`([^`]+)`", text)


def names(document: str, *header: str) -> list[str]:
    """Give what the first cells of a table name."""
    return [name for row in table(document, *header) for name in quoted(row[0])]


def blocks(document: str, language: str = r"\w*") -> list[str]:
    """Give the code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENTS[document], re.DOTALL | re.MULTILINE)


def prose(document: str) -> str:
    """Give a document without its code blocks."""
    return re.sub(r"^```.*?^```", "", DOCUMENTS[document], flags=re.DOTALL | re.MULTILINE)
