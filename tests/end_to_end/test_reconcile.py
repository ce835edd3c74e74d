"""Groups that follow an image family, brought along by ticks alone."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from instance_refresh.invocation import TryAgain
from local.refused import Refused
from tests.contract.local_cloud import client
from tests.end_to_end.harness import World, answering, tags

FIRST, SECOND, THIRD = "img-00000001", "img-00000002", "img-00000003"
RINGS = {"asg-ring0000": 0, **{f"asg-ring100{n}": 1 for n in range(3)}}
RINGS |= {f"asg-ring200{n}": 2 for n in range(6)}
CAP = 4


def rings(it: World) -> None:
    it.region.add_image(FIRST, family="web", created=it.cloud.clock.now())
    for group, ring in RINGS.items():
        policy = tags(ring=ring, bake="10m", fail_process="AUTO_ROLLBACK", batch_size="50pct")
        it.region.add_group(group, image=FIRST, instances=2, tags=policy)
    it.advance(3600)


pytestmark = pytest.mark.world(fill=rings, MAX_REFRESHING=str(CAP))


def converged(it: World, image: str) -> list[str]:
    return [g for g in RINGS if it.runs(g) == {image} and it.configured(g) == image]


def live(it: World) -> list[Any]:
    over = ("SUCCESSFUL", "FAILED", "CANCELLED")
    return [a for a in it.region.activities.values() if a.status not in over]


def watch_over(it: World, ticks: int, image: str, step: float = 240) -> list[dict[str, Any]]:
    """Tick until all have the image; meanwhile the cap and the order of the rings hold."""
    results = []
    for _ in range(ticks):
        results.append(it.tick())
        assert len(live(it)) <= CAP
        done = set(converged(it, image))
        for lower, higher in itertools.permutations(RINGS, 2):
            if RINGS[lower] < RINGS[higher] and lower not in done:
                assert image not in it.runs(higher)
                assert it.configured(higher) != image
        it.advance(step)
        if len(done) == len(RINGS) and not live(it):
            return results
    return results


def test_ten_groups_in_three_rings_by_ticks_alone(it: World) -> None:
    it.make_image(SECOND)
    results = watch_over(it, 150, SECOND)
    assert sorted(converged(it, SECOND)) == sorted(RINGS)
    assert set(it.reinstalls().values()) == {1}
    resumed = [o["Reason"] for one in results for o in one["Outcomes"] if o["Outcome"] == "resumed"]
    assert len(resumed) == len(RINGS)
    assert not any("failed" in reason or "RETRY" in reason for reason in resumed)
    quiet = it.tick()
    assert quiet["Outcomes"] == []
    assert quiet["States"] == {"already_current": 10}


def test_a_bad_image_stops_at_the_first_ring_and_a_fixed_one_goes_all_the_way(it: World) -> None:
    it.cloud.faults.fail_image(SECOND)
    it.make_image(SECOND)
    results = [it.tick()]
    for _ in range(20):
        it.advance(240)
        results.append(it.tick())
    said = [outcome for result in results for outcome in result["Outcomes"]]
    assert [o["Outcome"] for o in said if o["Outcome"] in ("started", "restored")] == [
        "started", "restored",
    ]  # fmt: skip
    assert it.runs("asg-ring0000") == {FIRST}
    assert sorted(converged(it, FIRST)) == sorted(RINGS)
    last = {
        (o.get("AutoScalingGroupId"), o["Outcome"], o.get("Code")) for o in results[-1]["Outcomes"]
    }
    assert last == {("asg-ring0000", "rejected", None), (None, "attention", "WaveHeld")}
    wave = next(o for o in results[-1]["Outcomes"] if o.get("Code") == "WaveHeld")
    assert "9 groups of higher rings wait for asg-ring0000" in wave["Reason"]

    it.make_image(THIRD)
    watch_over(it, 150, THIRD)
    assert sorted(converged(it, THIRD)) == sorted(RINGS)
    starts = [c for c in it.cloud.calls if c.action == "StartInstanceRefresh" and not c.code]
    assert len(starts) == 11


def test_a_group_whose_configuration_is_set_back_while_it_waits_is_named_after_a_pauses_limit(
    it: World,
) -> None:
    """Its instances run what ring 0 rejects, and a person has set back what is launched next."""
    it.make_image(SECOND)
    it.cloud.faults.fail_instance(it.members("asg-ring0000")[0].instance_id)
    it.post(AutoScalingGroupId="asg-ring1000", ImageId=SECOND)
    for _ in range(4):
        it.tick()
        it.finish()
    name = it.region.groups["asg-ring1000"].launch_configuration_id
    change = {"LaunchConfigurationId": name, "ImageId": FIRST}
    client(it.cloud, keys=it.role).call_json("ModifyLaunchConfigurationAttributes", change)
    named = []
    for _ in range(26):
        said = {o.get("AutoScalingGroupId"): o.get("Code") for o in it.tick()["Outcomes"]}
        assert {None, "asg-ring0000"} <= said.keys()
        named.append(said.get("asg-ring1000"))
        it.advance(300)
    assert named == [None] * 25 + ["ConfigurationDiffers"]
    assert it.configured("asg-ring1000") == FIRST


def test_what_holds_the_rings_is_said_once_a_family_for_days(it: World) -> None:
    it.make_image(SECOND)
    canary = it.region.groups["asg-ring0000"]
    canary.tags |= tags(hold="a sale")
    for code in ("Held", "NotDeployed"):
        assert wait(it) == [("asg-ring0000", code), (None, "WaveHeld")]
        it.advance(2 * 86400)
    del canary.tags["instance-refresh:hold"]
    it.region.launch_configurations[canary.launch_configuration_id].image_id = SECOND
    for instance in it.members("asg-ring0000"):
        instance.image_id = SECOND
    canary.in_activity_status = "IN_ACTIVITY"  # which is only reported as others wait for it
    assert wait(it) == [(None, "WaveHeld")]


def wait(it: World) -> list[tuple[str | None, str]]:
    """Tick while all but the canary wait; say what is told of which group."""
    result = it.tick()
    assert result["States"]["RingWaits"] == len(RINGS) - 1
    return [(o.get("AutoScalingGroupId"), o["Code"]) for o in result["Outcomes"]]


def test_ticks_missed_doubled_and_mixed_with_the_event(it: World) -> None:
    it.make_image(SECOND)
    event = it.publish("images/web.json", {"ImageId": SECOND})
    for step in itertools.cycle([120, 0, 900, 0, 60]):
        it.tick()
        it.call("image_published", event)
        assert len(live(it)) <= CAP
        it.advance(step)
        if len(converged(it, SECOND)) == len(RINGS) and not live(it):
            break
    assert set(it.reinstalls().values()) == {1}


@pytest.mark.parametrize("kind", ["cut_before", "cut_after", "throttle", "http_500_after"])
def test_calls_that_go_wrong_are_made_up_for_by_later_ticks(it: World, kind: str) -> None:
    it.make_image(SECOND)
    it.cloud.faults.rate(kind, 0.1, seed=7)
    for _ in range(200):
        try:
            it.tick()
        except TryAgain:
            it.advance(1)
        it.advance(300)
        if len(converged(it, SECOND)) == len(RINGS) and not live(it):
            break
    assert sorted(converged(it, SECOND)) == sorted(RINGS)
    assert set(it.reinstalls().values()) == {1}


def one(it: World, **policy: object) -> str:
    """Make one more group, of a family of its own."""
    it.region.add_image("img-0000one1", family="one", created=it.cloud.clock.now())
    it.region.add_group(
        "asg-one00001", image="img-0000one1", tags=tags(image_family="one", **policy)
    )
    it.advance(60)
    it.region.add_image("img-0000one2", family="one", created=it.cloud.clock.now())
    it.advance(60)
    return "asg-one00001"


def state(it: World, group: str) -> str:
    newest = max(
        (a for a in it.region.activities.values() if a.auto_scaling_group_id == group),
        key=lambda a: a.created_time,
    )
    status: str = newest.status
    return status


@pytest.mark.parametrize(
    ("action", "does", "ends", "runs"),
    [
        ("retry", "resumed", [], {"img-0000one2"}),
        ("continue", "resumed", ["StandbyLeft"], {"img-0000one1", "img-0000one2"}),
        ("rollback", "rolled_back", ["Restored"], {"img-0000one1"}),
        ("cancel", "cancelled", ["Restored"], {"img-0000one1"}),
    ],
)
def test_a_frozen_group_never_stays_so(
    it: World, action: str, does: str, ends: list[str], runs: set[str]
) -> None:
    group = one(it, paused_action=action)
    instance = it.members(group)[0]
    it.cloud.faults.fail_instance(instance.instance_id)
    it.tick()
    it.finish()
    assert state(it, group) == "FAILED_PAUSE"
    it.tick()
    it.advance(900)
    acted = [o for o in it.tick()["Outcomes"] if o["AutoScalingGroupId"] == group]
    assert [(o["Outcome"], o["Code"]) for o in acted] == [(does, "RefreshPaused")]
    of_what_failed = f"; {action.upper()} of what failed"
    assert acted[0]["Reason"].endswith(of_what_failed) is (does == "resumed")
    assert state(it, group) != "FAILED_PAUSE"
    it.finish()
    later = it.tick()["Outcomes"]
    need = [o for o in later if o["Outcome"] != "succeeded"]
    assert [o["Code"] for o in need if o.get("AutoScalingGroupId") == group] == ends
    assert (it.runs(group), it.configured(group)) == (runs, max(runs))


def test_a_frozen_group_does_not_wait_for_starts_that_take_all_the_time(it: World) -> None:
    group = one(it, paused_action="rollback")
    it.cloud.faults.fail_instance(it.members(group)[0].instance_id)
    it.tick()
    it.finish()
    it.make_image(SECOND)
    it.advance(900)
    it.cloud.faults.inject("StartInstanceRefresh", "delay", times=None, seconds=3)
    result = it.tick(limit_ms=2000)
    ends = {(o.get("AutoScalingGroupId"), o["Outcome"]) for o in result["Outcomes"]}
    assert {(group, "rolled_back"), ("asg-ring0000", "failed")} < ends


def test_an_alert_says_what_the_platform_says(
    it: World, capsys: pytest.CaptureFixture[str]
) -> None:
    group = one(it)
    instance = it.members(group)[0]
    it.cloud.faults.fail_instance(instance.instance_id)
    it.tick()
    it.finish()
    capsys.readouterr()
    it.ticks(60)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    alerts = [line for line in lines if line["level"] == "ERROR"]
    assert len(alerts) == 2  # when it begins, and after REMIND_EVERY
    for alert in alerts:
        assert (alert["group"], alert["code"]) == (group, "RefreshPaused")
        assert instance.instance_id in alert["message"]
        assert alert["notes"]
    assert state(it, group) == "FAILED_PAUSE"


def test_a_newer_image_takes_over_a_paused_activity(it: World) -> None:
    group = one(it, bake="1h")
    it.tick()
    it.finish()
    assert state(it, group) == "AUTO_PAUSE"
    it.region.add_image("img-0000one3", family="one", created=it.cloud.clock.now())
    it.advance(60)
    assert [o["Code"] for o in it.tick()["Outcomes"]] == ["NewerImage"]
    for _ in range(40):
        it.advance(1000)
        it.tick()
    assert it.runs(group) == {"img-0000one3"}


def test_a_newer_image_waits_for_a_running_activity(it: World) -> None:
    group = one(it)
    it.tick()
    it.region.add_image("img-0000one3", family="one", created=it.cloud.clock.now())
    it.advance(10)
    it.region.add_image("img-0000one4", family="one", created=it.cloud.clock.now())
    it.advance(20)
    assert it.tick()["States"]["queued"] == 1
    it.finish()
    it.tick()
    it.finish()
    assert it.runs(group) == {"img-0000one4"}
    assert set(it.reinstalls().values()) == {2}


def test_holds_windows_and_wrong_tags(it: World) -> None:
    now = it.cloud.clock.now()
    group = one(it, hold="a sale")
    assert [o["Reason"] for o in it.tick()["Outcomes"]] == ["held by its tag: a sale"]
    closed = f"{(now.hour + 12) % 24:02}:00-{(now.hour + 13) % 24:02}:00 UTC"
    it.region.groups[group].tags = tags(image_family="one", window=closed)
    assert it.tick()["States"]["WindowClosed"] == 1
    it.region.groups[group].tags = tags(image_family="one", window="sometimes")
    (wrong,) = it.tick()["Outcomes"]
    assert (wrong["AutoScalingGroupId"], wrong["Code"]) == (group, "InvalidTag")
    assert "Mon-Fri 02:00-05:00 Asia/Shanghai" in wrong["Reason"]
    it.region.groups[group].tags = tags(image_family="one")
    assert [o["Outcome"] for o in it.tick()["Outcomes"]] == ["started"]


@pytest.mark.parametrize(
    ("wrong", "waits"), [({"bake": "10 minutes"}, True), ({"ring": "last"}, True), ({}, False)]
)
def test_a_canary_whose_tags_cannot_be_read_holds_the_rings_above(
    it: World, wrong: dict[str, str], *, waits: bool
) -> None:
    canary = one(it, **{"ring": "1", **wrong})
    for name, ring in (("asg-onering1", 1), ("asg-onering2", 2)):
        policy = tags(image_family="one", ring=ring)
        it.region.add_group(name, image="img-0000one1", instances=2, tags=policy)
    said = {o.get("AutoScalingGroupId"): o for o in it.tick()["Outcomes"]}
    assert ("asg-onering2" in said) is False
    if not waits:
        assert said[canary]["Outcome"] == "started"
        return
    assert said[canary]["Code"] == "InvalidTag"
    assert ("asg-onering1" in said) is ("ring" not in wrong)
    it.region.groups[canary].tags = tags(image_family="one", ring=1)
    for _ in range(3):
        it.finish()
        it.tick()
    assert it.runs("asg-onering2") == {"img-0000one2"}


def test_an_image_that_is_given_another_family_takes_no_group_back_but_a_force_does(
    it: World,
) -> None:
    """As where a candidate is promoted: those that run it are newer than their family's newest."""
    group = one(it)
    it.tick()
    it.finish()
    it.region.images["img-0000one2"].image_family = "stable"
    for _ in range(3):
        it.tick()
        it.finish()
    assert it.runs(group) == {"img-0000one2"}
    it.post(AutoScalingGroupId=group, ImageFamily="one", Force=True)
    it.finish()
    it.tick()
    assert it.runs(group) == {it.configured(group)} == {"img-0000one1"}
    assert set(it.reinstalls().values()) == {2}


