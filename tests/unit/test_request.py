from __future__ import annotations

from instance_refresh.model.request import VERBS, Request, request
from tests.unit.fleets import START


def test_a_document_without_more_asks_for_what_the_api_does_by_itself() -> None:
    assert request({}, region="ap-guangzhou") == Request(region="ap-guangzhou")
    plain = request({"AutoScalingGroupId": "asg-a"}, region="ap-guangzhou")
    assert plain == Request(region="ap-guangzhou", group_ids=("asg-a",))
    assert (plain.dry_run, plain.force, plain.notes) == (False, False, ())


def test_a_document_is_read_field_by_field() -> None:
    document = {
        "Region": "ap-shanghai",
        "AutoScalingGroupIds": ["asg-b", "asg-a", "asg-b"],
        "Tags": [{"Key": "a", "Value": "b"}],
        "ImageId": "img-1",
        "ImageFamily": "web",
        "RefreshMode": "ROLLING_UPDATE_REPLACE",
        "RefreshSettings": {
            "RollingUpdateSettings": {"BatchNumber": 2},
            "CheckInstanceTargetHealth": True,
            "CheckInstanceTargetHealthTimeout": 60,
        },
        "DryRun": True,
        "Force": True,
        "MaxGroups": 3,
    }
    assert request(document, region="ap-guangzhou", asked_at=START) == Request(
        region="ap-shanghai",
        group_ids=("asg-b", "asg-a"),
        tags=(("a", "b"),),
        image_id="img-1",
        image_family="web",
        refresh_mode="ROLLING_UPDATE_REPLACE",
        rolling={"BatchNumber": 2},
        check_health=True,
        check_health_timeout=60,
        dry_run=True,
        force=True,
        max_groups=3,
        asked_at=START,
    )


def test_the_mode_of_the_apis_own_page_is_read_and_said() -> None:
    read = request({"RefreshMode": "ROLLING_UPDATE"}, region="ap-guangzhou")
    assert read.refresh_mode == "ROLLING_UPDATE_RESET"
    assert read.notes == ("RefreshMode ROLLING_UPDATE was read as ROLLING_UPDATE_RESET",)


def test_a_request_without_a_target_is_for_followers_and_without_an_image_a_command() -> None:
    nothing = Request(region="ap-guangzhou")
    assert nothing.for_followers
    assert not nothing.names_image
    assert not nothing._replace(group_ids=("asg-a",)).for_followers
    assert not nothing._replace(tags=(("a", "b"),)).for_followers
    for wish in (nothing._replace(image_id="img-1"), nothing._replace(image_family="web")):
        assert wish.names_image


def test_what_would_be_done_twice_must_say_when_it_was_asked() -> None:
    command = Request(region="ap-guangzhou")
    for action in VERBS:
        once = action not in ("StopInstanceRefresh", "Hold", "Release")
        assert command._replace(action=action).needs_time is once
    assert not command._replace(image_id="img-1").needs_time
