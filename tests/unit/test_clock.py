"""How long an invocation may still take, and what becomes of what takes longer."""

from __future__ import annotations

import threading
from contextlib import suppress
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instance_refresh import clock as module
from instance_refresh.clock import Deadline, within
from instance_refresh.errors import ApiError


class Clock:
    """Stands for the module `time`: nobody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@given(st.integers(1_000, 900_000), st.lists(st.floats(0.001, 60), max_size=200))
def test_of_every_limit_some_is_kept_to_answer(limit: int, waits: list[float]) -> None:
    clock = Clock()
    with mock.patch.object(module, "time", clock):
        deadline = Deadline(limit)
        left = deadline.check()
        kept = limit / 1000 - left
        assert module._LEAST - 0.001 < kept < module._MOST + 0.001
        assert left > 0.4
        for wait in waits:
            with suppress(ApiError):
                deadline.sleep(wait)
        assert sum(clock.slept) < left


def test_what_is_over_is_over() -> None:
    clock = Clock()
    with mock.patch.object(module, "time", clock):
        deadline = Deadline(900_000)
        assert deadline.check() == pytest.approx(897)
        clock.now += 897
        for ask in (deadline.check, lambda: deadline.sleep(0)):
            with pytest.raises(ApiError) as late:
                ask()
            assert (late.value.code, late.value.retryable) == ("DeadlineExceeded", True)


def test_what_takes_too_long_is_left_alone() -> None:
    over = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.01, over.wait)
    over.set()
    assert within(5, lambda: "done") == "done"
    with pytest.raises(KeyError):
        within(5, lambda: dict[str, int]()["none"])
