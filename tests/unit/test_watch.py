from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.action import Action
from instance_refresh.model.fleet import Activity, Batch, BatchInstance, Fleet, ScalingActivity
from instance_refresh.model.policy import Policy
from instance_refresh.model.request import Request
from instance_refresh.model.window import window
from instance_refresh.rules import watch
from instance_refresh.rules.leftovers import leftovers
from instance_refresh.rules.restore import restore
from tests.unit.fleets import LIMITS, NEW, OLD, activity, fleet, hours, image, instances, member_of

if TYPE_CHECKING:
    from instance_refresh.model.action import Finding, PausedAction
    from instance_refresh.model.member import Member

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


def case(live: Activity, names: str = NEW, **fields: Any) -> Member:
    return member_of(ASKED, fleet(names=names, activities=(live,), **fields))


def live(found: Member, policy: Policy, now: float, **limits: Any) -> Finding | None:
    return watch.live(found._replace(policy=policy), LIMITS._replace(**limits), hours(now))


def kind(found: Finding | None) -> str:
    return found.action.kind if found and found.action else ""


def test_a_baked_batch_is_resumed() -> None:
    waiting = case(paused("AUTO_PAUSE"))
    assert live(waiting, BAKE, 21.1) is None
    found = live(waiting, BAKE, 21.2)
    assert found is not None
    assert (found.action, found.code) == (Action("resume"), "Baked")


def test_a_batch_is_not_resumed_while_something_speaks_against_it() -> None:
    sick = {"asg-a": tuple(i._replace(health="UNHEALTHY") for i in instances("asg-a", 4, NEW))}
    assert live(case(paused("AUTO_PAUSE"), instances=sick), BAKE, 21.2) is None
    away = {"asg-a": tuple(instances("asg-a", 4, NEW, "MODIFYING_LB"))}
    assert live(case(paused("AUTO_PAUSE"), instances=away), BAKE, 21.2) is None
    assert live(case(paused("AUTO_PAUSE")), BAKE._replace(hold="a sale"), 21.2) is None
    closed = BAKE._replace(window=window("02:00-05:00 UTC"))
    assert live(case(paused("AUTO_PAUSE")), closed, 21.2) is None
    assert live(case(paused("AUTO_PAUSE")), Policy("web"), 21.2) is None
    images = {OLD: image(OLD), NEW: image(NEW, 10, deprecated=True)}
    withdrawn = live(case(paused("AUTO_PAUSE"), images=images), BAKE, 21.2)
    assert withdrawn is not None
    assert (withdrawn.code, withdrawn.action) == ("ImageWithdrawn", None)
    assert withdrawn.since == hours(21) + BAKE.bake


@pytest.mark.parametrize(
    ("action", "kind", "mode"),
    [
        ("alert", None, None),
        ("retry", "resume", "RETRY"),
        ("continue", "resume", "CONTINUE"),
        ("rollback", "rollback", None),
        ("cancel", "cancel", None),
    ],
)
@pytest.mark.parametrize(("status", "late"), [("FAILED_PAUSE", 21.3), ("AUTO_PAUSE", 23.1)])
def test_a_pause_beyond_its_limit_is_acted_on(
    action: PausedAction, kind: Any, mode: Any, status: str, late: float
) -> None:
    frozen = case(paused(status))
    assert live(frozen, Policy("web"), 21.2, paused_action=action) is None
    failed = status == "FAILED_PAUSE"
    expected = Action(kind, mode if failed else None) if kind else None
    for found in (
        live(frozen, Policy("web"), late, paused_action=action),
        live(frozen, Policy("web", paused_action=action), late, paused_action="cancel"),
    ):
        assert found is not None
        assert (found.action, found.code) == (expected, "RefreshPaused")
        assert found.urgent
        assert ("ins-aI0" in found.reason) is failed


def test_what_cannot_be_rolled_back_is_retried_or_cancelled() -> None:
    rollback = Policy("web", paused_action="rollback")
    again = live(case(paused("FAILED_PAUSE", kind="ROLLBACK")), rollback, 22)
    assert kind(again) == "resume"
    replaced = live(case(paused("FAILED_PAUSE", mode="ROLLING_UPDATE_REPLACE")), rollback, 22)
    assert kind(replaced) == "cancel"


def test_a_bake_and_a_closed_window_are_no_frozen_group() -> None:
    cancel = Policy("web", bake=timedelta(days=1), paused_action="cancel")
    assert live(case(paused("AUTO_PAUSE")), cancel, 30) is None
    late = live(case(paused("AUTO_PAUSE", kind="ROLLBACK")), cancel._replace(hold=""), 48)
    assert late is not None
    closed = Policy("web", window=window("02:00-05:00 UTC"), paused_action="cancel")
    waits = live(case(paused("AUTO_PAUSE")), closed, 24)
    assert waits is not None
    assert waits.action is None


