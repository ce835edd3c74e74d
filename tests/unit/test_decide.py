from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.limits import Allowed
from instance_refresh.model.outcome import Outcome
from instance_refresh.model.request import Request
from instance_refresh.rules.case import Case
from instance_refresh.rules.decide import Decision, absent, decide
from instance_refresh.rules.start import Start, planned
from tests.unit.fleets import NEW, OLD, activity, fleet, group, hours, image, instances

if TYPE_CHECKING:
    from instance_refresh.model.fleet import Fleet

ASKED = Request(region="ap-guangzhou", group_ids=("asg-a",), image_id=NEW)
PLAIN = Request(region="ap-guangzhou", group_ids=("asg-a",))


def every(request: Request, seen: Fleet, *creators: str) -> list[Decision]:
    cases = [Case(request, seen, group, Allowed(creators)) for group in seen.groups]
    return [*absent(request, seen), *decide(cases).values()]


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


@pytest.mark.parametrize("request_", [ASKED, PLAIN])
def test_nothing_to_do(request_: Request) -> None:
    seen = fleet(names=NEW, runs=NEW)
    assert ends(one(request_, seen)) == "already_current"
    assert starts(one(request_._replace(force=True), seen)).plan.current == 4


def test_a_mixed_group_starts_and_the_plan_counts_both() -> None:
    mixed = (*instances("asg-a", 3, NEW), *instances("asg-a", 2, OLD, "STANDBY"))
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
    assert starts(one(between, crashed)).image == "img-mid"


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


def test_where_only_the_configuration_is_behind_nothing_is_reinstalled() -> None:
    start = starts(one(ASKED, fleet(names=OLD, runs=NEW)))
    assert (start.sets_image, start.refreshes) == (True, False)
    assert planned(start).reason.endswith("which every instance runs already")
    assert starts(one(ASKED._replace(force=True), fleet(names=OLD, runs=NEW))).refreshes


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
        (changed(fleet(), creator="200000"), "ImageCreatorNotAllowed"),
        (fleet(group(status="LB_ABNORMAL")), "GroupAbnormal"),
        (fleet(group(in_activity=True)), "GroupInActivity"),
        (fleet(group(count=0)), "GroupEmpty"),
        (fleet(launch_configurations={}), "LaunchConfigurationNotFound"),
    ],
)
def test_preflight(seen: Fleet, code: str) -> None:
    for request in (ASKED, ASKED._replace(force=True)):
        decision = one(request, seen, "100000")
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
    plan = planned(starts(one(ASKED._replace(dry_run=True), fleet())))
    assert plan.outcome == "planned"
    assert plan.reason.startswith("would move asc-a from img-old to img-new")
    assert plan.document()["Plan"]["BatchNumber"] == 4
