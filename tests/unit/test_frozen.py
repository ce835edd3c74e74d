"""When a live activity is beyond its limit, what is said of it, and what may be done."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.fleet import Batch, BatchInstance, Machine, ScalingActivity
from instance_refresh.model.policy import Policy
from instance_refresh.model.request import Request
from instance_refresh.model.window import window
from instance_refresh.rules import watch
from tests.unit.fleets import LIMITS, NEW, OLD, activity, fleet, hours, image, instances, member_of

if TYPE_CHECKING:
    from instance_refresh.model.action import Finding
    from instance_refresh.model.fleet import Activity
    from instance_refresh.model.member import Member

SECOND = 1 / 3600
ASKED = Request(region="ap-guangzhou", image_id=NEW, image_family="web")
BAKE = Policy("web", bake=timedelta(minutes=15))


def batch(number: int, status: str, ended: float | None = 21, *names: str, **of: Any) -> Batch:
    seen = tuple(BatchInstance(one, status, of.get("message", ""), "asa-1") for one in names)
    return Batch(number, status, hours(20), hours(ended) if ended else None, seen)


def paused(status: str = "AUTO_PAUSE", **fields: Any) -> Activity:
    """An activity that is paused since hour 21."""
    state = "FAILED" if status == "FAILED_PAUSE" else "SUCCESSFUL"
    return activity(status, batches=(batch(1, state, 21, "ins-aI0"),))._replace(**fields)


def case(live: Activity, policy: Policy = BAKE, names: str = NEW, **fields: Any) -> Member:
    return member_of(ASKED, fleet(names=names, activities=(live,), **fields), policy=policy)


def found(member: Member, now: float, *below: str, **limits: Any) -> Finding | None:
    waits = limits.pop("newer_waits", False)
    return watch.live(member, LIMITS._replace(**limits), hours(now), below, newer_waits=waits)


def code(member: Member, now: float, *below: str, **limits: Any) -> str:
    seen = found(member, now, *below, **limits)
    return seen.code if seen else ""


def test_what_is_not_live_needs_nothing() -> None:
    for over in ("SUCCESSFUL", "FAILED", "CANCELLED"):
        assert found(case(activity(over, created=0)), 99) is None
    assert found(member_of(ASKED, fleet()), 99) is None


@pytest.mark.parametrize(
    ("status", "limit"), [("FAILED_PAUSE", 21.25), ("AUTO_PAUSE", 23.25), ("MANUAL_PAUSE", 23)]
)
def test_each_pause_has_its_limit(status: str, limit: float) -> None:
    """A bake is meant, and counts beside the limit of a pause."""
    sick = {"asg-a": tuple(one._replace(health="SICK") for one in instances("asg-a", 4, NEW))}
    seen = case(paused(status), instances=sick)
    expected = "PausedByPerson" if status == "MANUAL_PAUSE" else "RefreshPaused"
    assert code(seen, limit) == ""
    assert code(seen, limit + SECOND) == expected
    frozen = found(seen, limit + SECOND)
    assert frozen
    assert frozen.urgent is (status != "MANUAL_PAUSE")
    assert "since 2026-01-01 21:00:00Z" in frozen.reason
    assert watch.seems_frozen(seen, LIMITS, hours(limit + SECOND)) is frozen.urgent
    assert not watch.seems_frozen(seen, LIMITS, hours(limit))
    assert found(case(paused(status, created=None, batches=())), 99) is None


@pytest.mark.parametrize(("now", "stuck"), [(21, False), (21 + SECOND, True)])
def test_what_makes_no_progress_for_its_limit_seems_stuck(now: float, *, stuck: bool) -> None:
    running = activity("RUNNING", batches=(batch(1, "RUNNING", None, "ins-aI0"),))
    assert watch.seems_stuck(running, LIMITS, hours(now)) is stuck
    assert (code(case(running), now) == "RefreshStuck") is stuck
    for other in (None, paused(), activity("FAILED"), activity("RUNNING")._replace(created=None)):
        assert not watch.seems_stuck(other, LIMITS, hours(99))


@pytest.mark.parametrize(("now", "stuck"), [(23, False), (23 + SECOND, True)])
def test_a_hook_may_hold_an_instance_for_two_hours_more(now: float, *, stuck: bool) -> None:
    running = activity("RUNNING", batches=(batch(1, "RUNNING", None, "ins-aI0"),))
    hooked = (*instances("asg-a", 3, OLD), *instances("asg-a", 1, OLD, "IN_LAUNCHING_HOOK"))
    assert bool(code(case(running, instances={"asg-a": hooked}), now)) is stuck
    assert code(case(running), now) == "RefreshStuck"


@pytest.mark.parametrize(("now", "over"), [(21.25 - SECOND, False), (21.25, True)])
def test_a_bake_is_over_when_its_time_is(now: float, *, over: bool) -> None:
    assert watch.bake_over(case(paused()), hours(now)) is over
    assert code(case(paused()), now) == ("Baked" if over else "")
    for none in (
        case(paused("FAILED_PAUSE")),
        case(paused(), Policy("web")),
        case(paused(created=None, batches=())),
        member_of(ASKED, fleet(), policy=BAKE),
    ):
        assert not watch.bake_over(none, hours(now))


def test_the_batch_that_baked_must_run_and_be_well() -> None:
    first, *others = instances("asg-a", 4, NEW)

    def baked(*some: Any) -> bool:
        return code(case(paused(), instances={"asg-a": some}), 21.5) == "Baked"

    assert baked(first, *others)
    assert baked(first._replace(health=""), *(one._replace(health="SICK") for one in others))
    assert not baked(first._replace(health="SICK"), *others)
    assert not baked(first._replace(machine_state="STOPPED"), *others)
    # New ones took their places: all that have the image must be well.
    assert baked(*others)
    old = instances("asg-a", 1, OLD)[0]._replace(instance_id="ins-old", health="SICK")
    assert baked(*others, old)
    assert not baked(*others[1:], others[0]._replace(health="SICK"))
    assert code(case(paused(batches=())), 21.5) == ""


def images(**fields: Any) -> dict[str, Any]:
    return {"images": {OLD: image(OLD), NEW: image(NEW, 10)._replace(**fields)}}


@pytest.mark.parametrize(
    ("seen", "below", "code_", "words"),
    [
        (images(deprecated=True), (), "ImageWithdrawn", "is gone or was withdrawn"),
        ({"images": {OLD: image(OLD)}}, (), "ImageWithdrawn", "is gone or was withdrawn"),
        ({}, ("asg-x", "asg-y"), "RejectedBelow", "asg-x, asg-y rejected image img-new"),
    ],
)
def test_what_someone_must_decide_is_said_when_it_would_go_on(
    seen: Any, below: tuple[str, ...], code_: str, words: str
) -> None:
    member = case(paused(), **seen)
    assert found(member, 21.2, *below) is None
    baked = found(member, 21.5, *below)
    assert baked
    assert (baked.code, baked.action, baked.urgent) == (code_, None, False)
    assert words in baked.reason
    assert baked.remedy.startswith("Roll the activity back or cancel it, or ")
    retry = member._replace(policy=BAKE._replace(paused_action="retry"))
    frozen = found(retry, 24, *below)
    assert frozen
    assert (frozen.code, frozen.action, frozen.urgent) == (code_, None, True)
    assert frozen.remedy == baked.remedy
    for undo in ("rollback", "cancel"):
        acted = found(member, 24, *below, paused_action=undo)
        assert acted
        assert acted.action
        assert acted.action.kind == undo


@pytest.mark.parametrize(
    ("seen", "policy", "limits", "words"),
    [
        (images(state="SYNCING"), BAKE, {}, "while image img-new is SYNCING"),
        ({}, BAKE, {"newer_waits": True}, "img-new is newer and waits for its ring"),
        ({}, BAKE, {"refreshing": 0}, "while MAX_REFRESHING is 0"),
        ({}, BAKE._replace(hold="a sale"), {}, "held by its tag: a sale"),
    ],
)
def test_what_passes_by_itself_is_said_only_of_a_frozen_group(
    seen: Any, policy: Policy, limits: Any, words: str
) -> None:
    member = case(paused(), policy, **seen)
    assert found(member, 21.5, **limits) is None
    frozen = found(member, 24, **limits)
    assert frozen
    assert (frozen.code, frozen.action) == ("RefreshPaused", None)
    assert words in frozen.reason
    assert frozen.remedy.startswith("Resume, roll back or cancel the activity")
    acted = found(member, 24, **limits, paused_action="cancel")
    assert acted
    assert (acted.action is None) is bool(policy.hold)


def test_a_rollback_goes_on_whatever_became_of_the_image() -> None:
    back = paused(kind="ROLLBACK", origin_id="asr-0")
    assert code(case(back, **images(deprecated=True)), 21.5) == "Baked"
    assert code(case(back), 21.5, "asg-x") == "Baked"


def test_a_pause_of_a_batch_that_went_well_is_ended_only_in_its_window() -> None:
    shut = BAKE._replace(window=window("02:00-05:00 UTC"))

    def action(status: str, what: Any, policy: Policy = shut) -> str:
        seen = found(case(paused(status), policy), 24, paused_action=what)
        return seen.action.kind if seen and seen.action else ""

    assert action("AUTO_PAUSE", "rollback") == action("FAILED_PAUSE", "continue") == ""
    assert action("FAILED_PAUSE", "rollback") == "rollback"
    assert action("FAILED_PAUSE", "cancel") == "cancel"
    opened = shut._replace(window=window("23:00-01:00 UTC"))
    assert action("FAILED_PAUSE", "continue", opened) == "resume"


def tries(*names: str, at: float = 20) -> tuple[ScalingActivity, ...]:
    return tuple(ScalingActivity("asa", "asg-a", "", "", hours(at), (n,), ()) for n in names)


def test_only_tries_of_the_batch_that_failed_are_counted() -> None:
    retry = BAKE._replace(paused_action="retry")
    batches = (
        Batch(
            1, "SUCCESSFUL", hours(10), hours(11), (BatchInstance("ins-b", "SUCCESSFUL", "", ""),)
        ),
        batch(2, "FAILED", 21, "ins-a"),
    )
    live = paused("FAILED_PAUSE", batches=batches)

    def goes_on(*seen: ScalingActivity) -> bool:
        member = case(live, retry, scaling_activities={"asg-a": seen})
        acted = found(member, 22)
        assert acted
        return acted.action is not None

    assert goes_on(*tries(*["ins-a"] * 2))
    assert not goes_on(*tries(*["ins-a"] * 3))
    assert goes_on(*tries(*["ins-a"] * 3, at=19))
    assert goes_on(*tries(*["ins-b"] * 3), *tries("ins-a"))
    assert goes_on(*(one._replace(started=None) for one in tries(*["ins-a"] * 3)))


def test_what_the_platform_says_of_an_instance_is_collected() -> None:
    batches = (batch(1, "FAILED", 21, "ins-a", "ins-b", message="no disk"),)
    machine = Machine("ins-a", OLD, 50, "RUNNING", "ResetInstance", "FAILED", "sold out")
    well = machine._replace(instance_id="ins-b", operation_state="SUCCESS")
    said = (
        ScalingActivity("asa-1", "asg-a", "FAILED", "it failed", None, ("ins-a",), ("hook: no",)),
        ScalingActivity("asa-9", "asg-a", "FAILED", "another", None, ("ins-a",), ()),
    )
    member = case(
        activity("FAILED_PAUSE", batches=batches),
        scaling_activities={"asg-a": said},
        machines={"ins-a": machine, "ins-b": well},
    )
    assert watch.platform_words(member, ("ins-a", "ins-b")) == (
        "ins-a: no disk", "ins-b: no disk", "asa-1: it failed", "asa-1: hook: no",
        "ins-a: ResetInstance FAILED sold out",
    )  # fmt: skip
    assert watch.platform_words(member, ()) == ()
    assert watch.platform_words(member, ("ins-c",)) == ()
    unread = member._replace(fleet=member.fleet._replace(unread="no right", machines={}))
    assert watch.platform_words(unread, ()) == ()
    assert watch.platform_words(unread._replace(activity=None), ("ins-b",)) == ()
    assert watch.platform_words(unread, ("ins-b",))[-1] == (
        "what the platform says of it could not be read: no right"
    )


@pytest.mark.parametrize(("count", "last"), [(20, "ins-19: no"), (21, "and 1 more")])
def test_of_many_words_some_are_said(count: int, last: str) -> None:
    names = tuple(f"ins-{n}" for n in range(count))
    batches = (batch(1, "FAILED", 21, *names, message="no"),)
    words = watch.platform_words(case(activity("FAILED_PAUSE", batches=batches)), names)
    assert len(words) == min(count, 21)
    assert words[-1] == last


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "rollback"),
        ({"mode": "ROLLING_UPDATE_REPLACE"}, "cancel"),
        ({"kind": "ROLLBACK"}, "cancel"),
    ],
)
def test_what_failed_is_rolled_back_for_a_newer_image_where_it_can_be(
    fields: Any, kind: str
) -> None:
    seen = watch.newer_image(case(paused("FAILED_PAUSE", **fields), names=OLD))
    assert seen
    assert seen.action
    assert (seen.action.kind, seen.action.while_configured) == (kind, OLD)
    well = watch.newer_image(case(paused(**fields), names=OLD))
    assert well
    assert well.action
    assert well.action.kind == "cancel"


def test_nothing_gives_way_to_what_may_be_no_newer() -> None:
    same: dict[str, Any] = {"images": {OLD: image(OLD, 10), NEW: image(NEW, 10)}}
    assert watch.newer_image(case(paused(), names=OLD, **same)) is None
    assert not case(paused(), names=OLD, images={OLD: image(OLD)}).is_newer
    unknown: dict[str, Any] = {"images": {NEW: image(NEW, 10)}}
    assert watch.newer_image(case(paused(), names=OLD, **unknown)) is None
    assert watch.newer_image(case(activity("RUNNING"), names=OLD)) is None
    assert watch.newer_image(member_of(ASKED, fleet())) is None
    undated: dict[str, Any] = {
        "images": {OLD: image(OLD)._replace(created=None), NEW: image(NEW, 10)}
    }
    assert watch.newer_image(case(paused(), names=OLD, **undated))
