from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.fleet import Activity, Batch, BatchInstance, Fleet
from instance_refresh.model.limits import Limits
from instance_refresh.model.policy import Policy
from instance_refresh.model.request import Request
from instance_refresh.model.window import window
from instance_refresh.rules import watch
from instance_refresh.rules.case import Case
from instance_refresh.rules.restore import restore
from tests.unit.fleets import NEW, OLD, activity, fleet, group, hours, image, instances

if TYPE_CHECKING:
    from instance_refresh.model.act import Act, PausedAction

LIMITS = Limits(
    paused=timedelta(hours=2),
    failed=timedelta(minutes=15),
    stuck=timedelta(hours=1),
    undeployed=timedelta(days=1),
    paused_action="alert",
)
BAKE = Policy("web", bake=timedelta(minutes=10))
ASKED = Request(region="ap-guangzhou", image_id=NEW, image_family="web")


def batch(number: int, status: str, ended: float | None, *instance_ids: str) -> Batch:
    failed = "FAILED" if status == "FAILED" else "SUCCESSFUL"
    refreshed = tuple(BatchInstance(i, failed, "", "") for i in instance_ids)
    return Batch(number, status, hours(20), hours(ended) if ended else None, refreshed)


def paused(status: str, **fields: Any) -> Activity:
    """An activity that is paused since hour 21."""
    state = "FAILED" if status == "FAILED_PAUSE" else "SUCCESSFUL"
    batches = (batch(1, state, 21, "ins-aI0"), batch(2, "WAITING", None, "ins-aI1"))
    return activity(status, batches=batches, **fields)


def case(live: Activity, names: str = NEW, **fields: Any) -> Case:
    seen = fleet(names=names, activities=(live,), **fields)
    return Case(ASKED, seen, seen.groups[0])


def live(found: Case, policy: Policy, now: float, **limits: Any) -> Act | None:
    return watch.live(found._replace(policy=policy), LIMITS._replace(**limits), hours(now))


def test_a_baked_batch_is_resumed() -> None:
    waiting = case(paused("AUTO_PAUSE"))
    assert live(waiting, BAKE, 21.1) is None
    act = live(waiting, BAKE, 21.2)
    assert act is not None
    assert (act.kind, act.code) == ("resume", "Baked")


def test_a_batch_is_not_resumed_while_something_speaks_against_it() -> None:
    sick = {"asg-a": tuple(i._replace(health="UNHEALTHY") for i in instances("asg-a", 4, NEW))}
    assert live(case(paused("AUTO_PAUSE"), instances=sick), BAKE, 21.2) is None
    away = {"asg-a": tuple(instances("asg-a", 4, NEW, "STANDBY"))}
    assert live(case(paused("AUTO_PAUSE"), instances=away), BAKE, 21.2) is None
    assert live(case(paused("AUTO_PAUSE")), BAKE._replace(hold="a sale"), 21.2) is None
    closed = BAKE._replace(window=window("02:00-05:00 UTC"))
    assert live(case(paused("AUTO_PAUSE")), closed, 21.2) is None
    assert live(case(paused("AUTO_PAUSE")), Policy("web"), 21.2) is None


@pytest.mark.parametrize(
    ("action", "kind", "mode"),
    [
        ("alert", "alert", "RETRY"),
        ("retry", "resume", "RETRY"),
        ("continue", "resume", "CONTINUE"),
        ("rollback", "rollback", "RETRY"),
        ("cancel", "cancel", "RETRY"),
    ],
)
@pytest.mark.parametrize(("status", "late"), [("FAILED_PAUSE", 21.3), ("AUTO_PAUSE", 23.1)])
def test_a_pause_beyond_its_limit_is_acted_on(
    action: PausedAction, kind: str, mode: str, status: str, late: float
) -> None:
    frozen = case(paused(status))
    assert live(frozen, Policy("web"), 21.2, paused_action=action) is None
    for act in (
        live(frozen, Policy("web"), late, paused_action=action),
        live(frozen, Policy("web", paused_action=action), late, paused_action="cancel"),
    ):
        assert act is not None
        assert (act.kind, act.code, act.resume_mode) == (kind, "RefreshPaused", mode)
        assert act.urgent
        assert ("ins-aI0" in act.reason) is (status == "FAILED_PAUSE")


def test_what_cannot_be_rolled_back_is_retried_or_cancelled() -> None:
    rollback = Policy("web", paused_action="rollback")
    again = live(case(paused("FAILED_PAUSE", kind="ROLLBACK")), rollback, 22)
    assert again is not None
    assert again.kind == "resume"
    replaced = live(case(paused("FAILED_PAUSE", mode="ROLLING_UPDATE_REPLACE")), rollback, 22)
    assert replaced is not None
    assert replaced.kind == "cancel"


def test_a_bake_and_a_closed_window_are_no_frozen_group() -> None:
    cancel = Policy("web", bake=timedelta(days=1), paused_action="cancel")
    assert live(case(paused("AUTO_PAUSE")), cancel, 30) is None
    late = live(case(paused("AUTO_PAUSE", kind="ROLLBACK")), cancel._replace(hold=""), 48)
    assert late is not None
    closed = Policy("web", window=window("02:00-05:00 UTC"), paused_action="cancel")
    waits = live(case(paused("AUTO_PAUSE")), closed, 24)
    assert waits is not None
    assert waits.kind == "alert"


