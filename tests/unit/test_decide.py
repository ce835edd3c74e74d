from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.action import Action, Finding, Start
from instance_refresh.model.limits import Allowed
from instance_refresh.model.outcome import Outcome
from instance_refresh.model.request import Request
from instance_refresh.rules.decide import absent, decide
from instance_refresh.rules.start import planned
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
    from instance_refresh.model.fleet import Fleet
    from instance_refresh.rules.decide import Decision

ASKED = Request(region="ap-guangzhou", group_ids=("asg-a",), image_id=NEW)
PLAIN = Request(region="ap-guangzhou", group_ids=("asg-a",))


def every(request: Request, seen: Fleet, *creators: str) -> list[Decision]:
    some = [member_of(request, seen, g, allowed=Allowed(creators)) for g in seen.groups]
    return [*absent(request, seen), *decide(some, LIMITS).values()]


def one(request: Request, seen: Fleet, *creators: str) -> Decision:
    (decision,) = every(request, seen, *creators)
    return decision


def ends(decision: Decision) -> str:
    assert isinstance(decision, Outcome)
    return decision.outcome


def starts(decision: Decision) -> Start:
    assert isinstance(decision, Start), decision
    return decision


def test_a_drifted_group_starts_with_the_image_put_in_first() -> None:
    start = starts(one(ASKED, fleet()))
    assert (start.sets_image, start.image, start.put_back_image) == (True, NEW, OLD)
    assert start.settings["RollingUpdateSettings"] == {"BatchNumber": 4}
    assert start.plan.least_in_service == 3
    assert start.plan.rollback_image == OLD


def test_after_a_crash_between_the_writes_the_refresh_still_starts() -> None:
    start = starts(one(ASKED, fleet(names=NEW)))
    assert (start.sets_image, start.put_back_image) == (False, OLD)


def test_what_replaces_instances_has_no_rollback() -> None:
    replaced = ASKED._replace(refresh_mode="ROLLING_UPDATE_REPLACE")
    assert starts(one(replaced, fleet())).plan.rollback_image == ""


def test_a_plain_request_never_puts_an_image_back() -> None:
    start = starts(one(PLAIN, fleet(names=NEW)))
    assert (start.image, start.sets_image, start.put_back_image) == (NEW, False, "")


def test_nothing_to_do() -> None:
    seen = fleet(names=NEW, runs=NEW)
    assert ends(one(ASKED, seen)) == "already_current"
    assert starts(one(ASKED._replace(force=True), seen)).plan.current == 4


def test_a_command_is_done_whatever_the_instances_run() -> None:
    """It reinstalls what the launch configuration says, which is more than the image."""
    start = starts(one(PLAIN, fleet(names=NEW, runs=NEW)))
    assert (start.image, start.sets_image, start.refreshes) == (NEW, False, True)
    assert start.plan.current == 4


@pytest.mark.parametrize("request_", [PLAIN, ASKED._replace(force=True)])
@pytest.mark.parametrize("ahead", range(-5, 6))
@pytest.mark.parametrize("status", ["SUCCESSFUL", "CANCELLED", "FAILED"])
def test_one_event_is_one_start_however_far_the_clocks_are_apart(
    request_: Request, ahead: int, status: str
) -> None:
    """Asked at hour 25 by a clock that is so many seconds ahead of the platform's."""
    asked = request_._replace(asked_at=hours(25) + timedelta(seconds=ahead))
    before = activity(status, created=24)
    assert starts(one(asked, fleet(names=NEW, runs=NEW, activities=(before,)))).refreshes
    own = activity(status, created=25)
    again = one(asked, fleet(names=NEW, runs=NEW, activities=(own,)))
    done = status == "SUCCESSFUL" or request_.force
    assert ends(again) == ("already_current" if done else "rejected")


def test_a_command_reinstalls_no_image_that_failed_here() -> None:
    rolled_back = activity("SUCCESSFUL", kind="ROLLBACK", origin_id="asr-0", created=21)
    origins = {"asr-0": activity("FAILED", created=20, activity_id="asr-0")}
    seen = fleet(names=NEW, runs=OLD, activities=(rolled_back,), origins=origins)
    found = one(PLAIN._replace(asked_at=hours(25)), seen)
    assert isinstance(found, Finding)
    assert found.action == Action("restore", image=OLD)
    configuration = seen.launch_configurations["asc-a"]._replace(image_id=OLD, updated=hours(25))
    restored = seen._replace(launch_configurations={"asc-a": configuration})
    assert starts(one(PLAIN._replace(asked_at=hours(25)), restored)).image == OLD


