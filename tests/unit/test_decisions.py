"""What each rule says of a group, in whole: its words, its status, and where it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.action import Start
from instance_refresh.model.outcome import Outcome
from instance_refresh.model.request import CLOCKS_DIFFER, Request
from instance_refresh.rules.decide import absent, decide, settled
from tests.unit.fleets import (
    LIMITS,
    NEW,
    OLD,
    activity,
    fleet,
    group,
    hours,
    image,
    instances,
    member_of,
)

if TYPE_CHECKING:
    from instance_refresh.model.fleet import Activity, Fleet, Image

ASKED = Request(region="ap-guangzhou", group_ids=("asg-a",), image_id=NEW)
PLAIN = Request(region="ap-guangzhou", group_ids=("asg-a",))
MID = "img-mid"


def one(where: Fleet, asked: Request = ASKED) -> Outcome:
    found = settled(member_of(asked, where))
    assert isinstance(found, Outcome)
    return found


def starts(where: Fleet, asked: Request = ASKED) -> bool:
    found = settled(member_of(asked, where))
    return found is None or isinstance(found, Start)


def three(**mid: Any) -> dict[str, Image]:
    return {OLD: image(OLD, 0), MID: image(MID, 5)._replace(**mid), NEW: image(NEW, 10)}


def live(status: str = "RUNNING", **fields: Any) -> tuple[Activity, ...]:
    return (activity(status, **fields),)


def test_a_live_activity_is_said_with_what_to_do_about_it() -> None:
    own = one(fleet(names=NEW, activities=live()))
    assert (own.outcome, own.status, own.remedy) == ("in_progress", 200, "")
    assert own.activity == "asr-1"
    undone = one(fleet(names=NEW, activities=live("FAILED_PAUSE", kind="ROLLBACK")))
    assert (undone.outcome, undone.status) == ("rejected", 409)
    assert undone.reason.startswith("the image is being rolled back here: ")
    assert undone.remedy.startswith("Resume, roll back or cancel it")
    command = one(fleet(names=NEW, activities=live(kind="ROLLBACK")), PLAIN)
    assert (command.outcome, command.status) == ("in_progress", 200)


@pytest.mark.parametrize(
    ("tagged", "family", "outcome", "status"),
    [("web", "web", "queued", 202), ("www", "web", "busy", 409), ("", "", "busy", 409)],
)
def test_an_image_waits_only_where_the_schedule_brings_it(
    tagged: str, family: str, outcome: str, status: int
) -> None:
    tags = {"instance-refresh:image-family": tagged} if tagged else {}
    images = {OLD: image(OLD), NEW: image(NEW, 10, family=family)}
    where = fleet(group(tags=tags), activities=live(), images=images)
    found = one(where)
    assert (found.outcome, found.status) == (outcome, status)
    again = "" if outcome == "queued" else "Send the request again when the activity has ended."
    assert found.remedy == again
    unknown = one(where._replace(images={}))
    assert unknown.outcome == "busy"
    paused = one(where._replace(activities={"asg-a": activity("AUTO_PAUSE")}))
    assert paused.remedy.startswith("Resume, roll back or cancel it")


def test_what_supersedes_an_image_is_named() -> None:
    some = (*instances("asg-a", 1, NEW), *instances("asg-a", 1, OLD))
    back = ASKED._replace(image_id=OLD)
    found = one(fleet(instances={"asg-a": some}, images=three()), back)
    assert found.reason == (
        "image img-old (2026-01-01 00:00:00Z) is older than img-new (2026-01-01 10:00:00Z)"
    )
    assert found.remedy == "To go back, deprecate the newer image, then set Force."
    both = tuple(instances("asg-a", 1, MID)) + tuple(instances("asg-a", 1, NEW))
    first = one(fleet(instances={"asg-a": both}, images=three()), back)
    assert "older than img-mid (2026-01-01 05:00:00Z)" in first.reason
    alone = one(fleet(group(tags={}), runs=NEW), back)
    assert alone.remedy == "Set Force to go back to the older image."


@pytest.mark.parametrize(
    ("fields", "superseded"),
    [
        ({}, True),
        ({"deprecated": True}, False),
        ({"state": "CREATEFAILED"}, False),
        ({"state": "SYNCING"}, True),
        ({"created": None}, False),
        ({"created": hours(0)}, False),
    ],
)
def test_what_the_configuration_brings_counts_unless_it_is_withdrawn(
    fields: dict[str, Any], *, superseded: bool
) -> None:
    where = fleet(names=MID, images=three(**fields))
    back = ASKED._replace(image_id=OLD)
    found = settled(member_of(back, where))
    assert (isinstance(found, Outcome) and found.outcome == "superseded") is superseded


def test_what_the_configuration_brings_counts_once_its_attempt_is_known() -> None:
    where, back = fleet(names=MID, images=three()), ASKED._replace(image_id=OLD)
    assert one(where, back).outcome == "superseded"
    for unread in (where._replace(instances={}), where._replace(activities={})):
        assert settled(member_of(back, unread)) is None or starts(unread, back)
    failed = where._replace(activities={"asg-a": activity("FAILED")})
    assert starts(failed, back)


def test_followers_are_not_taken_back_from_their_familys_newest() -> None:
    late = Request(region="ap-guangzhou", image_id=MID, image_family="web")
    images = three()
    assert one(fleet(images=images), late).outcome == "superseded"
    assert starts(fleet(images=images), late._replace(group_ids=("asg-a",)))
    for fields in ({"family": "www"}, {"state": "SYNCING"}, {"kind": "SHARED_IMAGE"}):
        other = {**images, NEW: image(NEW, 10, **fields)}
        assert starts(fleet(images=other), late)


def test_an_event_that_comes_late_brings_no_older_image_where_the_newest_failed() -> None:
    """Whether its attempt has been undone in the launch configuration yet, or not."""
    late = Request(region="ap-guangzhou", image_id=MID, image_family="web")
    for names in (NEW, OLD):
        where = fleet(names=names, images=three(), activities=live("FAILED"))
        assert one(where, late).outcome == "superseded"
    where = fleet(names=NEW, images=three(), activities=live("FAILED"))
    assert starts(where, late._replace(group_ids=("asg-a",)))


SPENT = [PLAIN, ASKED._replace(force=True)]


@pytest.mark.parametrize(("asked", "runs"), [(SPENT[0], NEW), (SPENT[1], OLD)])
def test_an_event_is_spent_by_what_began_since_but_for_the_clocks(
    asked: Request, runs: str
) -> None:
    at = asked._replace(asked_at=hours(25))
    for seconds, spent in ((0, True), (-10, True), (-11, False)):
        began = hours(25) + timedelta(seconds=seconds)
        own = activity("CANCELLED")._replace(created=began)
        where = fleet(names=NEW, runs=runs, activities=(own,))
        assert starts(where, at) is not spent
        if spent:
            found = one(where, at)
            assert (found.outcome, found.status) == ("rejected", 409)
            assert (found.activity, found.remedy) == ("asr-1", "Send a new request.")
    assert timedelta(seconds=10) == CLOCKS_DIFFER


def test_what_has_succeeded_since_is_done_for_a_command_and_for_a_force_where_all_run_it() -> None:
    command, force = (asked._replace(asked_at=hours(25)) for asked in SPENT)

    def ends(asked: Request, runs: str, **fields: Any) -> str:
        own = activity(fields.pop("status", "SUCCESSFUL"), created=25, **fields)
        return one(fleet(names=NEW, runs=runs, activities=(own,)), asked).outcome

    assert ends(command, OLD) == ends(command, NEW) == "already_current"
    assert ends(command, NEW, status="FAILED") == "rejected"
    assert ends(command, OLD, kind="ROLLBACK") == "rejected"
    assert ends(force, NEW) == ends(force, NEW, status="CANCELLED") == "already_current"
    assert ends(force, OLD) == "rejected"
    moved = fleet(names=OLD, runs=NEW, activities=(activity("SUCCESSFUL", created=25),))
    assert one(moved, force).outcome == "rejected"
    wish = ASKED._replace(asked_at=hours(25))
    assert starts(fleet(names=NEW, activities=(activity("SUCCESSFUL", created=25),)), wish)
    assert starts(fleet(names=NEW, activities=(activity("SUCCESSFUL", created=25),)), PLAIN)


def test_a_configuration_that_was_only_set_spends_what_asked_for_it() -> None:
    force = ASKED._replace(force=True, asked_at=hours(25))

    def given(asked: Request = force, runs: str = NEW, **configuration: Any) -> bool:
        where = fleet(names=NEW, runs=runs, activities=live("FAILED"))
        changed = where.launch_configurations["asc-a"]._replace(**configuration)
        return not starts(where._replace(launch_configurations={"asc-a": changed}), asked)

    assert given(updated=hours(25))
    assert given(updated=hours(26))
    assert given(updated=hours(25) - CLOCKS_DIFFER)
    assert not given(updated=hours(25) - CLOCKS_DIFFER - timedelta(seconds=1))
    assert not given(updated=None)
    assert not given(updated=hours(26), created=hours(26))  # made, and never changed
    assert not given(updated=hours(26), runs=OLD)
    assert given(updated=hours(26), image_id=NEW)
    assert not given(PLAIN._replace(asked_at=hours(25)), updated=hours(26))
    assert not given(PLAIN._replace(asked_at=hours(25), force=True), updated=hours(26))


@pytest.mark.parametrize(("created", "verdict"), [(10, True), (10 - 1 / 3600, False), (None, True)])
def test_an_attempt_before_the_image_was_made_was_not_at_it(
    created: float | None, *, verdict: bool
) -> None:
    began = None if created is None else hours(created)
    failed = activity("FAILED")._replace(created=began)
    assert starts(fleet(activities=(failed,), names=NEW)) is not verdict
    unknown = {OLD: image(OLD), NEW: image(NEW)._replace(created=None)}
    assert not starts(fleet(activities=(failed,), names=NEW, images=unknown))


def test_how_an_attempt_ended_is_said() -> None:
    failed = one(fleet(activities=live("FAILED")))
    assert failed.reason == (
        "the last attempt here since image img-new was made ended FAILED: refresh activity asr-1"
    )
    assert (failed.outcome, failed.status, failed.activity) == ("rejected", 409, "asr-1")
    assert failed.remedy == "Publish a newer image, or set Force to try this one again."
    undone = one(fleet(activities=live("SUCCESSFUL", kind="ROLLBACK", origin_id="asr-0")))
    assert "was rolled back: refresh activity asr-1" in undone.reason


@pytest.mark.parametrize(
    ("updated", "runs", "tried"),
    [(20, (MID, OLD), True), (20.1, (MID, OLD), False), (20, (MID,), False), (20, (OLD,), True)],
)
def test_an_attempt_was_at_what_the_configuration_names_since_before_it(
    updated: float, runs: tuple[str, ...], *, tried: bool
) -> None:
    """Where all run that already, the platform may have put it back after the attempt."""
    some = tuple(one for name in runs for one in instances("asg-a", 1, name))
    where = fleet(names=MID, activities=live("FAILED"), images=three(), instances={"asg-a": some})
    changed = where.launch_configurations["asc-a"]._replace(updated=hours(updated))
    assert starts(where._replace(launch_configurations={"asc-a": changed})) is tried
    unknown = changed._replace(updated=None)
    assert not starts(where._replace(launch_configurations={"asc-a": unknown}))


def test_a_command_is_not_measured_by_what_failed() -> None:
    assert starts(fleet(names=NEW, runs=NEW, activities=live("FAILED")), PLAIN)
    unread = fleet(names=NEW, activities=live("FAILED"), instances={})
    assert settled(member_of(PLAIN, unread)) is None
    assert settled(member_of(ASKED, unread)) is None


def shared(*others: Activity, **fields: Any) -> list[Outcome | Any]:
    groups = [group(f"asg-{n}", launch_configuration_id="asc-s") for n in "ab"]
    where = fleet(*groups, activities=others, **fields)
    return list(decide([member_of(ASKED, where, g) for g in groups], LIMITS).values())


def test_a_group_without_instances_has_nothing_to_move() -> None:
    groups = [
        group(f"asg-{n}", c, launch_configuration_id="asc-s") for n, c in (("a", 4), ("b", 0))
    ]
    where = fleet(*groups)
    first, second = decide([member_of(ASKED, where, g) for g in groups], LIMITS).values()
    assert isinstance(first, Start)
    assert isinstance(second, Outcome)
    assert second.code == "GroupEmpty"


def test_a_configuration_that_is_set_already_holds_no_start() -> None:
    first, second = shared(activity("RUNNING", "asg-b"), names=NEW)
    assert isinstance(first, Start)
    assert second.outcome == "in_progress"
    first, _ = shared(activity("RUNNING", "asg-b"))
    assert first.code == "LaunchConfigurationShared"
    assert first.reason == (
        "launch configuration asc-s is also used by asg-b, which must not move now"
    )


def test_what_is_named_and_missing_is_said_one_by_one() -> None:
    none = fleet()._replace(groups=(), missing=("asg-x", "asg-y"))
    assert [(o.group, o.code, o.region) for o in absent(ASKED, none)] == [
        ("asg-x", "GroupNotFound", "ap-guangzhou"), ("asg-y", "GroupNotFound", "ap-guangzhou"),
    ]  # fmt: skip
    assert absent(ASKED, fleet()) == ()
    nobody = none._replace(missing=())
    wish = Request(region="ap-guangzhou", image_id=NEW)
    for asked, code, words in (
        (wish, "ImageWithoutFamily", "image img-new is not in ap-guangzhou"),
        (wish._replace(image_family="web"), "NoFollower", "the image family web"),
        (wish._replace(tags=(("a", "b"), ("c", "d"))), "NoGroupMatches", "a=b, c=d"),
    ):
        (outcome,) = absent(asked, nobody)
        assert (outcome.code, outcome.group) == (code, "")
        assert words in outcome.reason
