"""A tick's lines as messages: one a family and edge, the same whenever they are told again."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from instance_refresh.model.outcome import Outcome
from instance_refresh.rules.edges import Between
from instance_refresh.rules.messages import messages
from tests.unit.fleets import START

TICK = timedelta(minutes=5)
NOW = Between(START, START + TICK)


def line(group: str = "asg-a", outcome: Any = "attention", **fields: Any) -> Outcome:
    known = {"code": "RefreshPaused", "family": "web", "group_name": group.removeprefix("asg-")}
    return Outcome(outcome, f"why {group}", "ap-guangzhou", group=group, **{**known, **fields})


def test_groups_of_a_family_that_met_the_same_are_one_message() -> None:
    (one,) = messages([line("asg-a"), line("asg-b", urgent=True, remedy="Act.")], NOW)
    assert (one.title, one.level) == ("web: RefreshPaused, 2 groups", "ERROR")
    assert one.groups == ("a", "b")
    assert one.lines[:2] == ("a: why asg-a", "b: why asg-b")
    assert (one.at, one.family, one.code) == (NOW.until, "web", "RefreshPaused")


def test_groups_without_a_family_are_one_message_too() -> None:
    (one,) = messages([line(f"asg-{n}", family="") for n in range(500)], NOW)
    assert one.title == "ap-guangzhou: RefreshPaused, 500 groups"
    assert len(one.groups) == 500
    assert len(one.lines) == 11


@pytest.mark.parametrize(("count", "more"), [(10, []), (11, ["and 1 more"]), (12, ["and 2 more"])])
def test_of_many_groups_ten_are_named_and_three_remedies(count: int, more: list[str]) -> None:
    told = [line(f"asg-{n:02}", remedy=f"Act {n}.") for n in range(count)]
    (one,) = messages(told, NOW)
    named = [f"{n:02}: why asg-{n:02}" for n in range(10)]
    assert [*one.lines] == [*named, *more, "Act 0.", "Act 1.", "Act 2."]
    assert len(one.id) == 32


def test_families_regions_codes_and_outcomes_are_told_apart() -> None:
    told = [
        line(), line(family="api"), line(family=""), line()._replace(region="ap-shanghai"),
        line(code="RefreshStuck"), line(outcome="rejected"),
    ]  # fmt: skip
    assert len({one.id for one in messages(told, NOW)}) == len(told)


def test_one_group_that_met_the_same_twice_is_one_group() -> None:
    twice = [line(code="RefreshEnded", family="", activity=f"asr-{n}") for n in range(2)]
    (one,) = messages(twice, NOW)
    assert one.title == "a: RefreshEnded"
    assert one.groups == ("a",)
    assert len(one.lines) == 2


def test_two_deliveries_of_a_tick_have_the_same_ids_in_whatever_order_they_see_it() -> None:
    lines = [line("asg-a"), line("asg-b"), line("asg-c", family="")]
    seen = {frozenset(one.id for one in messages(some, NOW)) for some in permutations(lines)}
    assert len(seen) == 1


def test_what_another_delivery_has_done_or_another_tick_tells_has_ids_of_its_own() -> None:
    (one,) = messages([line("asg-a", "started", code="")], NOW)
    (other,) = messages([line("asg-b", "started", code="")], NOW)
    (later,) = messages([line("asg-a", "started", code="")], Between(NOW.until, NOW.until + TICK))
    assert len({one.id, other.id, later.id}) == 3


def test_no_name_makes_two_messages_one() -> None:
    one, other = line(family="a|b", code="c"), line(family="a", code="b|c")
    assert len({each.id for each in messages([one, other], NOW)}) == 2


@pytest.mark.parametrize(
    ("outcome", "fields", "level"),
    [
        ("succeeded", {}, "INFO"), ("started", {}, "INFO"), ("restored", {}, "INFO"),
        ("rejected", {}, "WARNING"), ("attention", {}, "WARNING"), ("failed", {}, "ERROR"),
        ("attention", {"urgent": True}, "ERROR"),
    ],
)  # fmt: skip
def test_a_message_has_the_level_of_its_line(outcome: str, fields: Any, level: str) -> None:
    (one,) = messages([line(outcome=outcome, **fields)], NOW)
    assert one.level == level


@pytest.mark.parametrize(
    ("code", "reason", "title", "lines"),
    [
        ("FamilyDone", "web: 5 of 5 groups on img-2, 3 h", "web: 5 of 5 groups on img-2, 3 h", ()),
        ("WaveHeld", "family web: 2 groups wait", "web: WaveHeld", ("family web: 2 groups wait",)),
    ],
)
def test_what_is_of_a_whole_family_says_so_once(
    code: str, reason: str, title: str, lines: tuple[str, ...]
) -> None:
    whole = Outcome("attention", reason, "ap-guangzhou", code=code, family="web")
    (one,) = messages([whole], NOW)
    assert (one.title, one.lines, one.groups) == (title, lines, ())


def test_what_is_of_no_group_names_its_region() -> None:
    refused = Outcome("refused", "not served", "ap-guangzhou", code="RegionNotAllowed")
    (one,) = messages([refused], NOW)
    assert (one.title, one.lines) == ("ap-guangzhou: RegionNotAllowed", ("not served",))


def test_each_remedy_is_said_once() -> None:
    told = [line("asg-a", remedy="Act."), line("asg-b", remedy="Act."), line("asg-c", remedy="Or.")]
    (one,) = messages(told, NOW)
    assert one.lines[3:] == ("Act.", "Or.")


def test_notes_are_said_once_between_the_facts_and_what_to_do() -> None:
    told = [line(group, notes=("2 wait",), remedy="Act.") for group in ("asg-a", "asg-b")]
    (one,) = messages(told, NOW)
    assert one.lines == ("a: why asg-a", "b: why asg-b", "2 wait", "Act.")
    (many,) = messages([line(notes=tuple(map(str, range(30))))], NOW)
    assert many.lines == ("a: why asg-a", *"01234", "and 25 more notes in the log")
    (few,) = messages([line(notes=tuple("01234"))], NOW)
    assert few.lines == ("a: why asg-a", *"01234")
    (six,) = messages([line(notes=tuple("012345"))], NOW)
    assert six.lines[-1] == "and 1 more notes in the log"


def test_a_rollback_and_the_end_of_what_it_undid_are_one_message() -> None:
    undone, back = line(code="RefreshEnded", activity="asr-1"), line(code="RolledBack")
    (one,) = messages([undone, back, line("asg-b", code="RolledBack")], NOW)
    assert (one.title, one.groups) == ("web: RolledBack, 2 groups", ("a", "b"))
    assert len(messages([undone, line("asg-b", code="RolledBack")], NOW)) == 2
    meant = line(outcome="cancelled", code="RefreshEnded")
    assert [one.level for one in messages([meant, back], NOW)] == ["INFO", "WARNING"]