@pytest.mark.parametrize("force", [False, True])
def test_after_a_rollback_a_wish_for_what_all_run_only_sets_the_configuration(force: bool) -> None:
    rolled_back = activity("SUCCESSFUL", kind="ROLLBACK", origin_id="asr-0", created=21)
    origins = {"asr-0": activity("FAILED", created=20, activity_id="asr-0")}
    seen = fleet(names=NEW, runs=OLD, activities=(rolled_back,), origins=origins)
    back = ASKED._replace(image_id=OLD, force=force, asked_at=hours(25))
    start = starts(one(back, seen))
    assert (start.image, start.sets_image, start.refreshes) == (OLD, True, False)
    configuration = seen.launch_configurations["asc-a"]._replace(image_id=OLD, updated=hours(25))
    for ahead in range(-5, 6):  # the clock of who asked, against the platform's
        late = back._replace(asked_at=hours(25) + timedelta(seconds=ahead))
        again = one(late, seen._replace(launch_configurations={"asc-a": configuration}))
        assert isinstance(again, Outcome)
        end = ("rejected", 409) if force else ("already_current", 200)
        assert (again.outcome, again.status) == end


def test_what_the_instances_run_counts_though_the_configuration_names_an_older_image() -> None:
    back = ASKED._replace(image_id=OLD)
    assert ends(one(back, fleet(names=OLD, runs=NEW))) == "superseded"
    withdrawn = changed(fleet(names=OLD, runs=NEW), deprecated=True)
    assert ends(one(back, withdrawn)) == "superseded"
    assert starts(one(back._replace(force=True), fleet(names=OLD, runs=NEW))).image == OLD


def test_where_more_than_meant_would_start_nothing_is_put_back_either() -> None:
    by_tags = PLAIN._replace(group_ids=(), tags=(("a", "b"),))
    failed = activity("FAILED", "asg-0")
    where = fleet(*(group(f"asg-{n}") for n in range(3)), names=NEW, activities=(failed,))
    some = [member_of(by_tags, where, g) for g in where.groups]
    assert isinstance(decide(some, LIMITS._replace(groups=2))["asg-0"], Finding)
    assert {ends(decision) for decision in decide(some, LIMITS._replace(groups=1)).values()} == {
        "refused"
    }


def test_more_than_meant_start_none() -> None:
    by_tags = PLAIN._replace(group_ids=(), tags=(("a", "b"),))
    where = fleet(
        *(group(f"asg-{n}") for n in range(3)), activities=(activity("RUNNING", "asg-0"),)
    )
    some = [member_of(by_tags, where, g) for g in where.groups]
    enough = decide(some, LIMITS._replace(groups=2)).values()
    assert [ends(d) if isinstance(d, Outcome) else "start" for d in enough] == [
        "in_progress", "start", "start",
    ]  # fmt: skip
    first, *refused = decide(some, LIMITS._replace(groups=1)).values()
    assert ends(first) == "in_progress"
    for decision in refused:
        assert isinstance(decision, Outcome)
        assert (decision.outcome, decision.code) == ("refused", "TooManyGroups")
        assert "2 groups, 1" in decision.reason


@pytest.mark.parametrize(
    ("kind", "creators", "allowed"),
    [
        ("PRIVATE_IMAGE", (), True),
        ("PUBLIC_IMAGE", (), True),
        ("SHARED_IMAGE", (), False),
        ("", (), False),
        ("SHARED_IMAGE", ("100000",), True),
        ("SHARED_IMAGE", ("200000",), False),
        ("PRIVATE_IMAGE", ("200000",), True),
        ("SHARED_IMAGE", ("*",), True),
    ],
)
def test_whose_image_is_brought(kind: str, creators: tuple[str, ...], allowed: bool) -> None:
    decision = one(ASKED, changed(fleet(), kind=kind), *creators)
    assert isinstance(decision, Start) is allowed
    shared = changed(fleet(names=NEW, runs=NEW), kind="SHARED_IMAGE")
    starts(one(PLAIN, shared))  # a command brings no image


