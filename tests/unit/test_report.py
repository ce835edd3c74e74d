from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.action import Finding
from instance_refresh.model.outcome import Outcome
from instance_refresh.model.policy import Policy
from instance_refresh.model.request import Request
from instance_refresh.rules.decide import decide
from instance_refresh.rules.preflight import refusal, refusal_fields
from instance_refresh.rules.report import (
    held_rings,
    one_event,
    progress,
    states,
    to_go,
    told,
    worth_telling,
)
from tests.unit.fleets import LIMITS, NEW, OLD, activity, fleet, group, hours, member_of

if TYPE_CHECKING:
    from instance_refresh.model.outcome import Ended

ASKED = Request(region="ap-guangzhou", image_id=NEW, image_family="web")
FROZEN = Finding("RefreshPaused", "it is frozen", "mend it", instances=("ins-1",), urgent=True)
BEHIND = Finding("NotDeployed", "it is out for long", "see why")


def end(outcome: Ended, **fields: Any) -> Outcome:
    one = Outcome(outcome, "so it is", "ap-guangzhou", group="asg-a")
    return one._replace(**fields)


def refused(*codes: str) -> Outcome:
    return end("refused", **refusal_fields([refusal(code, "no") for code in codes]))


def test_groups_are_counted_by_their_outcome_and_why_they_wait() -> None:
    some = (
        end("queued", code="RingWaits"), end("queued", code="RingWaits"), end("queued"),
        end("attention", code="RefreshPaused"), end("already_current"),
    )  # fmt: skip
    assert states(some) == {"RingWaits": 2, "queued": 1, "attention": 1, "already_current": 1}


@pytest.mark.parametrize(
    ("one", "told_of"),
    [
        (end("started"), True),
        (end("restored"), True),
        (end("rejected", status=409), True),
        (end("attention"), True),
        (end("failed", retryable=True), True),
        (end("already_current"), False),
        (end("in_progress"), False),
        (end("superseded"), False),
        (end("queued", code="RingWaits"), False),
        (end("queued", code="Held"), True),
        (refused("GroupAbnormal"), True),
        (refused("GroupInActivity"), False),
        (refused("GroupEmpty"), False),
        (refused("GroupInActivity", "GroupEmpty"), False),
        (refused("GroupInActivity", "GroupAbnormal"), True),
        (end("refused", code="InvalidTag"), True),
        (end("refused", code="ResourceUnavailable.X", retryable=True), False),
    ],
)
def test_what_passes_by_itself_is_only_counted(one: Outcome, *, told_of: bool) -> None:
    assert worth_telling(one) is told_of


def test_what_is_wrong_is_told_with_all_that_is_known_of_it() -> None:
    live = member_of(ASKED, fleet(names=NEW, activities=(activity("FAILED_PAUSE"),)))
    line = told(FROZEN._replace(notes=("ins-1: no disk",)), live, end("in_progress"))
    assert (line.outcome, line.code, line.status) == ("attention", "RefreshPaused", 409)
    assert (line.reason, line.remedy) == ("it is frozen", "mend it")
    assert (line.group, line.activity, line.image) == ("asg-a", "asr-1", NEW)
    assert line.notes == ("ins-1: no disk",)
    idle = told(BEHIND, member_of(ASKED, fleet()), end("already_current"))
    assert (idle.code, idle.activity, idle.notes) == ("NotDeployed", "", ())


@pytest.mark.parametrize("urgent", [True, False])
def test_a_frozen_group_is_urgent_and_no_other_is(urgent: bool) -> None:
    where = member_of(ASKED, fleet(activities=(activity("FAILED_PAUSE"),)))
    assert told(FROZEN._replace(urgent=urgent), where, end("in_progress")).urgent is urgent


def test_why_a_group_waits_is_a_note_of_what_is_wrong() -> None:
    where = member_of(ASKED, fleet())
    for decision in (end("queued", code="WindowClosed"), refused("GroupInActivity")):
        line = told(BEHIND, where, decision)
        assert (line.code, line.notes) == ("NotDeployed", (decision.reason,))
    assert told(BEHIND, where, end("queued")).notes == ()


