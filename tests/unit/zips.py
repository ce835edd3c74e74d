"""The zips of `make build`, built twice for the tests."""

from __future__ import annotations

import zipfile
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import pytest

from layers import build

if TYPE_CHECKING:
    from pathlib import Path

FUNCTIONS = ("image_published", "schedule", "status", "webhook")
LAYERS = ("dependencies", "instance_refresh")
PARTS = [*(f"layers/{name}" for name in LAYERS), *(f"functions/{name}" for name in FUNCTIONS)]


class Built(NamedTuple):
    """Two builds from the same wheels, and the Python 3.10 that made them."""

    python: str
    first: Path
    second: Path

    def zip(self, part: str) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.first / f"{part}.zip")

    def mounted(self, function: str) -> list[Path]:
        """Give the folders that SCF has on the path of a function."""
        layers = [self.first / "layers" / layer for layer in LAYERS]
        return [self.first / "functions" / function, *layers]


@lru_cache(maxsize=1)
def build_twice(folder: Path) -> Built:
    """Build; the tests are skipped where there is no Python 3.10 to build with."""
    try:
        python = build.find_python(build.candidates())
    except build.BuildFailed as error:
        pytest.skip(f"no zips to look at: {error}")
    first, second = folder / "first_build", folder / "second_build"
    wheels = build.download(python, first / "wheels")
    build.assemble(python, wheels, first)
    build.assemble(python, wheels, second)
    return Built(python, first, second)