def test_an_event_that_comes_late_is_judged_by_the_time_it_comes(it: World) -> None:
    now = it.cloud.clock.now()
    opened = f"{now.hour:02}:00-{(now.hour + 1) % 24:02}:00 UTC"
    group = one(it, window=opened)
    event = it.publish("images/one.json", {"ImageId": "img-0000one2"})
    it.advance(6 * 3600)
    (late,) = it.call("image_published", event)["Outcomes"]
    assert (late["Outcome"], late["Code"]) == ("queued", "WindowClosed")
    it.advance(18 * 3600)
    assert it.call("image_published", event)["Outcomes"][0]["Outcome"] == "started"
    assert it.configured(group) == "img-0000one2"


@pytest.mark.parametrize("family", ["web", "www"])
def test_groups_whose_start_is_always_refused_keep_no_one_back(it: World, family: str) -> None:
    it.region.add_image("img-0000www1", family="www", created=it.cloud.clock.now())
    for number in range(2 * CAP):
        it.region.add_group(f"asg-disabled{number}", image=FIRST, tags=tags())
    it.region.add_group("asg-last0001", image=FIRST, tags=tags(image_family=family))
    it.region.groups.pop("asg-ring0000")
    it.make_image(SECOND)

    def refuse(start: Any, region: Any, parameters: Any) -> Any:
        if parameters["AutoScalingGroupId"].startswith("asg-disabled"):
            raise Refused("ResourceUnavailable.AutoScalingGroupDisabled", "it is disabled")
        return start(region, parameters)

    with answering("StartInstanceRefresh", refuse):
        for _ in range(24):
            it.tick()
            it.finish()
            it.advance(3600)
    assert FIRST not in it.runs("asg-last0001")


def test_a_tick_over_converged_groups_reads_little_and_writes_nothing(
    it: World, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(90):
        it.region.add_group(f"asg-more{number:04}", image=FIRST, instances=20, tags=tags())
    capsys.readouterr()
    reads_little(it)
    assert len(capsys.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize("newest", [FIRST, None])
def test_a_tick_over_groups_that_run_what_is_configured_reads_little(
    it: World, newest: str | None
) -> None:
    """They have an image of no family that is newer, or their family has no image left."""
    it.region.add_image("img-0other01", created=it.cloud.clock.now())
    it.region.images[FIRST].image_family = "web" if newest else ""
    for number in range(90):
        it.region.add_group(f"asg-more{number:04}", image="img-0other01", tags=tags())
    reads_little(it)


def reads_little(it: World) -> None:
    """Tick within the budget of groups that need no start."""
    before = len(it.cloud.calls)
    it.tick()
    groups, instances = len(it.region.groups), len(it.region.instances)
    assert len(it.cloud.calls) - before <= (3 * groups + 2 * instances) / 100 + 10
    assert it.cloud.writes() == []
