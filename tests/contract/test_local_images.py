"""Images, their families, and launch configurations that name them."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from tests.contract.local_cloud import Calls, Fleet, fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

MODIFY = "ModifyLaunchConfigurationAttributes"


@pytest.fixture
def it() -> Iterator[Fleet]:
    with fleet(instances=1) as made:
        yield made


def described(it: Fleet) -> dict[str, Any]:
    name = it.group.launch_configuration_id
    answer = it.call("DescribeLaunchConfigurations", LaunchConfigurationIds=[name])
    found: dict[str, Any] = answer["LaunchConfigurationSet"][0]
    return found


def modify(it: Fleet, **change: Any) -> str:
    """Change the launch configuration; gives the code, empty when it went well."""
    params = {"LaunchConfigurationId": it.group.launch_configuration_id, **change}
    try:
        it.call(MODIFY, **params)
    except TencentCloudSDKException as error:
        code: str = error.get_code()
        return code
    return ""


def test_the_familys_newest_usable_image(it: Fleet) -> None:
    call = Calls(it.cloud, "cvm")
    now = it.cloud.clock.now()

    def newest() -> Any:
        return call("DescribeImageFromFamily", ImageFamily="base")["Image"]

    assert newest() is None
    older = it.region.add_image(family="base", created=now - timedelta(days=1))
    it.region.add_image(family="base", image_state="CREATING")
    it.region.add_image(family="base", image_deprecated=True)
    it.region.add_image(family="other")
    assert newest()["ImageId"] == older.image_id
    newer = it.region.add_image(family="base", created=now)
    assert newest()["ImageId"] == newer.image_id
    assert newest()["ImageFamily"] == "base"


def test_images_that_fit_an_instance_type(it: Fleet) -> None:
    arm = it.region.add_image(architecture="arm").image_id
    found = Calls(it.cloud, "cvm")("DescribeImages", InstanceType="SR1.SMALL1")["ImageSet"]
    assert [image["ImageId"] for image in found] == [arm]


def test_setting_an_image_changes_that_alone(it: Fleet) -> None:
    before = described(it)
    it.wait(60)
    assert modify(it, ImageId=it.new) == ""
    after = described(it)
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {"ImageId", "VersionNumber", "UpdatedTime"}
    assert (after["ImageId"], after["VersionNumber"]) == (it.new, 2)
    assert it.images == [it.old]


def test_a_family_stands_for_its_newest_image_at_each_moment(it: Fleet) -> None:
    first = it.region.add_image(family="base").image_id
    assert modify(it, ImageFamily="base") == ""
    assert (described(it)["ImageId"], described(it)["ImageFamily"]) == (first, "base")
    it.wait(60)
    second = it.region.add_image(family="base").image_id
    assert described(it)["ImageId"] == second
    it.finish(it.start(1))
    assert it.images == [second]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ImageId": "img-00000000"}, "InvalidParameterValue.ImageNotFound"),
        ({"ImageId": "ubuntu"}, "InvalidParameterValue.InvalidImageId"),
        ({"ImageFamily": "none"}, "InvalidParameterValue.ImageNotFound"),
        ({"LaunchConfigurationId": "web"}, "InvalidParameterValue.InvalidLaunchConfigurationId"),
        (
            {"LaunchConfigurationId": "asc-00000000"},
            "ResourceNotFound.LaunchConfigurationIdNotFound",
        ),
        ({"UserData": "not base64"}, "InvalidParameterValue.UserDataFormatError"),
        ({"UserData": "é"}, "InvalidParameterValue.UserDataFormatError"),
        (
            {"UserData": base64.b64encode(b"x" * 16_385).decode()},
            "InvalidParameterValue.UserDataSizeExceeded",
        ),
        ({"InstanceTypes": []}, "InvalidParameterValue.TooShort"),
    ],
)
def test_what_can_not_be_set(it: Fleet, change: dict[str, Any], code: str) -> None:
    before = described(it)
    assert modify(it, **change) == code
    assert described(it) == before


def test_an_image_and_a_family_exclude_each_other(it: Fleet) -> None:
    it.region.add_image(family="base")
    assert modify(it, ImageId=it.new, ImageFamily="base") == "InvalidParameter.Conflict"


def test_other_attributes(it: Fleet) -> None:
    data = base64.b64encode(b"#!/bin/sh").decode()
    assert (
        modify(it, UserData=data, InstanceTypes=["S2.SMALL1"], SystemDisk={"DiskSize": 100}) == ""
    )
    after = described(it)
    assert (after["UserData"], after["InstanceType"]) == (data, "S2.SMALL1")
    assert after["SystemDisk"] == {"DiskType": "CLOUD_PREMIUM", "DiskSize": 100}
    assert modify(it, UserData="") == ""
    assert described(it)["UserData"] == ""


def test_a_new_image_mends_an_abnormal_launch_configuration(it: Fleet) -> None:
    source = it.region.launch_configurations[it.group.launch_configuration_id]
    source.launch_configuration_status = "IMAGE_ABNORMAL"
    assert modify(it, ImageId=it.new) == ""
    assert described(it)["LaunchConfigurationStatus"] == "NORMAL"


def test_an_image_gets_a_family_and_is_deprecated(it: Fleet) -> None:
    call = Calls(it.cloud, "cvm")
    call("ModifyImageAttribute", ImageId=it.new, ImageFamily="base", ImageName="base-1")
    newest = call("DescribeImageFromFamily", ImageFamily="base")["Image"]
    assert (newest["ImageId"], newest["ImageName"]) == (it.new, "base-1")
    call("ModifyImageAttribute", ImageId=it.new, ImageDeprecated=True)
    assert call("DescribeImageFromFamily", ImageFamily="base")["Image"] is None
    call("ModifyImageAttribute", ImageId=it.new, ImageDeprecated=False, ImageDescription="x")
    newest = call("DescribeImageFromFamily", ImageFamily="base")["Image"]
    assert (newest["ImageName"], newest["ImageDescription"]) == ("base-1", "x")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ImageId": "ubuntu"}, "InvalidImageId.Malformed"),
        ({"ImageId": "img-00000000"}, "InvalidImageId.NotFound"),
        ({"ImageName": "taken"}, "InvalidImageName.Duplicate"),
        ({"ImageName": "x" * 61}, "InvalidParameterValue.TooLong"),
        ({"ImageDescription": "x" * 257}, "InvalidParameterValue.TooLong"),
    ],
)
def test_what_no_image_can_be_given(it: Fleet, change: dict[str, Any], code: str) -> None:
    it.region.add_image(image_name="taken")
    before = dict(vars(it.region.images[it.new]))
    call = Calls(it.cloud, "cvm")
    assert call.code("ModifyImageAttribute", **{"ImageId": it.new, **change}) == code
    assert vars(it.region.images[it.new]) == before
