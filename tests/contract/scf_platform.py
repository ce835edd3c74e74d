"""A platform with small functions of the tests' own, on a clock that a test moves."""

from __future__ import annotations

from contextlib import contextmanager
from textwrap import dedent
from typing import TYPE_CHECKING

from local.clock import ManualClock
from local.cloud import Cloud
from local.scf.platform import Platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def write_function(folder: Path, name: str, body: str, before: str = "") -> None:
    """Write `<folder>/<name>/index.py`: `before`, then a main_handler with this body."""
    lines = [f"    {line}" for line in dedent(body).strip().splitlines()]
    source = "\n".join([dedent(before), "def main_handler(event, context):", *lines, ""])
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "index.py").write_text(source, encoding="utf-8")


@contextmanager
def running(
    folder: Path, clock: ManualClock | None = None, opt: Sequence[Path] = ()
) -> Iterator[tuple[Platform, Cloud]]:
    """Run a platform for the functions in a folder, beside a cloud on a manual clock."""
    with Cloud(clock=clock or ManualClock()) as cloud, Platform(cloud, folder, opt) as platform:
        yield platform, cloud
