from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instance_refresh.model.request import Request
from instance_refresh.rules.start import batches


def cut(running: int, *, balanced: bool = False, check: bool | None = None, **rolling: Any) -> Any:
    request = Request(region="ap-guangzhou", rolling=rolling, check_health=check)
    return batches(request, running, has_load_balancer=balanced)


@pytest.mark.parametrize(
    ("running", "rolling", "number"),
    [
        (1, {}, 1),
        (2, {}, 2),
        (4, {}, 4),
        (8, {}, 4),
        (10, {}, 5),
        (100, {}, 4),
        (10, {"BatchSize": 3}, 4),
        (10, {"BatchSize": "50%"}, 2),
        (10, {"BatchSize": "100%"}, 1),
        (10, {"BatchNumber": 1}, 1),
        (10, {"BatchNumber": 3}, 3),
        (3, {"BatchSize": "1%"}, 3),
    ],
)
def test_sizes_become_numbers(running: int, rolling: dict[str, Any], number: int) -> None:
    settings = cut(running, **rolling).settings
    assert settings["RollingUpdateSettings"] == {"BatchNumber": number}


def test_a_size_never_takes_the_whole_group_by_accident() -> None:
    result = cut(4, BatchSize=10)
    assert result.number == 2
    assert "would take all 4" in result.notes[0]


def test_more_batches_than_instances_are_lowered() -> None:
    result = cut(3, BatchNumber=5)
    assert result.number == 3
    assert result.notes[0] == "BatchNumber 5 was lowered to 3, the instances in service"


def test_all_at_once_is_done_where_it_is_asked_for() -> None:
    assert cut(2, BatchSize=2).number == 2
    assert cut(2, BatchSize="100%").number == 1
    assert cut(1, BatchSize=1).notes[0] == "BatchSize 1 of 1 in service is BatchNumber 1"
    assert cut(3, BatchNumber=3).notes == (
        "nothing checks the health of refreshed instances: no application load balancer",
    )


def test_a_surge_of_a_batch_is_as_it_is() -> None:
    result = cut(10, BatchNumber=3, MaxSurge=3)
    assert result.surge == 3
    assert len(result.notes) == 1
    assert "MaxSurge" not in cut(10, BatchNumber=3).settings["RollingUpdateSettings"]


def test_how_long_health_is_waited_for_is_sent_where_it_is_checked() -> None:
    request = Request(region="ap-guangzhou", check_health_timeout=60)
    checked = batches(request, 4, has_load_balancer=True).settings
    assert checked["CheckInstanceTargetHealthTimeout"] == 60
    unchecked = batches(request, 4, has_load_balancer=False).settings
    assert "CheckInstanceTargetHealthTimeout" not in unchecked
    plain = batches(request._replace(check_health_timeout=None), 4, has_load_balancer=True)
    assert "CheckInstanceTargetHealthTimeout" not in plain.settings


def test_surge_is_lowered_to_a_batch() -> None:
    result = cut(10, BatchNumber=3, MaxSurge=9)
    assert result.settings["RollingUpdateSettings"] == {"BatchNumber": 3, "MaxSurge": 3}
    assert "MaxSurge 9 was lowered to 3, the instances of one batch" in result.notes


@pytest.mark.parametrize(
    ("balanced", "check", "sent", "said"),
    [
        (True, None, True, ""),
        (True, False, False, "it was switched off"),
        (False, None, False, "no application load balancer"),
        (False, True, True, "no application load balancer"),
    ],
)
def test_health(*, balanced: bool, check: bool | None, sent: bool, said: str) -> None:
    result = cut(4, balanced=balanced, check=check)
    assert result.settings["CheckInstanceTargetHealth"] is sent
    notes = [note for note in result.notes if "health" in note]
    assert said in " ".join(notes)
    assert bool(notes) is bool(said)


def test_what_the_api_knows_is_passed_on() -> None:
    result = cut(4, BatchNumber=2, BatchPause="FIRST_BATCH_PAUSE", FailProcess="AUTO_ROLLBACK")
    assert result.settings["RollingUpdateSettings"] == {
        "BatchNumber": 2,
        "BatchPause": "FIRST_BATCH_PAUSE",
        "FailProcess": "AUTO_ROLLBACK",
    }


@given(
    running=st.integers(1, 500),
    size=st.one_of(st.integers(1, 600), st.integers(1, 100).map("{}%".format)),
    surge=st.integers(0, 50),
)
def test_a_batch_is_never_larger_than_asked(running: int, size: int | str, surge: int) -> None:
    result = cut(running, BatchSize=size, MaxSurge=surge)
    most = size if isinstance(size, int) else max(1, running * int(size[:-1]) // 100)
    assert 1 <= result.number <= running
    assert result.largest <= most
    assert result.surge <= running // result.number
    assert running == 1 or result.number > 1 or size == "100%"
