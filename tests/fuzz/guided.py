"""Play events that a fuzzer makes up, guided by which of our code they reach.

`python -m tests.fuzz.guided webhook -max_total_time=600`; the options are libFuzzer's.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from random import Random
from typing import TYPE_CHECKING

import atheris  # type: ignore[import-untyped]  # it ships no types

with atheris.instrument_imports(include=["instance_refresh"]):
    import instance_refresh

    for found in pkgutil.walk_packages(instance_refresh.__path__, "instance_refresh."):
        importlib.import_module(found.name)

from tests.fuzz.play import SEEDS, Stage, make

if TYPE_CHECKING:
    from collections.abc import Callable


class Bytes(Random):
    """Chance as the fuzzer's bytes have it; nothing but zeros when they are used up."""

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self._data, self._at = data, 0

    def getrandbits(self, bits: int) -> int:
        size = (bits + 7) // 8
        part = self._data[self._at : self._at + size].ljust(size, b"\0")
        self._at += size
        return int.from_bytes(part, "little") & ((1 << bits) - 1)

    def random(self) -> float:
        return self.getrandbits(16) / 0x10000


def player(stage: Stage, function: str) -> Callable[[bytes], None]:
    """Give what the fuzzer calls with its bytes."""

    def play(data: bytes) -> None:
        stage.play(function, make(function, Bytes(data), stage))

    return play


def main() -> None:
    function = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if function not in SEEDS:
        sys.exit(f"name one of {', '.join(SEEDS)}")
    with Stage() as stage:
        atheris.Setup(sys.argv, player(stage, function))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