def test_what_is_wrong_is_a_note_of_what_someone_must_mend_but_where_it_is_urgent() -> None:
    where = member_of(ASKED, fleet())
    for decision in (end("rejected", notes=("first",)), refused("GroupAbnormal")):
        line = told(BEHIND, where, decision)
        assert (line.outcome, line.reason) == (decision.outcome, decision.reason)
        assert line.notes == (*decision.notes, "it is out for long: see why")
        frozen = told(FROZEN, where, decision)
        assert (frozen.code, frozen.urgent, frozen.notes) == (
            "RefreshPaused", True, (decision.reason,),
        )  # fmt: skip


def test_who_waits_long_for_a_lower_ring_is_told_of_once_a_family() -> None:
    waits = end("queued", code="RingWaits")
    assert told(BEHIND, member_of(ASKED, fleet()), waits) == waits
    assert told(FROZEN, member_of(ASKED, fleet()), waits).code == "RefreshPaused"


AT = hours(9)
BAD = end("attention", code="RolledBack", since=AT, family="web", remedy="See why.")
REJECTED = end("rejected", since=AT, family="web", reason="the last attempt failed")
WAVE = end("attention", code="WaveHeld", since=AT, family="web", reason="2 wait", group="")


def test_what_follows_from_an_end_is_a_note_of_it() -> None:
    (one,) = one_event((REJECTED, WAVE, BAD))
    assert (one.code, one.remedy) == ("RolledBack", "See why.")
    assert one.notes == ("2 wait", "the last attempt failed")
    (one,) = one_event((REJECTED, WAVE))
    assert (one.outcome, one.notes) == ("rejected", ("2 wait",))
    # What is told beside a rollback's beginning, that it is live, is dated by another moment.
    live, waits = (one._replace(since=hours(9.001)) for one in (REJECTED, WAVE))
    (one,) = one_event((live, waits._replace(reason=f"2 wait: {live.reason}"), BAD))
    assert one.notes == (f"2 wait: {live.reason}",)
    denied = end("failed", family="web")  # nothing dates it
    assert one_event((denied, WAVE._replace(since=None))) == (denied._replace(notes=("2 wait",)),)


@pytest.mark.parametrize(
    "other",
    [
        BAD._replace(since=hours(8), group="asg-b"),
        BAD._replace(since=None, group="asg-b"),
        REJECTED._replace(family=""),
        BAD._replace(family="api", group="asg-b"),
        # A cancel is no alarm: that its image is rejected since is said beside it.
        end("cancelled", code="RefreshEnded", since=AT, family="web"),
        end("restored", code="Restored", since=AT, family="web"),
    ],
)
def test_what_follows_from_another_event_is_a_line_of_its_own(other: Outcome) -> None:
    assert one_event((WAVE, other)) == (WAVE, other)
    assert one_event((REJECTED, other)) == (REJECTED, other)


def test_two_groups_that_were_rolled_back_at_once_keep_a_line_each() -> None:
    other = BAD._replace(group="asg-b")
    both = (REJECTED, REJECTED._replace(group="asg-b"), WAVE, BAD, other)
    assert [(one.group, len(one.notes)) for one in one_event(both)] == [("asg-a", 2), ("asg-b", 1)]