def test_a_mixed_group_starts_and_the_plan_counts_both() -> None:
    mixed = (*instances("asg-a", 3, NEW), *instances("asg-a", 2, OLD, "MODIFYING_LB"))
    some_old = (*mixed, *instances("asg-a", 1, OLD))
    assert ends(one(ASKED, fleet(names=NEW, instances={"asg-a": mixed}))) == "already_current"
    plan = starts(one(ASKED, fleet(names=NEW, instances={"asg-a": some_old}))).plan
    assert (plan.reinstalled, plan.current, plan.left) == (4, 3, 2)
    assert plan.rollback_image == ""


@pytest.mark.parametrize(
    "status", ["INIT", "RUNNING", "FAILED_PAUSE", "AUTO_PAUSE", "MANUAL_PAUSE"]
)
def test_a_live_activity_is_left_alone(status: str) -> None:
    live = (activity(status),)
    for request in (ASKED, ASKED._replace(force=True)):
        assert ends(one(request, fleet(names=NEW, activities=live))) == "in_progress"
        assert ends(one(request, fleet(activities=live))) == "queued"
        strange = fleet(group(tags={}), activities=live)
        assert ends(one(request, strange)) == "busy"
    assert ends(one(PLAIN, fleet(activities=live))) == "in_progress"


def test_a_live_rollback_of_the_image_is_no_progress() -> None:
    live = (activity("RUNNING", kind="ROLLBACK"),)
    assert ends(one(ASKED, fleet(names=NEW, activities=live))) == "rejected"


def test_a_group_that_is_only_watched_says_what_goes_on_and_is_never_started() -> None:
    watched = Request(region="ap-guangzhou", group_ids=("asg-a",), watched=True)
    for newest, said in (
        ((), ("already_current", "nothing is asked of it")),
        ((activity("FAILED"),), ("already_current", "nothing is asked of it")),
        (
            (activity("RUNNING"),),
            ("in_progress", "refresh activity asr-1 is RUNNING, batch 1 of 0"),
        ),
    ):
        found = one(watched, fleet(names=NEW, activities=newest))
        assert isinstance(found, Outcome)
        assert (found.outcome, found.reason) == said


def test_an_older_image_is_superseded_unless_forced() -> None:
    back = ASKED._replace(image_id=OLD)
    seen = fleet(names=NEW, runs=NEW)
    assert ends(one(back, seen)) == "superseded"
    assert starts(one(back._replace(force=True), seen)).image == OLD


def test_an_image_older_than_an_instances_is_superseded_too() -> None:
    some = (*instances("asg-a", 3, OLD), *instances("asg-a", 1, NEW))
    between = ASKED._replace(image_id="img-mid")
    images = {OLD: image(OLD, 0), "img-mid": image("img-mid", 5), NEW: image(NEW, 10)}
    assert ends(one(between, fleet(instances={"asg-a": some}, images=images))) == "superseded"
    crashed = fleet(names="img-mid", instances={"asg-a": some}, images=images)
    assert ends(one(between, crashed)) == "superseded"


@pytest.mark.parametrize(
    ("newest", "origin", "verdict"),
    [
        (activity("SUCCESSFUL"), None, "start"),
        (activity("FAILED"), None, "rejected"),
        (activity("CANCELLED"), None, "rejected"),
        (activity("CANCELLED", created=5), None, "start"),
        (activity("SUCCESSFUL", kind="ROLLBACK", origin_id="asr-0"), 15, "rejected"),
        (activity("SUCCESSFUL", kind="ROLLBACK", origin_id="asr-0"), 5, "start"),
        (activity("FAILED", kind="ROLLBACK", origin_id="asr-0"), 15, "rejected"),
    ],
)
def test_what_failed_here_is_not_tried_again(
    newest: Any, origin: float | None, verdict: str
) -> None:
    origins = {"asr-0": activity("FAILED", created=origin)} if origin is not None else {}
    seen = fleet(activities=(newest,), origins=origins)
    decision = one(ASKED, seen)
    assert (ends(decision) if isinstance(decision, Outcome) else "start") == verdict
    starts(one(ASKED._replace(force=True), seen))


