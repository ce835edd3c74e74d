"""A short run of what `make fuzz` does at length, with what hypothesis thinks of."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.calls import WRITES
from tests.fuzz.play import SEEDS, Stage, make

if TYPE_CHECKING:
    from collections.abc import Iterator

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage() as made:
        yield made


@pytest.mark.parametrize("function", SEEDS)
@settings(max_examples=100)
@given(chance=st.randoms(use_true_random=False))
def test_a_changed_event(stage: Stage, function: str, chance: random.Random) -> None:
    stage.play(function, make(function, chance, stage))


@pytest.mark.parametrize("function", SEEDS)
@settings(max_examples=100)
@given(event=anything)
def test_anything_at_all(stage: Stage, function: str, event: Any) -> None:
    assert stage.play(function, event).calls == []


@pytest.mark.parametrize("function", SEEDS)
def test_many_changed_events(stage: Stage, function: str) -> None:
    wrote = quiet = 0
    for number in range(300):
        played = stage.play(function, make(function, random.Random(number), stage))
        wrote += not WRITES.isdisjoint(played.calls)
        quiet += not played.calls
    # Valid ones and invalid ones are among them.
    assert quiet > 10
    assert wrote > 10 if function != "status" else (wrote == 0 and 300 - quiet > 10)