def test_who_is_next_is_said_by_name() -> None:
    groups = [group(f"asg-{n}", name=f"web-{n}" if n else "") for n in range(4)]
    where = fleet(*groups, runs=OLD)
    family = [member_of(ASKED, where, g, Policy("web", n // 2)) for n, g in enumerate(groups)]
    decided = {m.group_id: m.ends("queued", "") for m in family}
    assert to_go([family], decided) == {"web": "web: 4 of 4 groups to go; in ring 0: asg-0, web-1"}
    decided |= {name: family[0].ends("already_current", "") for name in ("asg-0", "asg-1")}
    assert to_go([family], decided) == {"web": "web: 2 of 4 groups to go; in ring 1: web-2, web-3"}
    assert to_go([family[:2]], decided) == {}
    assert to_go([family[:3]], decided) == {"web": "web: 1 of 3 groups to go; in ring 1: web-2"}


@pytest.mark.parametrize(("count", "more"), [(10, ""), (11, " and 1 more"), (12, " and 2 more")])
def test_of_many_who_are_next_ten_are_named(count: int, more: str) -> None:
    where = fleet(*(group(f"asg-{n}") for n in range(count)))
    family = [member_of(ASKED, where, one, Policy("web")) for one in where.groups]
    said = to_go([family], {m.group_id: m.ends("queued", "") for m in family})["web"]
    named = ", ".join(f"asg-{n}" for n in range(10))
    assert said == f"web: {count} of {count} groups to go; in ring 0: {named}{more}"


def test_a_familys_groups_are_counted_by_how_far_they_are() -> None:
    live = activity("RUNNING", "asg-1")
    where = fleet(*(group(f"asg-{n}") for n in range(6)), activities=(live,))
    family = [member_of(ASKED, where, one, Policy("web")) for one in where.groups]
    outcomes: dict[str, Ended] = {
        "asg-0": "already_current", "asg-1": "in_progress", "asg-2": "started",
        "asg-3": "rejected", "asg-4": "queued", "asg-5": "queued",
    }  # fmt: skip
    ends = {m.group_id: m.ends(outcomes[m.group_id], "") for m in family}
    assert progress([family], ends, ends) == {
        "web": {
            "image": NEW,
            "groups": 6,
            "done": 1,
            "refreshing": 2,
            "waiting": 2,
            "failed": 1,
            "share": 0.167,
        }
    }
    assert progress([family[:1]], ends, ends)["web"]["share"] == 1


def lines(
    overdue: tuple[str, ...] = (),
    waiting: str = "RingWaits",
    done: Outcome | None = None,
    above: int = 2,
    **below: Any,
) -> list[Outcome]:
    """Ring 0 is asg-0, which has `below`, and was `done`; asg-1 and asg-2 are in ring 1."""
    groups = [group(f"asg-{n}") for n in range(1 + above)]
    where = fleet(*groups, runs=OLD)
    family = [member_of(ASKED, where, g, Policy("web", min(n, 1))) for n, g in enumerate(groups)]
    decided = {**decide(family, LIMITS)}
    ends = {"asg-0": end(**below)._replace(group="asg-0", image=NEW)}
    if done:
        decided["asg-0"], ends["asg-0"] = ends["asg-0"], done
    for name in (one.group_id for one in groups[1:]):
        ends[name] = end("queued", code=waiting)._replace(group=name, region="", image=OLD)
        decided[name] = ends[name]
    return list(held_rings([family], decided, ends, frozenset(overdue), hours(30)))


def test_what_stops_the_rings_above_is_said_once_with_how_many_wait() -> None:
    (line,) = lines(outcome="rejected")
    assert line.reason == (
        "family web: 2 groups of higher rings wait for asg-0 (rejected: so it is)"
    )
    assert (line.outcome, line.code) == ("attention", "WaveHeld")
    assert (line.region, line.image) == ("ap-guangzhou", NEW)
    assert line.remedy
    assert len(lines(outcome="queued", code="Held")) == 1
    (line,) = lines(outcome="rejected", above=1)
    assert line.reason.startswith("family web: 1 groups of higher rings wait for ")


def test_what_stops_the_rings_above_is_named_by_its_name() -> None:
    (line,) = lines(outcome="rejected", group_name="web-a")
    assert line.reason.endswith(" wait for web-a (asg-0, rejected: so it is)")


def test_the_rings_above_wait_for_a_group_whose_configuration_was_just_put_back() -> None:
    (line,) = lines(outcome="rejected", since=AT, done=end("restored"))
    assert "asg-0 (rejected: so it is)" in line.reason
    assert line.since == AT
    assert lines(outcome="queued", done=end("restored")) == []


def test_the_rings_above_wait_for_what_the_watch_found_rather_than_for_what_was_decided() -> None:
    frozen = end("attention", code="RefreshPaused")
    (line,) = lines(outcome="in_progress", done=frozen)
    assert line.reason.endswith("(attention: so it is)")


@pytest.mark.parametrize("outcome", ["started", "in_progress", "queued", "resumed"])
def test_what_goes_on_holds_nobody_until_it_takes_too_long(outcome: Ended) -> None:
    assert lines(outcome=outcome) == []
    assert lines(("asg-0",), outcome=outcome) == []
    (late,) = lines(("asg-2",), outcome=outcome)
    assert f"wait for asg-0 ({outcome}: " in late.reason


def test_where_nobody_waits_nothing_is_held() -> None:
    assert lines(outcome="rejected", waiting="WindowClosed") == []
    assert lines(("asg-1",), outcome="rejected", waiting="WindowClosed") == []
