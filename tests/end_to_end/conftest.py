"""The cloud that a file's tests begin with, its log lines, and the terminal command on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.commanding import runner
from tests.end_to_end.harness import World, world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.end_to_end.commanding import Run


@pytest.fixture
def it(request: pytest.FixtureRequest) -> Iterator[World]:
    mark = request.node.get_closest_marker("world")
    assert mark
    fill, settings = mark.kwargs["fill"], {k: v for k, v in mark.kwargs.items() if k != "fill"}
    with world(**settings) as made:
        fill(made)
        yield made


@pytest.fixture
def run(it: World, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    return runner(it, capsys, tmp_path)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """Give what was logged since it was asked last, without the summaries."""

    def since() -> list[dict[str, Any]]:
        seen = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return [line for line in seen if line["message"] != "summary"]

    return since