@pytest.mark.parametrize("action", ["retry", "continue"])
def test_a_failed_batch_that_waits_for_its_window_is_said(action: PausedAction) -> None:
    waits = Policy("web", window=window("02:00-05:00 UTC"), paused_action=action)
    assert live(case(paused("FAILED_PAUSE")), waits, 21.2) is None
    closed = live(case(paused("FAILED_PAUSE")), waits, 22)
    opened = live(case(paused("FAILED_PAUSE")), waits, 27)
    assert closed is not None
    assert opened is not None
    assert (closed.kind, closed.code) == ("alert", "RefreshPaused")
    assert opened.kind == "resume"


def test_a_pause_of_a_person_is_only_reported() -> None:
    found = case(paused("MANUAL_PAUSE"))
    assert live(found, Policy("web", paused_action="cancel"), 22) is None
    act = live(found, Policy("web", paused_action="cancel"), 24)
    assert act is not None
    assert (act.kind, act.code) == ("alert", "PausedByPerson")


def test_no_progress_is_said() -> None:
    running = case(activity("RUNNING", batches=(batch(1, "RUNNING", None, "ins-aI0"),)))
    assert live(running, BAKE, 20.9) is None
    act = live(running, BAKE, 21.1)
    assert act is not None
    assert (act.code, act.instances) == ("RefreshStuck", ("ins-aI0",))


def test_a_paused_activity_gives_way_to_a_newer_image() -> None:
    older = watch.newer_image(case(paused("AUTO_PAUSE"), names=OLD))
    assert older is not None
    assert (older.kind, older.code) == ("cancel", "NewerImage")
    assert watch.newer_image(case(paused("AUTO_PAUSE"), names=NEW)) is None
    assert watch.newer_image(case(paused("MANUAL_PAUSE"), names=OLD)) is None
    for unfit in (image(NEW, 10, deprecated=True), image(NEW, -5), image(NEW, 10, size=99)):
        images = {OLD: image(OLD), NEW: unfit}
        assert watch.newer_image(case(paused("AUTO_PAUSE"), names=OLD, images=images)) is None
    runs = activity("FAILED_PAUSE", batches=(batch(2, "RUNNING", None, "ins-aI1"),))
    assert watch.newer_image(case(runs, names=OLD)) is None


def rolled_back(**fields: Any) -> Case:
    done = activity("SUCCESSFUL", kind="ROLLBACK", origin_id="asr-0")
    origins = {"asr-0": activity("FAILED", created=15, activity_id="asr-0")}
    return case(done, origins=origins, **fields)


def configured(found: Case, **fields: Any) -> Case:
    old = found.fleet.launch_configurations["asc-a"]
    changed: Fleet = found.fleet._replace(launch_configurations={"asc-a": old._replace(**fields)})
    return found._replace(fleet=changed)


def test_after_a_rollback_the_configuration_goes_back() -> None:
    act = restore(rolled_back())
    assert act is not None
    assert (act.kind, act.image) == ("restore", OLD)
    assert restore(rolled_back(names=OLD)) is None
    for status in ("FAILED", "CANCELLED"):
        cancelled = restore(case(activity(status, created=15)))
        assert cancelled is not None
        assert cancelled.image == OLD
    assert restore(case(activity("SUCCESSFUL"))) is None
    assert restore(configured(rolled_back(), updated=hours(16))) is None
    mixed = {"asg-a": (*instances("asg-a", 2, OLD), *instances("asg-a", 1, NEW))}
    assert restore(rolled_back(instances=mixed)) is None


def test_a_configuration_that_others_need_is_not_restored() -> None:
    act = restore(configured(rolled_back(), group_ids=("asg-a", "asg-z")))
    assert act is not None
    assert (act.kind, act.code) == ("alert", "LaunchConfigurationShared")
    assert "asg-z" in act.reason


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (fleet(), None),
        (fleet(images={NEW: image(NEW)}), "ImageGone"),
        (fleet(images={OLD: image(OLD, deprecated=True)}), "ImageWithdrawn"),
        (fleet(names=NEW), "ConfigurationDiffers"),
        (
            fleet(instances={"asg-a": (*instances("asg-a", 1, OLD), *instances("asg-a", 1, NEW))}),
            "MixedFleet",
        ),
        (fleet(instances={"asg-a": tuple(instances("asg-a", 2, OLD, "STANDBY"))}), "StandbyLeft"),
    ],
)
def test_leftovers_are_said(seen: Fleet, code: str | None) -> None:
    act = watch.leftovers(Case(ASKED, seen, group()), LIMITS, hours(20), start_comes=False)
    assert (act.code if act else None) == code


def test_an_image_that_never_arrives_is_said() -> None:
    act = watch.leftovers(Case(ASKED, fleet(), group()), LIMITS, hours(35), start_comes=False)
    assert act is not None
    assert act.code == "NotDeployed"
