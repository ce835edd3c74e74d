"""The cloud that a file's tests begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.harness import World, world

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def it(request: pytest.FixtureRequest) -> Iterator[World]:
    mark = request.node.get_closest_marker("world")
    assert mark
    fill, settings = mark.kwargs["fill"], {k: v for k, v in mark.kwargs.items() if k != "fill"}
    with world(**settings) as made:
        fill(made)
        yield made
