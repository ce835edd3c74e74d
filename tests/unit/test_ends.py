"""What becomes of refreshes is told by the tick that sees it, and by no other."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instance_refresh.model.fleet import Activity, Batch, BatchInstance
from instance_refresh.model.outcome import Outcome
from instance_refresh.model.policy import NO_POLICY, Policy
from instance_refresh.model.request import Request
from instance_refresh.rules import report, watch
from instance_refresh.rules.edges import Between, edges, is_due
from tests.unit.fleets import LIMITS, NEW, OLD, START, activity, fleet, group, member_of

if TYPE_CHECKING:
    from instance_refresh.model.member import Member

REGION = "ap-guangzhou"
MINUTE, TICK = timedelta(minutes=1), timedelta(minutes=5)
WEB = Policy(family="web")
NOTHING = frozenset[str]()


def tick(number: int) -> Between:
    return Between(START + (number - 1) * TICK, START + number * TICK)


def at(minutes: float) -> datetime:
    return START + minutes * MINUTE


def batch(
    number: int, status: str, began: float | None, ended: float | None, *, failed: int = 0
) -> Batch:
    some = tuple(
        BatchInstance(f"ins-{number}{i}", "FAILED" if i < failed else "SUCCESSFUL", "", "")
        for i in range(2)
    )
    return Batch(
        number,
        status,
        None if began is None else at(began),
        None if ended is None else at(ended),
        some,
    )


def watched(*past: Activity, names: str = NEW, updated: float = -120, **fields: Any) -> Member:
    """Give a group that is only watched, whose launch configuration was changed at a minute."""
    where = fleet(group(tags={}), names=names, activities=past[-1:], recent={"asg-a": past})
    changed = {
        name: one._replace(updated=at(updated)) for name, one in where.launch_configurations.items()
    }
    where = where._replace(launch_configurations=changed)
    policy = fields.get("policy", NO_POLICY)
    return member_of(Request(REGION, group_ids=("asg-a",), watched=True), where, policy=policy)


def refresh(status: str, began: float, ended: float | None = None, **fields: Any) -> Activity:
    over = None if ended is None else at(ended)
    return activity(status, created=0, **fields)._replace(created=at(began), ended=over)


def told(member: Member, number: int) -> list[Outcome]:
    return list(edges([member], tick(number), LIMITS, {"web": "web: 1 of 2 groups to go"}))


@given(st.integers(0, 3600), st.sampled_from(["SUCCESSFUL", "FAILED", "CANCELLED"]))
def test_an_end_is_told_by_one_tick_of_all(second: int, status: str) -> None:
    one = watched(refresh(status, -60, second / 60))
    ticks = [number for number in range(-2, 20) if told(one, number)]
    assert len(ticks) == 1
    assert tick(ticks[0]).until >= at(second / 60) + MINUTE


@given(st.integers(0, 7200), st.sampled_from(["4h", "7m", "5m", "1m"]))
def test_what_lasts_is_told_when_it_begins_and_again(second: int, every: str) -> None:
    again = timedelta(minutes=int(every[:-1]) * (60 if every[-1] == "h" else 1))
    limits = LIMITS._replace(remind_every=again)
    since = START + timedelta(seconds=second)
    lasts = Outcome("attention", "", REGION, urgent=True, since=since)
    ticks = [number for number in range(1, 200) if is_due(lasts, tick(number), limits, NOTHING)]
    first = ticks[0]
    assert tick(first).since <= since < tick(first).until
    gaps = [b - a for a, b in pairwise(ticks)]
    assert all(gap * TICK < again + TICK for gap in gaps)


@pytest.mark.parametrize("status", ["FAILED_PAUSE", "MANUAL_PAUSE", "RUNNING"])
def test_a_limit_that_ends_in_the_second_of_a_tick_is_told(status: str) -> None:
    limits = LIMITS._replace(paused=TICK, failed=TICK, stuck=TICK)
    one = watched(refresh(status, -60)._replace(batches=(batch(1, "FAILED", -60, 0),)))
    due = []
    for number in range(4):
        found = watch.live(one, limits, tick(number).until)
        line = found and report.told(found, one, one.ends("in_progress", ""))
        if line and is_due(line, tick(number), limits, NOTHING):
            due.append(number)
    assert due == [2]


def test_what_has_no_date_is_told_once_an_hour() -> None:
    lasts = Outcome("refused", "", REGION)
    assert [n for n in range(1, 37) if is_due(lasts, tick(n), LIMITS, NOTHING)] == [12, 24, 36]


def test_two_ends_between_two_ticks_are_both_told() -> None:
    one = watched(
        refresh("FAILED", -9, 1, activity_id="asr-1"),
        refresh("SUCCESSFUL", 2, 3, activity_id="asr-2"),
    )
    assert [end.activity for end in told(one, 1)] == ["asr-1", "asr-2"]


def test_a_refresh_of_a_group_that_is_only_watched_is_told_when_it_begins() -> None:
    one, idle = watched(refresh("RUNNING", 1)), watched()
    (line,) = edges([idle, one], tick(1), LIMITS, {})
    assert (line.outcome, line.code, line.since) == ("in_progress", "Begun", at(1))
    follower = one._replace(request=one.request._replace(watched=False))
    assert told(follower, 1) == []


def test_an_end_names_the_image_that_the_activity_brought() -> None:
    (end,) = told(watched(refresh("SUCCESSFUL", -9, 1)), 1)
    assert (end.outcome, end.status, end.image) == ("succeeded", 200, NEW)
    assert NEW in end.reason


def test_an_end_says_how_far_it_came_and_who_is_next() -> None:
    batches = (batch(1, "SUCCESSFUL", -9, -5), batch(2, "SUCCESSFUL", -5, 1))
    (end,) = told(watched(refresh("SUCCESSFUL", -9, 1, batches=batches), policy=WEB), 1)
    how = "4 of 4 instances in 2 batches, 10 min"
    assert end.reason == f"refresh activity asr-1 brought {NEW}: {how}"
    assert end.notes == ("web: 1 of 2 groups to go",)
    (other,) = told(watched(refresh("SUCCESSFUL", -9, 1)), 1)
    assert other.notes == ()


def test_an_end_that_went_badly_says_what_the_instances_run_and_what_to_do() -> None:
    some = (batch(1, "FAILED", -9, 1, failed=1),)
    (end,) = told(watched(refresh("FAILED", -9, 1, batches=some)), 1)
    assert (end.image, end.level, end.status) == (NEW, "WARNING", 409)
    assert end.reason.endswith(f"10 min; failed: ins-10; the instances run {OLD}")
    assert "newer image" in end.remedy


@pytest.mark.parametrize(("failed", "level"), [(0, "INFO"), (1, "WARNING")])
def test_a_cancel_is_an_alarm_only_where_something_had_failed(failed: int, level: str) -> None:
    some = (batch(1, "PARTIALLY_SUCCESSFUL", -9, 1, failed=failed),)
    (end,) = told(watched(refresh("CANCELLED", -9, 1, batches=some)), 1)
    assert (end.code, end.level) == ("RefreshEnded", level)
    assert bool(end.remedy) is bool(failed)


@pytest.mark.parametrize("status", ["SUCCESSFUL", "FAILED"])
def test_an_end_names_no_image_where_the_configuration_was_changed_since(status: str) -> None:
    ended = refresh(status, -9, 1, activity_id="asr-1")
    (end,) = told(watched(ended, refresh("RUNNING", 2.1, activity_id="asr-2"), updated=2), 1)[:1]
    assert end.activity == "asr-1"
    assert NEW not in end.reason
    assert end.image == ""
    assert "the instances run" not in end.reason  # that is what the next one does


def test_what_the_instances_run_is_said_where_they_were_read() -> None:
    unread = watched(refresh("FAILED", -9, 1))._replace(running_images=frozenset())
    (end,) = told(unread, 1)
    assert end.reason.endswith("in 0 batches, 10 min")


def test_a_rollback_is_told_with_the_refresh_that_it_undid() -> None:
    undone = refresh("FAILED", -30, -20, activity_id="asr-1")
    back = refresh("SUCCESSFUL", -9, 1, kind="ROLLBACK", origin_id="asr-1", activity_id="asr-2")
    (end,) = told(watched(undone, back), 1)
    assert (end.code, end.level, end.image) == ("RolledBack", "WARNING", NEW)
    which = "refresh activity asr-1 of img-new was rolled back by asr-2, which ended SUCCESSFUL: "
    assert end.reason.startswith(which)
    assert end.reason.endswith(f"; the instances run {OLD}")
    assert end.remedy
    # What is configured now was put there since the refresh began that was undone.
    (end,) = told(watched(undone, back, updated=-20), 1)
    assert end.image == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (45, ", 45 s"),
        (59.6, ", 1 min"),
        (119, ", 1 min"),
        (120, ", 2 min"),
        (3600, ", 1 h 0 min"),
        (7199, ", 1 h 59 min"),
        (11520, ", 3 h 12 min"),
        (None, ""),
    ],
)
def test_how_long_a_refresh_took_is_said_in_short(seconds: float | None, words: str) -> None:
    one = refresh("SUCCESSFUL", 0, 1)
    began = None if seconds is None else at(1) - timedelta(seconds=seconds)
    (end,) = told(watched(one._replace(created=began)), 1)
    assert end.reason.endswith(f"in 0 batches{words}")


def test_a_failed_end_names_no_image_that_was_put_back_before_it_was_told() -> None:
    # It ended within the minute before the tick that restored, and the next one tells.
    (end,) = told(watched(refresh("FAILED", -9, -0.5), names=OLD, updated=0.1), 1)
    assert (end.code, end.image) == ("RefreshEnded", "")


def paused(*batches: Batch) -> Activity:
    return refresh("RUNNING", -60)._replace(batches=batches)


def over(one: Activity, policy: Policy = NO_POLICY) -> list[str]:
    return [end.code for end in told(watched(one, policy=policy), 1) if end.code == "PauseOver"]


def test_a_pause_that_is_over_is_told_even_where_the_next_batch_has_ended_too() -> None:
    first = batch(1, "FAILED", -60, -50, failed=1)
    assert over(paused(first, batch(2, "RUNNING", 1, None))) == ["PauseOver"]
    assert over(paused(first, batch(2, "SUCCESSFUL", 1, 3), batch(3, "RUNNING", 3, None)))


def test_no_pause_is_over_where_none_was_beyond_its_limit() -> None:
    assert not over(paused(batch(1, "SUCCESSFUL", -60, -5), batch(2, "RUNNING", 1, None)))
    # A bake is meant.
    bakes = WEB._replace(bake=timedelta(minutes=30))
    baked = paused(batch(1, "SUCCESSFUL", -60, -30), batch(2, "RUNNING", 1, None))
    assert not over(baked, bakes)
    assert over(baked)
    # A failed batch may wait for a quarter of an hour.
    assert not over(paused(batch(1, "FAILED", -60, -14), batch(2, "RUNNING", 1, None)))
    assert over(paused(batch(1, "FAILED", -60, -14.1), batch(2, "RUNNING", 1, None)))


def test_what_seemed_stuck_and_goes_on_is_told_once() -> None:
    slow = batch(1, "SUCCESSFUL", -70, 1)
    for now in (
        refresh("RUNNING", -70)._replace(batches=(slow, batch(2, "RUNNING", 1, None))),
        refresh("AUTO_PAUSE", -70)._replace(batches=(slow, batch(2, "WAITING", None, None))),
        refresh("RUNNING", -70)._replace(batches=(batch(1, "RUNNING", 1, None),)),  # it was INIT
    ):
        codes = [[(one.code, one.level) for one in told(watched(now), n)] for n in (0, 1, 2)]
        assert codes == [[], [("StuckOver", "INFO")], []]
    usual = refresh("RUNNING", -59)._replace(batches=(batch(1, "SUCCESSFUL", -59, 1),))
    assert told(watched(usual), 1) == []