def test_an_attempt_of_another_image_does_not_reject_this_one() -> None:
    failed = activity("FAILED", created=20)
    images = {OLD: image(OLD), "img-bad": image("img-bad", 5), NEW: image(NEW, 10)}
    starts(one(ASKED, fleet(names="img-bad", activities=(failed,), images=images)))
    assert ends(one(ASKED, fleet(names=NEW, activities=(failed,), images=images))) == "rejected"


def test_a_command_since_then_is_no_reason_to_try_again_what_failed() -> None:
    failed = activity("FAILED", created=20, activity_id="asr-1")
    command = activity("SUCCESSFUL", created=30, activity_id="asr-2")
    seen = fleet(activities=(command,), past={"asg-a": (failed, command)})
    configuration = seen.launch_configurations["asc-a"]
    put_back = {"asc-a": configuration._replace(updated=hours(25))}
    decision = one(ASKED, seen._replace(launch_configurations=put_back))
    assert ends(decision) == "rejected"
    assert isinstance(decision, Outcome)
    assert decision.activity == "asr-1"
    # Whatever has brought the image itself, or may have, says how it goes with it.
    starts(one(ASKED, fleet(names=NEW, activities=(command,), past={"asg-a": (failed, command)})))
    at_once = {"asc-a": configuration._replace(updated=hours(30))}
    assert ends(one(ASKED, seen._replace(launch_configurations=at_once))) == "rejected"
    changed_since = {"asc-a": configuration._replace(updated=hours(31))}
    starts(one(ASKED, seen._replace(launch_configurations=changed_since)))
    starts(one(ASKED, seen._replace(past={"asg-a": (command,)})))
    another = activity("CANCELLED", created=30, activity_id="asr-2")
    between = {"asc-a": configuration._replace(image_id="img-mid", updated=hours(25))}
    tried = seen._replace(past={"asg-a": (failed, another)}, launch_configurations=between)
    assert ends(one(ASKED, tried._replace(activities={"asg-a": another}))) == "rejected"


def test_where_only_the_configuration_is_behind_nothing_is_reinstalled() -> None:
    start = starts(one(ASKED, fleet(names=OLD, runs=NEW)))
    assert (start.sets_image, start.refreshes) == (True, False)
    assert start.description.endswith("which every instance runs already")
    assert not starts(one(ASKED._replace(force=True), fleet(names=OLD, runs=NEW))).refreshes


def test_an_instance_that_cvm_no_longer_has_reinstalls_nothing() -> None:
    gone = instances("asg-a", 1, "")
    seen = (*instances("asg-a", 3, NEW), *gone)
    assert ends(one(ASKED, fleet(names=NEW, instances={"asg-a": seen}))) == "already_current"


def test_a_sharing_group_without_instances_holds_nobody() -> None:
    seen = shared("asg-a", "asg-b")
    empty = seen.groups[1]._replace(in_service=0, instances=0)
    seen = seen._replace(
        groups=(seen.groups[0], empty), instances={"asg-a": seen.instances["asg-a"]}
    )
    first, second = every(ASKED._replace(group_ids=("asg-a", "asg-b")), seen)
    assert starts(first).image == NEW
    assert ends(second) == "refused"


def test_a_force_counts_once_for_one_event() -> None:
    forced = ASKED._replace(force=True, asked_at=hours(15))
    done = fleet(names=NEW, runs=NEW, activities=(activity("SUCCESSFUL"),))
    assert ends(one(forced, done)) == "already_current"
    starts(one(forced._replace(asked_at=hours(25)), done))
    failed = fleet(names=NEW, activities=(activity("FAILED"),))
    assert ends(one(forced, failed)) == "rejected"


def changed(seen: Fleet, **fields: Any) -> Fleet:
    return seen._replace(images={**seen.images, NEW: seen.images[NEW]._replace(**fields)})


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (fleet(images={OLD: image(OLD)}), "ImageNotFound"),
        (changed(fleet(), state="SYNCING", progress=40), "ImageNotNormal"),
        (changed(fleet(), state="CREATEFAILED"), "ImageCreationFailed"),
        (changed(fleet(), deprecated=True), "ImageDeprecated"),
        (changed(fleet(), architecture="arm64"), "ImageArchitecture"),
        (changed(fleet(), size=51), "ImageTooLarge"),
        (changed(fleet(), kind="SHARED_IMAGE"), "ImageCreatorNotAllowed"),
        (fleet(group(status="LB_ABNORMAL")), "GroupAbnormal"),
        (fleet(group(in_activity=True)), "GroupInActivity"),
        (fleet(group(count=0)), "GroupEmpty"),
        (fleet(launch_configurations={}), "LaunchConfigurationNotFound"),
    ],
)
def test_preflight(seen: Fleet, code: str) -> None:
    for request in (ASKED, ASKED._replace(force=True)):
        decision = one(request, seen)
        assert isinstance(decision, Outcome)
        assert (decision.outcome, decision.code) == ("refused", code)
        assert decision.reason
        assert decision.remedy


