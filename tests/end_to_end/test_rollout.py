"""What a request does to a cloud, through the real functions and the real SDK."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest

from instance_refresh.invocation import TryAgain
from tests.end_to_end.harness import BEFORE, LATER, World, signed, world

OLD, NEW = "img-00000001", "img-00000002"
WEB = "asg-web00001"


def one_group(it: World) -> None:
    it.region.add_image(OLD, family="web", created=BEFORE)
    it.region.add_image(NEW, family="web", created=LATER)
    policy = {"service": "web", "instance-refresh:image-family": "web"}
    it.region.add_group(WEB, image=OLD, instances=4, tags=policy)


pytestmark = pytest.mark.world(fill=one_group)


def outcome(answer: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    (found,) = answer[1]["Outcomes"]
    assert isinstance(found, dict)
    return found


def test_an_image_reaches_every_instance_once(it: World) -> None:
    status, document = it.post(AutoScalingGroupId=WEB, ImageId=NEW)
    assert (status, document["Outcomes"][0]["Outcome"]) == (202, "started")
    assert it.configured(WEB) == NEW
    assert outcome(it.post(AutoScalingGroupId=WEB, ImageId=NEW))["Outcome"] == "in_progress"
    it.finish()
    assert it.runs(WEB) == {NEW}
    assert outcome(it.post(AutoScalingGroupId=WEB, ImageId=NEW))["Outcome"] == "already_current"
    assert set(it.reinstalls().values()) == {1}
    assert [call.action for call in it.cloud.writes()] == [
        "ModifyLaunchConfigurationAttributes", "StartInstanceRefresh",
    ]  # fmt: skip


def test_where_only_the_configuration_is_behind_it_alone_is_set(it: World) -> None:
    for instance in it.members(WEB):
        instance.image_id = NEW
    assert outcome(it.post(AutoScalingGroupId=WEB, ImageId=NEW))["Outcome"] == "restored"
    assert it.configured(WEB) == NEW
    assert it.region.activities == {}


def test_the_body_of_the_apis_own_page_is_a_request(it: World) -> None:
    it.region.add_group("asg-9dn1a5y6", image=NEW, instances=3)
    for instance in it.members("asg-9dn1a5y6"):
        instance.image_id = OLD
    status, document = it.post(
        AutoScalingGroupId="asg-9dn1a5y6",
        RefreshMode="ROLLING_UPDATE",
        RefreshSettings={
            "RollingUpdateSettings": {"BatchNumber": 3, "BatchPause": "BATCH_INTERVAL_PAUSE"}
        },
    )
    assert status == 202
    (started,) = document["Outcomes"]
    assert "RefreshMode ROLLING_UPDATE was read as ROLLING_UPDATE_RESET" in started["Notes"]
    call = it.cloud.writes()[-1]
    assert call.params["RefreshMode"] == "ROLLING_UPDATE_RESET"
    assert call.params["RefreshSettings"]["RollingUpdateSettings"] == {
        "BatchNumber": 3, "BatchPause": "BATCH_INTERVAL_PAUSE",
    }  # fmt: skip


def test_targets_by_tags_and_by_list(it: World) -> None:
    it.region.add_group("asg-web00002", image=OLD, tags={"service": "web", "tier": "b"})
    it.region.add_group("asg-api00001", image=OLD, tags={"service": "api"})
    tags = [{"Key": "service", "Value": "web"}]
    _, document = it.post(Tags=tags, ImageId=NEW, DryRun=True)
    assert {o["AutoScalingGroupId"] for o in document["Outcomes"]} == {WEB, "asg-web00002"}
    _, document = it.post(Tags=[*tags, {"Key": "tier", "Value": "b"}], ImageId=NEW, DryRun=True)
    assert [o["AutoScalingGroupId"] for o in document["Outcomes"]] == ["asg-web00002"]
    status, document = it.post(AutoScalingGroupIds=["asg-api00001", "asg-nowhere0"], ImageId=NEW)
    assert status == 207
    assert [o["Outcome"] for o in document["Outcomes"]] == ["refused", "started"]
    assert it.post(Tags=[{"Key": "service", "Value": "db"}])[0] == 404


def test_a_dry_run_needs_no_permission_to_write_and_decides_the_same(it: World) -> None:
    reads = {
        "DescribeAutoScalingGroups", "DescribeLaunchConfigurations", "DescribeRefreshActivities",
        "DescribeAutoScalingInstances", "DescribeImages", "DescribeImageFromFamily",
        "DescribeInstances",
    }  # fmt: skip
    full = it.role
    it.act_as(it.cloud.role(allow=reads))
    status, document = it.post(AutoScalingGroupId=WEB, ImageFamily="web", DryRun=True)
    (plan,) = document["Outcomes"]
    assert (status, plan["Outcome"], plan["ImageId"]) == (200, "planned", NEW)
    assert plan["Plan"] == {
        "Reinstalled": 4, "AlreadyOnImage": 0, "LeftAsTheyAre": 0, "BatchNumber": 4,
        "LeastInService": 3, "SharedWith": [], "RollbackImageId": OLD,
    }  # fmt: skip
    denied = outcome(it.post(AutoScalingGroupId=WEB, ImageFamily="web"))
    assert (denied["Outcome"], denied["Code"]) == ("failed", "AuthFailure.UnauthorizedOperation")
    assert it.configured(WEB) == OLD
    it.act_as(full)
    started = outcome(it.post(AutoScalingGroupId=WEB, ImageFamily="web"))
    assert (started["Outcome"], started["Plan"]) == ("started", plan["Plan"])


def rolls(it: World) -> None:
    it.post(AutoScalingGroupId=WEB, ImageId=NEW)


def rolled(it: World) -> None:
    rolls(it)
    it.finish()


def failed(it: World) -> None:
    it.cloud.faults.fail_image(NEW)
    settings = {"RollingUpdateSettings": {"FailProcess": "AUTO_ROLLBACK"}}
    it.post(AutoScalingGroupId=WEB, ImageId=NEW, RefreshSettings=settings)
    it.finish()


def rolls_another(it: World) -> None:
    it.region.add_image("img-0000mid1", created=BEFORE + timedelta(hours=12))
    it.post(AutoScalingGroupId=WEB, ImageId="img-0000mid1")


def is_shared(it: World) -> None:
    shared = it.region.groups[WEB].launch_configuration_id
    it.region.add_group("asg-other001", image=OLD, launch_configuration=shared)


def is_mixed(it: World) -> None:
    it.members(WEB)[0].image_id = NEW


def is_behind(it: World) -> None:
    for instance in it.members(WEB):
        instance.image_id = NEW


def is_empty(it: World) -> None:
    for instance in it.members(WEB):
        it.region.remove_instance(instance.instance_id)


def is_deprecated(it: World) -> None:
    it.region.images[NEW].image_deprecated = True


@pytest.mark.parametrize(
    "scenario",
    [
        lambda _: None, rolls, rolled, failed, rolls_another, is_shared, is_mixed, is_behind,
        is_empty, is_deprecated,
    ],
)  # fmt: skip
@pytest.mark.parametrize("asked", [{"ImageId": NEW}, {"ImageId": OLD}, {}, {"Force": True}])
def test_a_dry_run_and_the_real_one_decide_the_same(
    it: World, scenario: Any, asked: dict[str, Any]
) -> None:
    scenario(it)
    before = len(it.cloud.writes())
    plan = outcome(it.post(AutoScalingGroupId=WEB, DryRun=True, **asked))
    assert len(it.cloud.writes()) == before
    real = outcome(it.post(AutoScalingGroupId=WEB, **asked))
    if plan["Outcome"] == "planned":
        verb = {"started": "start", "restored": "restore"}[real["Outcome"]]
        assert plan["Reason"] == f"would {verb}: {real['Reason']}"
        assert real.get("Plan") == plan.get("Plan")
    else:
        assert real == plan


def test_a_start_refused_for_good_puts_the_old_image_back(it: World) -> None:
    it.cloud.faults.inject("StartInstanceRefresh", "denied")
    status, document = it.post(AutoScalingGroupId=WEB, ImageId=NEW)
    failed = outcome((status, document))
    assert (status, failed["Outcome"]) == (502, "failed")
    assert "names img-00000001 again" in failed["Reason"]
    assert it.configured(WEB) == OLD
    assert outcome(it.post(AutoScalingGroupId=WEB, ImageId=NEW))["Outcome"] == "started"


def test_an_image_that_is_gone_is_not_put_back(it: World) -> None:
    del it.region.images[OLD]
    it.cloud.faults.inject("StartInstanceRefresh", "denied", times=2)
    for _ in range(2):
        failed = outcome(it.post(AutoScalingGroupId=WEB, ImageId=NEW))
        assert failed["Outcome"] == "failed"
        assert OLD not in failed["Reason"]
    assert it.configured(WEB) == NEW


def test_a_caller_is_told_when_to_come_again_after_throttling_and_only_then(it: World) -> None:
    body = json.dumps({"AutoScalingGroupId": WEB, "ImageId": NEW})

    def answer() -> tuple[int, str | None]:
        event = {"httpMethod": "POST", "headers": signed(body), "body": body}
        said = it.call("webhook", event)
        return said["statusCode"], said["headers"].get("Retry-After")

    for action in ("DescribeAutoScalingGroups", "StartInstanceRefresh"):
        it.cloud.faults.inject(action, "throttle", times=99)
        assert answer() == (429, "5")
        it.cloud.faults.clear()
    assert answer() == (202, None)


def test_a_throttled_start_is_sent_again_once(it: World) -> None:
    it.cloud.faults.inject("StartInstanceRefresh", "throttle", times=2)
    assert outcome(it.post(AutoScalingGroupId=WEB, ImageId=NEW))["Outcome"] == "started"
    starts = [call.code for call in it.cloud.calls if call.action == "StartInstanceRefresh"]
    assert starts == ["RequestLimitExceeded", "RequestLimitExceeded", ""]
    assert len(it.region.activities) == 1


@pytest.mark.parametrize(
    "kind", ["cut_after", "cut_within", "http_500_after", "malformed_json", "empty_body"]
)
def test_a_start_whose_answer_is_lost_is_found(it: World, kind: str) -> None:
    it.cloud.faults.inject("StartInstanceRefresh", kind)
    started = outcome(it.post(AutoScalingGroupId=WEB, ImageId=NEW))
    assert started["Outcome"] == "started"
    assert list(it.region.activities) == [started["RefreshActivityId"]]
    assert "answer was lost" in started["Reason"]


def test_a_manifest_rolls_its_image(it: World) -> None:
    event = it.publish("images/web.json", {"ImageId": NEW, "AutoScalingGroupId": WEB})
    result = it.call("image_published", event)
    assert [o["Outcome"] for o in result["Outcomes"]] == ["started"]
    it.finish()
    assert it.runs(WEB) == {NEW}


def test_a_manifest_without_a_target_goes_to_the_followers(it: World) -> None:
    it.region.add_group("asg-api00001", image=OLD)
    event = it.publish("images/web.json", {"ImageId": NEW})
    result = it.call("image_published", event)
    assert [o["AutoScalingGroupId"] for o in result["Outcomes"]] == [WEB]
    assert it.configured("asg-api00001") == OLD


def test_packers_manifest_in_two_regions(it: World) -> None:
    shanghai = it.cloud.region("ap-shanghai")
    shanghai.add_image("img-0000sha1", family="web", created=BEFORE)
    shanghai.add_image("img-0000sha2", family="web", created=LATER)
    shanghai.add_group("asg-sha00001", image="img-0000sha1", tags={"service": "web"})
    target = {"Tags": [{"Key": "service", "Value": "web"}]}
    build = {"builder_type": "tencentcloud-cvm", "packer_run_uuid": "b", "files": None}
    builds = [
        {
            **build,
            "packer_run_uuid": "a",
            "artifact_id": f"ap-guangzhou:{OLD}",
            "custom_data": None,
        },
        {
            **build,
            "artifact_id": f"ap-guangzhou:{NEW},ap-shanghai:img-0000sha2",
            "custom_data": {"git_sha": "abc", "instance_refresh": json.dumps(target)},
        },
    ]
    event = it.publish("images/packer.json", {"builds": builds, "last_run_uuid": "b"})
    result = it.call("image_published", event)
    assert {(o["Region"], o["AutoScalingGroupId"], o["Outcome"]) for o in result["Outcomes"]} == {
        ("ap-guangzhou", WEB, "started"), ("ap-shanghai", "asg-sha00001", "started"),
    }  # fmt: skip


def test_a_timer_rolls_what_its_message_asks_for(it: World) -> None:
    result = it.tick({"AutoScalingGroupId": WEB, "ImageFamily": "web"})
    assert [o["Outcome"] for o in result["Outcomes"]] == ["started"]
    it.finish()
    assert it.runs(WEB) == {NEW}


def test_a_forced_tick_delivered_twice_reinstalls_once(it: World) -> None:
    message = json.dumps({"AutoScalingGroupId": WEB, "Force": True})
    event = {"Type": "Timer", "TriggerName": "t", "Message": message}
    event["Time"] = f"{it.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    assert it.call("schedule", event)["Outcomes"][0]["Outcome"] == "started"
    it.finish()
    assert it.call("schedule", event)["Outcomes"][0]["Outcome"] == "already_current"
    assert set(it.reinstalls().values()) == {1}


def test_a_shared_launch_configuration_is_refused_and_unchanged(it: World) -> None:
    shared = it.region.groups[WEB].launch_configuration_id
    it.region.add_group("asg-other001", image=OLD, launch_configuration=shared)
    refused = outcome(it.post(AutoScalingGroupId=WEB, ImageId=NEW))
    assert (refused["Outcome"], refused["Code"]) == ("refused", "LaunchConfigurationShared")
    assert "asg-other001" in refused["Reason"]
    assert it.configured(WEB) == OLD
    assert it.cloud.writes() == []
    status, _ = it.post(AutoScalingGroupIds=[WEB, "asg-other001"], ImageId=NEW)
    assert status == 202
    assert len(it.region.activities) == 2


def test_at_debug_each_call_is_a_line(it: World, capsys: pytest.CaptureFixture[str]) -> None:
    it.environ["LOG_LEVEL"] = "DEBUG"
    it.cloud.faults.inject("StartInstanceRefresh", "throttle")
    it.post(AutoScalingGroupId="asg-web00001", ImageId=NEW)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    calls = [line for line in lines if line["level"] == "DEBUG"]
    assert sorted(line["message"] for line in calls) == sorted(c.action for c in it.cloud.calls)
    assert all(line["api_request_id"] and line["region"] == it.region.name for line in calls)
    assert [line["code"] for line in calls if line.get("code")] == ["RequestLimitExceeded"]


def test_credentials_are_read_at_each_invocation(it: World) -> None:
    assert it.post(AutoScalingGroupId=WEB, ImageId=NEW, DryRun=True)[0] == 200
    it.cloud.revoke(it.roles["webhook"])
    assert it.post(AutoScalingGroupId=WEB, ImageId=NEW, DryRun=True)[0] == 502
    it.act_as(it.cloud.role())
    assert it.post(AutoScalingGroupId=WEB, ImageId=NEW, DryRun=True)[0] == 200


def test_many_groups_are_refreshed_side_by_side_within_the_apis_limit() -> None:
    with world(paced=True) as it:
        it.region.add_image(OLD, created=BEFORE)
        it.region.add_image(NEW, created=LATER)
        names = [f"asg-many{n:04}" for n in range(30)]
        for name in names:
            it.region.add_group(name, image=OLD, instances=1)
        status, document = it.post(AutoScalingGroupIds=names, ImageId=NEW)
        assert status == 202
        assert {o["Outcome"] for o in document["Outcomes"]} == {"started"}
        assert len(it.region.activities) == len(names)


def test_what_the_deadline_cuts_off_is_done_by_the_next_try(it: World) -> None:
    names = [f"asg-many{n:04}" for n in range(60)]
    it.cloud.faults.inject("StartInstanceRefresh", "delay", times=len(names), seconds=1.0)
    (delay,) = it.cloud.faults._faults
    for name in names:
        it.region.add_group(name, image=OLD, instances=1)
    event = it.publish("images/web.json", {"ImageId": NEW, "AutoScalingGroupIds": names})
    with pytest.raises(TryAgain, match="not done yet"):
        it.call("image_published", event, limit_ms=3500)
    assert 0 < len(it.region.activities) < 60
    it.cloud.faults.clear()
    assert delay.times
    begun = len(names) - delay.times  # and may still be under way
    while [call.action for call in it.cloud.calls].count("StartInstanceRefresh") < begun:
        time.sleep(0.005)
    it.call("image_published", event)
    it.finish()
    assert {image for name in names for image in it.runs(name)} == {NEW}
    assert set(it.reinstalls().values()) == {1}