@pytest.mark.parametrize("action", ["retry", "continue"])
def test_a_failed_batch_that_waits_for_its_window_is_said(action: PausedAction) -> None:
    waits = Policy("web", window=window("02:00-05:00 UTC"), paused_action=action)
    assert live(case(paused("FAILED_PAUSE")), waits, 21.2) is None
    closed = live(case(paused("FAILED_PAUSE")), waits, 22)
    opened = live(case(paused("FAILED_PAUSE")), waits, 27)
    assert closed is not None
    assert (closed.action, closed.code) == (None, "RefreshPaused")
    assert kind(opened) == "resume"


def test_a_pause_of_a_person_is_only_reported() -> None:
    found = case(paused("MANUAL_PAUSE"))
    assert live(found, Policy("web", paused_action="cancel"), 22) is None
    said = live(found, Policy("web", paused_action="cancel"), 24)
    assert said is not None
    assert (said.action, said.code, said.since) == (None, "PausedByPerson", hours(23))


def test_no_progress_is_said() -> None:
    running = case(activity("RUNNING", batches=(batch(1, "RUNNING", None, "ins-aI0"),)))
    assert live(running, BAKE, 20.9) is None
    act = live(running, BAKE, 21.1)
    assert act is not None
    assert (act.code, act.instances, act.since) == ("RefreshStuck", ("ins-aI0",), hours(21))


def test_a_paused_activity_gives_way_to_a_newer_image() -> None:
    older = watch.newer_image(case(paused("AUTO_PAUSE"), names=OLD))
    assert older is not None
    assert (older.action, older.code) == (Action("cancel", while_configured=OLD), "NewerImage")
    assert watch.newer_image(case(paused("AUTO_PAUSE"), names=NEW)) is None
    assert watch.newer_image(case(paused("MANUAL_PAUSE"), names=OLD)) is None
    for unfit in (image(NEW, 10, deprecated=True), image(NEW, -5), image(NEW, 10, size=99)):
        images = {OLD: image(OLD), NEW: unfit}
        assert watch.newer_image(case(paused("AUTO_PAUSE"), names=OLD, images=images)) is None
    runs = activity("FAILED_PAUSE", batches=(batch(2, "RUNNING", None, "ins-aI1"),))
    assert watch.newer_image(case(runs, names=OLD)) is None


def rolled_back(**fields: Any) -> Member:
    done = activity("SUCCESSFUL", kind="ROLLBACK", origin_id="asr-0")
    origins = {"asr-0": activity("FAILED", created=15, activity_id="asr-0")}
    return case(done, origins=origins, **fields)


def configured(found: Member, **fields: Any) -> Member:
    old = found.fleet.launch_configurations["asc-a"]
    changed: Fleet = found.fleet._replace(launch_configurations={"asc-a": old._replace(**fields)})
    return member_of(ASKED, changed)


def test_after_a_rollback_the_configuration_goes_back() -> None:
    back = Action("restore", image=OLD)
    found = restore(rolled_back())
    assert found is not None
    assert found.action == back
    assert restore(rolled_back(names=OLD)) is None
    for status in ("FAILED", "CANCELLED"):
        cancelled = restore(case(activity(status, created=15)))
        assert cancelled is not None
        assert cancelled.action == back
    assert restore(case(activity("SUCCESSFUL"))) is None
    assert restore(configured(rolled_back(), updated=hours(16))) is None
    mixed = {"asg-a": (*instances("asg-a", 2, OLD), *instances("asg-a", 1, NEW))}
    assert restore(rolled_back(instances=mixed)) is None


def test_a_configuration_that_others_need_is_not_restored() -> None:
    act = restore(configured(rolled_back(), group_ids=("asg-a", "asg-z")))
    assert act is not None
    assert (act.action, act.code) == (None, "LaunchConfigurationShared")
    assert "asg-z" in act.reason


@pytest.mark.parametrize(
    ("where", "code"),
    [
        (fleet(), None),
        (fleet(images={NEW: image(NEW)}), "ImageGone"),
        (fleet(images={OLD: image(OLD, deprecated=True)}), "ImageWithdrawn"),
        (fleet(names=NEW), "ConfigurationDiffers"),
        (
            fleet(instances={"asg-a": (*instances("asg-a", 1, OLD), *instances("asg-a", 1, NEW))}),
            "MixedFleet",
        ),
    ],
)
def test_leftovers_are_said(where: Fleet, code: str | None) -> None:
    act = leftovers(member_of(ASKED, where), LIMITS, hours(20), start_comes=False)
    assert (act.code if act else None) == code


def test_an_image_that_never_arrives_is_said() -> None:
    act = leftovers(member_of(ASKED, fleet()), LIMITS, hours(35), start_comes=False)
    assert act is not None
    assert act.code == "NotDeployed"