def test_an_image_must_fit_the_disks_that_it_will_be_on() -> None:
    seen = changed(fleet(), size=60)
    wide = seen.launch_configurations["asc-a"]._replace(system_disk=100)
    seen = seen._replace(launch_configurations={"asc-a": wide})
    reset = one(ASKED, seen)
    assert isinstance(reset, Outcome)
    assert reset.code == "ImageTooLarge"
    starts(one(ASKED._replace(refresh_mode="ROLLING_UPDATE_REPLACE"), seen))


def test_preflight_gives_all_reasons_at_once() -> None:
    seen = changed(fleet(group(status="LB_ABNORMAL", in_activity=True)), size=99, deprecated=True)
    decision = one(ASKED, seen)
    assert isinstance(decision, Outcome)
    assert {refusal.code for refusal in decision.refusals} == {
        "ImageDeprecated", "ImageTooLarge", "GroupAbnormal", "GroupInActivity",
    }  # fmt: skip
    assert not decision.retryable


def test_a_launch_configuration_whose_image_is_gone_is_mended_by_a_new_one() -> None:
    seen = fleet(group(status="CVM_ABNORMAL"))
    broken = seen.launch_configurations["asc-a"]._replace(status="IMAGE_ABNORMAL")
    seen = seen._replace(launch_configurations={"asc-a": broken}, images={NEW: image(NEW, 10)})
    starts(one(ASKED, seen))
    plain = one(PLAIN, seen)
    assert ends(plain) == "refused"


def shared(*ids: str, **fields: Any) -> Fleet:
    return fleet(*(group(name, launch_configuration_id="asc-s") for name in ids), **fields)


def test_a_configuration_shared_with_a_group_outside_is_refused() -> None:
    seen = shared("asg-a", "asg-b")
    outside = seen._replace(groups=seen.groups[:1])
    decision = one(ASKED, outside)
    assert isinstance(decision, Outcome)
    assert decision.code == "LaunchConfigurationShared"
    assert "asg-b" in decision.reason
    assert decision.remedy.startswith("Ask for all the groups that use it")
    both = every(ASKED._replace(group_ids=("asg-a", "asg-b")), seen)
    assert all(isinstance(decision, Start) for decision in both)


def test_a_configuration_is_held_while_one_of_its_groups_must_not_move() -> None:
    seen = shared("asg-a", "asg-b", activities=(activity("RUNNING", "asg-b"),))
    first, second = every(ASKED._replace(group_ids=("asg-a", "asg-b")), seen)
    assert (ends(first), ends(second)) == ("refused", "queued")
    assert isinstance(first, Outcome)
    assert first.remedy.startswith("See why those groups must not move")


def test_what_does_not_exist_is_said() -> None:
    none = fleet(groups=(), missing=("asg-x",))
    missing = one(ASKED, none)
    assert isinstance(missing, Outcome)
    assert (missing.code, missing.status, missing.group) == ("GroupNotFound", 404, "asg-x")
    nobody = one(ASKED._replace(group_ids=(), tags=(("a", "b"),)), none._replace(missing=()))
    assert isinstance(nobody, Outcome)
    assert (nobody.code, nobody.status) == ("NoGroupMatches", 404)
    family = PLAIN._replace(image_family="web")
    empty = one(family, fleet())
    assert isinstance(empty, Outcome)
    assert empty.code == "ImageFamilyEmpty"


def test_a_plan_says_what_would_be_done() -> None:
    asked = ASKED._replace(dry_run=True)
    plan = planned(member_of(asked, fleet()), one(asked, fleet()))
    assert plan.outcome == "planned"
    assert plan.reason.startswith("would start: move asc-a from img-old to img-new")
    assert plan.document()["Plan"]["BatchNumber"] == 4
