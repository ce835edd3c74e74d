"""Describe actions: ids, filters, pages, and their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.clock import ManualClock
from local.cloud import Cloud
from tests.contract.local_cloud import REGION, Calls, Fleet, fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

# service, action, ids, an id, the filter by it
LISTINGS = [
    ("as", "DescribeAutoScalingGroups", "AutoScalingGroupIds", "asg-00000000",
     "auto-scaling-group-id"),
    ("as", "DescribeLaunchConfigurations", "LaunchConfigurationIds", "asc-00000000",
     "launch-configuration-id"),
    ("as", "DescribeAutoScalingInstances", "InstanceIds", "ins-00000000", "instance-id"),
    ("as", "DescribeRefreshActivities", "RefreshActivityIds", "asr-00000000",
     "refresh-activity-id"),
    ("as", "DescribeAutoScalingActivities", "ActivityIds", "asa-00000000", "activity-id"),
    ("cvm", "DescribeImages", "ImageIds", "img-00000000", "image-id"),
    ("cvm", "DescribeInstances", "InstanceIds", "ins-00000000", "instance-id"),
]  # fmt: skip


CONFLICTS = {
    "DescribeImages": "InvalidParameter.InvalidParameterCoexistImageIdsFilters",
    "DescribeInstances": "InvalidParameterCombination",
}


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud(clock=ManualClock()) as made:
        yield made


def by(name: str, *values: str) -> dict[str, Any]:
    return {"Name": name, "Values": list(values)}


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing[1])
def test_limits(cloud: Cloud, listing: tuple[str, str, str, str, str]) -> None:
    service, action, ids, some, key = listing
    call = Calls(cloud, service)
    filters = "Invalid" if service == "cvm" else "InvalidParameterValue.Filter"
    values = "InvalidFilterValue" if service == "cvm" else "LimitExceeded.FilterValuesTooLong"
    assert call(action, Limit=100, Offset=0)["TotalCount"] == 0
    assert "Limit" in call.code(action, Limit=101)
    code = call.code(action, **{ids: [some], "Filters": [by(key, some)]})
    assert code == CONFLICTS.get(action, "InvalidParameter.Conflict")
    assert call.code(action, **{ids: [some] * 101}).endswith("LimitExceeded")
    assert "Invalid" in call.code(action, **{ids: ["web"]})
    assert "Invalid" in call.code(action, **{ids: [some + "0"]})
    assert call.code(action, Filters=[by("colour", "red")]).startswith(filters)
    assert call.code(action, Filters=[by(key, some)] * 11).startswith(filters)
    assert call.code(action, Filters=[by(key, *[some] * 6)]).startswith(values)
    assert call(action, Filters=[by(key, *[some] * 5)] * 10)["TotalCount"] == 0


def test_ids_of_nothing_are_left_out(cloud: Cloud) -> None:
    for service, action, ids, some, _ in LISTINGS:
        assert Calls(cloud, service)(action, **{ids: [some]})["TotalCount"] == 0


def test_a_fault_refuses_images_that_are_not_there(cloud: Cloud) -> None:
    image = cloud.region(REGION).add_image().image_id
    call = Calls(cloud, "cvm")
    ids = [image, "img-00000000"]
    assert call("DescribeImages", ImageIds=["img-00000000"])["ImageSet"] == []
    assert call("DescribeImages", ImageIds=ids)["TotalCount"] == 1
    cloud.faults.refuse_unknown_images()
    assert call("DescribeImages", ImageIds=[image])["TotalCount"] == 1
    assert call.code("DescribeImages", ImageIds=ids) == "InvalidImageId.NotFound"
    cloud.faults.clear()
    assert call("DescribeImages", ImageIds=ids)["TotalCount"] == 1
    assert call.code("DescribeImages", ImageIds=["ubuntu"]) == "InvalidImageId.Malformed"
    filters = [by("image-id", image, "img-00000000")]
    assert call("DescribeImages", Filters=filters)["TotalCount"] == 1


def test_images_by_a_part_of_their_name_or_platform(cloud: Cloud) -> None:
    cloud.region(REGION).add_image(image_name="web-2026-01", platform="CentOS")
    cloud.region(REGION).add_image(image_name="api-2026-01")
    call = Calls(cloud, "cvm")
    for name, part in (("image-name", "web"), ("platform", "Cent")):
        assert call("DescribeImages", Filters=[by(name, part)])["TotalCount"] == 1
    assert call("DescribeImages", Filters=[by("image-type", "PRIVATE")])["TotalCount"] == 0


def test_images_by_whose_they_are(cloud: Cloud) -> None:
    region = cloud.region(REGION)
    for kind, creator, number in (
        ("PUBLIC_IMAGE", "", 1),
        ("PRIVATE_IMAGE", "100000000001", 3),
        ("SHARED_IMAGE", "200000000002", 2),
    ):
        cloud.clock.advance(60)
        for _ in range(number):
            region.add_image(family="web", image_type=kind, image_creator=creator)
    call = Calls(cloud, "cvm")

    def found(kind: str, **page: int) -> list[tuple[str, str]]:
        answer = call("DescribeImages", Filters=[by("image-type", kind)], **page)
        return [(image["ImageFamily"], image["ImageCreator"]) for image in answer["ImageSet"]]

    assert found("SHARED_IMAGE") == [("web", "200000000002")] * 2
    assert found("PRIVATE_IMAGE", Limit=2, Offset=2) == [("web", "100000000001")]
    newest = call("DescribeImageFromFamily", ImageFamily="web")["Image"]
    assert (newest["ImageType"], newest["ImageCreator"]) == ("SHARED_IMAGE", "200000000002")
    shared = newest["ImageId"]
    refused = call.code("ModifyImageAttribute", ImageId=shared, ImageDeprecated=True)
    assert refused == "UnauthorizedOperation.ImageNotBelongToAccount"
    # No filter by family is documented: who wants a family's images pages through them.
    assert call.code("DescribeImages", Filters=[by("image-family", "web")]) == "InvalidFilter"


def test_pages(cloud: Cloud) -> None:
    region = cloud.region(REGION)
    image = region.add_image()
    names = [region.add_group(image=image, instances=0).auto_scaling_group_id for _ in range(45)]
    call = Calls(cloud)

    def page(**params: int) -> list[str]:
        answer = call("DescribeAutoScalingGroups", **params)
        assert answer["TotalCount"] == 45
        return [group["AutoScalingGroupId"] for group in answer["AutoScalingGroupSet"]]

    assert page() == names[:20]
    assert page(Limit=30, Offset=10) == names[10:40]
    assert page(Offset=40) == names[40:]
    assert page(Offset=100) == []
    assert page(Limit=0) == []


def test_filters_and_between_them_or_within() -> None:
    with Cloud(clock=ManualClock()) as cloud:
        region = cloud.region(REGION)
        image = region.add_image()
        for name, tags in (
            ("web", {"tier": "front", "app": "shop"}),
            ("api", {"tier": "back", "app": "shop"}),
            ("jobs", {"tier": "back", "app": "mail"}),
            ("bare", {}),
        ):
            region.add_group(image=image, instances=0, auto_scaling_group_name=name, tags=tags)
        call = Calls(cloud)

        def names(*filters: dict[str, Any]) -> list[str]:
            answer = call("DescribeAutoScalingGroups", Filters=list(filters))
            return [group["AutoScalingGroupName"] for group in answer["AutoScalingGroupSet"]]

        assert names(by("tag:app", "shop")) == ["web", "api"]
        assert names(by("tag:app", "shop"), by("tag:tier", "back")) == ["api"]
        assert names(by("tag:tier", "front", "back")) == ["web", "api", "jobs"]
        assert names(by("tag-key", "app")) == ["web", "api", "jobs"]
        assert names(by("tag-value", "mail")) == ["jobs"]
        assert names(by("vague-auto-scaling-group-name", "b")) == ["web", "jobs", "bare"]
        assert names(by("auto-scaling-group-name", "b")) == []


def test_refresh_activities_newest_first_and_by_status() -> None:
    with fleet() as it:
        first = it.start()
        it.finish(first)
        second = it.start(BatchPause="FIRST_BATCH_PAUSE")
        it.finish(second)

        def found(**params: Any) -> list[str]:
            answer = it.call("DescribeRefreshActivities", **params)
            return [a["RefreshActivityId"] for a in answer["RefreshActivitySet"]]

        ids = [first.refresh_activity_id, second.refresh_activity_id]
        live = ["INIT", "RUNNING", "FAILED_PAUSE", "AUTO_PAUSE", "MANUAL_PAUSE"]
        assert found() == ids[::-1]
        assert found(RefreshActivityIds=ids) == ids
        assert found(Filters=[by("refresh-activity-status-code", *live)]) == ids[1:]
        assert found(Filters=[by("refresh-activity-type", "ROLLBACK")]) == []
        assert found(Filters=[by("auto-scaling-group-id", it.id)], Limit=1) == ids[1:]
        assert found(Filters=[by("refresh-activity-id", ids[0])]) == ids[:1]


def test_scaling_activities_by_time() -> None:
    with fleet() as it:
        it.finish(it.start(batches=2))
        action = "DescribeAutoScalingActivities"
        assert it.call(action)["TotalCount"] == 2
        assert it.call(action, StartTime="2026-01-01T00:01:00Z")["TotalCount"] == 1
        assert it.call(action, EndTime="2026-01-01T00:01:06Z")["TotalCount"] == 0
        assert it.call(action, EndTime="2026-01-01T00:01:07Z")["TotalCount"] == 1
        assert it.call(action, StartTime="2027-01-01T00:00:00Z")["TotalCount"] == 0


def test_instances_of_groups(cloud: Cloud) -> None:
    it = Fleet(cloud, instances=3)
    other = it.region.add_group(image=it.old, instances=2).auto_scaling_group_id
    action = "DescribeAutoScalingInstances"
    assert it.call(action)["TotalCount"] == 5
    both = [by("auto-scaling-group-id", it.id, other, it.id)]
    assert it.call(action, Filters=both)["TotalCount"] == 5
    address = it.instances[1].private_ip_address
    filters = [by("auto-scaling-group-id", it.id), by("private-ip-address", address)]
    answer = it.call(action, Filters=filters)["AutoScalingInstanceSet"]
    assert [i["InstanceId"] for i in answer] == [it.instances[1].instance_id]


def test_cvm_instances_by_filter(cloud: Cloud) -> None:
    it = Fleet(cloud, instances=4)
    it.wait(3600)
    it.region.add_instance(it.group)
    call = Calls(cloud, "cvm")

    def count(*filters: dict[str, Any]) -> int:
        found: int = call("DescribeInstances", Filters=list(filters))["TotalCount"]
        return found

    assert count(by("zone", "ap-guangzhou-3")) == 3
    assert count(by("instance-state", "RUNNING"), by("zone", "ap-guangzhou-4")) == 2
    assert count(by("creation-start-time", "2026-01-01T00:30:00Z")) == 1
    assert count(by("creation-end-time", "2026-01-01T00:30:00Z")) == 4
    assert count(by("creation-start-time", "2026-01-01 00:30:00")) == 1
    assert count(by("creation-end-time", "2026-01-01 00:30:00")) == 4


def test_who_shares_a_launch_configuration_is_shown(cloud: Cloud) -> None:
    it = Fleet(cloud, instances=0)
    name = it.group.launch_configuration_id
    other = it.region.add_group(image=it.old, launch_configuration=name, instances=0)
    answer = it.call("DescribeLaunchConfigurations", LaunchConfigurationIds=[name])
    groups = answer["LaunchConfigurationSet"][0]["AutoScalingGroupAbstractSet"]
    ids = [group["AutoScalingGroupId"] for group in groups]
    assert ids == [it.id, other.auto_scaling_group_id]


def test_a_large_fleet_is_listed_page_by_page(cloud: Cloud) -> None:
    region = cloud.region(REGION)
    image = region.add_image()
    for _ in range(1000):
        region.add_group(image=image, instances=20)
    call = Calls(cloud)
    seen = {
        group["AutoScalingGroupId"]
        for offset in range(0, 1000, 100)
        for group in call("DescribeAutoScalingGroups", Limit=100, Offset=offset)[
            "AutoScalingGroupSet"
        ]
    }
    assert seen == set(region.groups)
    assert call("DescribeAutoScalingInstances", Limit=1)["TotalCount"] == 20_000