def test_a_group_that_waits_is_said_when_its_launch_configuration_is_ahead_for_long() -> None:
    """Its next scale-out launches the image that the rings below have not proven."""
    ahead = member_of(ASKED, fleet(names=NEW))
    assert leftovers(ahead, LIMITS, hours(2), start_comes=True) is None
    found = leftovers(ahead, LIMITS, hours(4), start_comes=True)
    assert found is not None
    assert found.code == "ConfigurationDiffers"


@pytest.mark.parametrize(
    ("status", "state", "left"),
    [
        ("FAILED", "MODIFYING_LB", ("ins-aM0",)),
        ("FAILED", "IN_SERVICE", ()),
        ("SUCCESSFUL", "MODIFYING_LB", ()),
    ],
)
def test_what_a_refresh_has_left_is_known_by_its_failure(
    status: str, state: str, left: tuple[str, ...]
) -> None:
    (one,) = instances("asg-a", 1, OLD, state)
    one = one._replace(instance_id="ins-aM0")
    cancelled = activity("CANCELLED", batches=(batch(1, status, 21, "ins-aM0"),))
    later = activity("SUCCESSFUL", batches=(batch(1, "SUCCESSFUL", 22, "ins-aI0"),))
    where = fleet(
        activities=(later,),
        past={"asg-a": (cancelled, later)},
        instances={"asg-a": (*instances("asg-a", 3, OLD), one)},
    )
    found = leftovers(member_of(ASKED, where), LIMITS, hours(20), start_comes=False)
    assert (found.instances if found and found.code == "StandbyLeft" else ()) == left


@pytest.mark.parametrize("state", ["IN_LAUNCHING_HOOK", "IN_TERMINATING_HOOK"])
def test_an_instance_in_a_lifecycle_hook_is_not_stuck_for_as_long_as_a_hook_may_take(
    state: str,
) -> None:
    hooked = {"asg-a": tuple(instances("asg-a", 1, OLD, state))}
    running = activity("RUNNING", batches=(batch(1, "RUNNING", None, "ins-aI0"),))
    assert live(case(running, instances=hooked), BAKE, 22.9) is None
    found = live(case(running, instances=hooked), BAKE, 23.1)
    assert found is not None
    assert (found.code, found.since) == ("RefreshStuck", hours(23))


def tried(count: int, *, since: float = 20, who: str = "ins-aI0") -> tuple[ScalingActivity, ...]:
    return tuple(
        ScalingActivity(f"asa-{n}", "asg-a", "FAILED", "no", hours(since), (who,), ())
        for n in range(count)
    )


def test_a_retry_that_does_not_help_is_not_tried_for_ever() -> None:
    retry = Policy("web", paused_action="retry")

    def after(*tries: ScalingActivity, how: str = "NORMAL") -> str:
        frozen = case(paused("FAILED_PAUSE", kind=how), scaling_activities={"asg-a": tries})
        found = live(frozen, retry, 22)
        assert found is not None
        assert found.urgent
        assert ("retried 2 times" in found.reason) is (found.action is None)
        return kind(found)

    assert [after(*tried(n)) for n in (1, 2, 3, 4)] == ["resume", "resume", "", ""]
    assert after(*tried(9), how="ROLLBACK") == ""
    assert after(*tried(2), *tried(9, since=19), *tried(9, who="ins-other")) == "resume"


def test_a_hook_says_why_an_instance_failed() -> None:
    words = ("hook ash-1 of ins-aI0: ABANDON (HEARTBEAT_TIMEOUT)",)
    one = BatchInstance("ins-aI0", "FAILED", "hook failed", "asa-1")
    ended = Batch(1, "FAILED", hours(20), hours(21), (one,))
    told = ScalingActivity("asa-1", "asg-a", "FAILED", "", hours(20), ("ins-aI0",), words)
    frozen = case(activity("FAILED_PAUSE", batches=(ended,)), scaling_activities={"asg-a": (told,)})
    found = live(frozen, Policy("web"), 22)
    assert found is not None
    assert found.notes == ("ins-aI0: hook failed", f"asa-1: {words[0]}")


def test_nothing_is_resumed_while_nothing_may_refresh() -> None:
    assert live(case(paused("AUTO_PAUSE")), BAKE, 21.2, refreshing=0) is None
    retry = Policy("web", paused_action="retry")
    frozen = live(case(paused("FAILED_PAUSE")), retry, 22, refreshing=0)
    assert frozen is not None
    assert frozen.action is None
    assert "MAX_REFRESHING is 0" in frozen.reason
    undone = live(
        case(paused("FAILED_PAUSE")), Policy("web"), 22, refreshing=0, paused_action="cancel"
    )
    assert kind(undone) == "cancel"
