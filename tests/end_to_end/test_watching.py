"""Every refresh is watched to its end, whoever began it, and each thing is told once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.end_to_end import person
from tests.end_to_end.harness import REGION, World, tags
from tests.end_to_end.invariants import Invariants

OLD, NEW = "img-00000001", "img-00000002"
UNTAGGED = "asg-untagged"
RINGS = [f"asg-ring000{ring}" for ring in range(5)]


def images(it: World) -> None:
    it.region.add_image(OLD, family="web", created=it.cloud.clock.now())
    it.advance(3600)
    it.make_image(NEW)


def untagged(it: World) -> None:
    images(it)
    it.region.add_group(UNTAGGED, image=OLD, instances=4)
    it.cloud.faults.fail_image(NEW)


def rings(it: World) -> None:
    images(it)
    for ring, group in enumerate(RINGS):
        it.region.add_group(group, image=OLD, instances=2, tags=tags(ring=ring))


def coded(seen: list[dict[str, Any]], code: str) -> list[dict[str, Any]]:
    return [line for line in seen if line.get("code") == code]


@pytest.mark.world(fill=untagged)
def test_a_bad_image_on_a_group_without_tags_is_named_in_the_first_tick_after_the_limit(
    it: World, lines: Any
) -> None:
    it.post(AutoScalingGroupId=UNTAGGED, ImageId=NEW)
    it.finish()
    (activity,) = it.region.activities.values()
    assert activity.status == "FAILED_PAUSE"
    lines()
    (failed,) = (batch.end_time for batch in activity.batches if batch.end_time)
    limit = failed.timestamp() + 900
    while it.cloud.clock.now().timestamp() + 300 <= limit:
        it.ticks(1)
        assert not coded(lines(), "RefreshPaused")
    it.ticks(1)
    (named,) = coded(lines(), "RefreshPaused")
    assert (named["level"], named["group"]) == ("ERROR", UNTAGGED)
    assert named["notes"]
    it.ticks(15)
    assert not [line for line in lines() if line["level"] == "ERROR"]  # 75 minutes
    it.ticks(40)
    assert len(coded(lines(), "RefreshPaused")) == 1  # after REMIND_EVERY
    person.steer(Invariants(it), UNTAGGED, "Cancel")
    it.ticks(2)
    over = lines()
    assert [line["code"] for line in over if line.get("group") == UNTAGGED] == [
        "Restored", "RefreshEnded",
    ]  # fmt: skip
    assert it.configured(UNTAGGED) == OLD


@pytest.mark.world(fill=untagged)
def test_a_group_that_a_wrong_tag_leaves_alone_is_watched(it: World, lines: Any) -> None:
    it.region.groups[UNTAGGED].tags.update(tags(ring="inner"))
    it.post(AutoScalingGroupId=UNTAGGED, ImageId=NEW)
    it.ticks(8)
    assert len(coded(lines(), "RefreshPaused")) == 1


@pytest.mark.world(fill=untagged)
def test_no_launch_configuration_is_left_on_an_image_that_was_rolled_back(
    it: World, lines: Any
) -> None:
    settings = {"RollingUpdateSettings": {"FailProcess": "AUTO_ROLLBACK"}}
    it.post(AutoScalingGroupId=UNTAGGED, ImageId=NEW, RefreshSettings=settings)
    assert it.configured(UNTAGGED) == NEW
    it.ticks(6)
    told = [line for line in lines() if line["trigger"] == "timer"]
    assert [line.get("code") for line in told] == ["Restored", "RefreshEnded", "RolledBack"]
    assert it.configured(UNTAGGED) == OLD
    assert it.runs(UNTAGGED) == {OLD}


@pytest.mark.world(fill=untagged, RESTORE="followers")
def test_what_may_not_be_restored_is_not(it: World) -> None:
    settings = {"RollingUpdateSettings": {"FailProcess": "AUTO_ROLLBACK"}}
    it.post(AutoScalingGroupId=UNTAGGED, ImageId=NEW, RefreshSettings=settings)
    it.finish()
    it.ticks(3)
    assert it.configured(UNTAGGED) == NEW


@pytest.mark.world(fill=untagged)
def test_what_somebody_has_changed_is_not_restored(it: World) -> None:
    settings = {"RollingUpdateSettings": {"FailProcess": "AUTO_ROLLBACK"}}
    it.post(AutoScalingGroupId=UNTAGGED, ImageId=NEW, RefreshSettings=settings)
    it.finish()
    person.configure(Invariants(it), UNTAGGED, NEW)
    it.ticks(3)
    assert it.configured(UNTAGGED) == NEW


@pytest.mark.world(fill=rings)
def test_a_rollout_that_goes_well_says_so_once_a_group_and_once_a_family(
    it: World, lines: Any
) -> None:
    it.ticks(30)
    told = lines()
    succeeded = [line for line in told if line.get("outcome") == "succeeded"]
    assert sorted(line["group"] for line in succeeded if line.get("group")) == RINGS
    (whole,) = coded(succeeded, "FamilyDone")
    assert whole["message"].startswith(f"web: 5 of 5 groups on {NEW}, ")
    assert whole["family"] == "web"
    assert not [line for line in told if line["level"] != "INFO"]


@pytest.mark.world(fill=untagged)
def test_a_refresh_from_the_console_is_watched_like_ours(it: World, lines: Any) -> None:
    it.cloud.faults.clear()
    watch = Invariants(it)
    asked = {"RefreshSettings": {"RollingUpdateSettings": {"BatchNumber": 4}}}
    person.operate(watch, "StartInstanceRefresh", AutoScalingGroupId=UNTAGGED, **asked)
    it.ticks(6)
    told = [line for line in lines() if line.get("group") == UNTAGGED]
    assert [(line["outcome"], line.get("code")) for line in told] == [
        ("in_progress", "Begun"), ("succeeded", None),
    ]  # fmt: skip
    assert len(it.region.activities) == 1


@pytest.mark.world(fill=rings, LOG_LEVEL="ERROR")
def test_the_summary_line_is_a_heartbeat_with_each_familys_share(
    it: World, capsys: pytest.CaptureFixture[str]
) -> None:
    it.ticks(1)
    (summary,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert summary["families"] == {
        "web": {
            "image": NEW, "groups": 5, "done": 0, "refreshing": 1, "waiting": 4, "failed": 0,
            "share": 0.0,
        }
    }  # fmt: skip


@pytest.mark.world(fill=rings)
def test_the_same_tick_delivered_twice_tells_the_same(it: World, lines: Any) -> None:
    it.ticks(3)
    lines()
    now = f"{it.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    event = {"Type": "Timer", "TriggerName": "tick", "Time": now, "Message": ""}
    seen = []
    for _ in range(2):
        it.call("schedule", event)
        seen.append([(line["message"], line.get("code")) for line in lines()])
        it.advance(20)
    assert seen[0] == seen[1]


WRONG = {
    "SCHEDULE_CRON": "every now and then",
    "NOTIFY": "https://chat.example",
    "NOTIFY_LEVEL": "loud",
    "NOTIFY_LANGUAGE": "fr",
    "REMIND_EVERY": "often",
}


@pytest.mark.world(fill=rings, **WRONG)
def test_a_setting_that_only_tells_is_named_and_stops_nothing(it: World, lines: Any) -> None:
    it.ticks(1)
    told = lines()
    wrong = coded(told, "InvalidSetting")
    assert {line["level"] for line in wrong} == {"ERROR"}
    assert {line["message"].split()[3] for line in wrong} == WRONG.keys()
    assert "chat.example" not in json.dumps(told)
    assert [line["outcome"] for line in told if "outcome" in line] == ["started"]


@pytest.mark.world(fill=rings, MODE="observe")
def test_who_only_observes_says_what_it_would_do_and_writes_nothing(it: World, lines: Any) -> None:
    event = it.publish("images/web.json", {"ImageId": NEW})
    it.call("image_published", event)
    said = lines()
    assert [line["outcome"] for line in said].count("planned") == 1
    it.ticks(24)
    told = [line for line in lines() if line.get("outcome") == "planned"]
    assert {line["group"] for line in told} == {RINGS[0]}
    assert len(told) == 2  # once an hour
    assert told[0]["message"].startswith("would start: move asc-")
    assert it.cloud.writes() == []
    own = {it.roles[name].secret_id for name in ("image_published", "schedule")}
    assert not [call.action for call in it.cloud.calls if call.secret_id in own and call.code]


FAR = "ap-shanghai"


def two_regions(it: World) -> None:
    rings(it)
    far = it.cloud.region(FAR)
    far.add_image(OLD, family="web", created=it.cloud.clock.now() - timedelta(days=1))
    far.add_image(NEW, family="web", created=it.cloud.clock.now() - timedelta(hours=1))
    far.add_group("asg-far00001", image=OLD, instances=2, tags=tags())


@pytest.mark.world(fill=two_regions, REGIONS=f"{REGION},{FAR}")
def test_one_schedule_looks_after_several_regions(it: World, lines: Any) -> None:
    (result,) = it.ticks(1)
    started = {(line["region"], line["group"]) for line in lines() if line["outcome"] == "started"}
    assert started == {(REGION, RINGS[0]), (FAR, "asg-far00001")}
    assert result["States"] == {"started": 2, "RingWaits": 4}
    assert set(result["Families"]) == {f"{REGION}/web", f"{FAR}/web"}


@pytest.mark.world(fill=two_regions, REGIONS=f"nowhere-1,{FAR}", ALLOWED_REGIONS=f"{REGION},{FAR}")
def test_a_region_that_is_not_served_stops_no_other(it: World, lines: Any) -> None:
    it.ticks(1)
    told = {line["region"]: line["outcome"] for line in lines()}
    assert told == {"nowhere-1": "refused", FAR: "started"}


@pytest.mark.world(fill=two_regions, REGIONS=f"{REGION},{FAR}")
def test_a_region_that_fails_stops_no_other(it: World, lines: Any) -> None:
    it.cloud.faults.inject("DescribeAutoScalingGroups", "denied", times=1)
    it.ticks(1)
    told = lines()
    (wrong,) = [line for line in told if line["level"] == "ERROR"]
    assert wrong["region"] in (REGION, FAR)
    assert [line["outcome"] for line in told if "outcome" in line] == ["started"]


@pytest.mark.world(fill=rings, MAX_REFRESHING="0")
def test_with_nothing_allowed_to_refresh_neither_schedule_nor_manifest_starts_anything(
    it: World,
) -> None:
    manifests = ({"ImageId": NEW}, {"ImageId": NEW, "AutoScalingGroupIds": RINGS})
    for number, manifest in enumerate(manifests):
        it.call("image_published", it.publish(f"images/{number}.json", manifest))
    (result,) = it.ticks(1)
    assert result["States"] == {"CapReached": 5}
    it.tick({"AutoScalingGroupId": RINGS[0], "ImageId": NEW})
    assert it.cloud.writes() == []
