"""Tags: what may be one, which resources carry them, and the answers to what can't be done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from local.refused import Refused
from tests.contract.local_cloud import REGION, Calls, Fleet, fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUE, KEY = "InvalidParameterValue.TagValue", "InvalidParameterValue.TagKey"


@pytest.fixture
def it() -> Iterator[Fleet]:
    with fleet(instances=1) as made:
        yield made


def named(it: Fleet, **segments: str) -> str:
    given = {"service": "as", "region": REGION, "kind": "auto-scaling-group", "id": it.id}
    at = given | segments
    return f"qcs::{at['service']}:{at['region']}:uin/100000000001:{at['kind']}/{at['id']}"


def pairs(**tags: str) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


def test_a_tag_is_on_its_resource_at_once_and_can_be_taken_off(it: Fleet) -> None:
    tag = Calls(it.cloud, "tag", region="")
    wanted = [{"TagKey": "instance-refresh:batch-size", "TagValue": "25pct"}]
    for _ in range(2):
        answer = tag("TagResources", ResourceList=[named(it)], Tags=wanted)
        assert answer["FailedResources"] == []
    found = it.call("DescribeAutoScalingGroups", Filters=[
        {"Name": "tag:instance-refresh:batch-size", "Values": ["25pct"]}
    ])  # fmt: skip
    assert found["AutoScalingGroupSet"][0]["Tags"] == [
        {"Key": wanted[0]["TagKey"], "Value": "25pct", "ResourceType": "auto-scaling-group"}
    ]
    keys = ["instance-refresh:batch-size", "other"]
    tag("UnTagResources", ResourceList=[named(it)], TagKeys=keys)
    assert it.group.tags == {}


def test_other_resources_have_tags_too(it: Fleet) -> None:
    source, machine = it.group.launch_configuration_id, it.instances[0]
    resources = [
        named(it, kind="launch-configuration", id=source),
        named(it, service="cvm", kind="instance", id=machine.instance_id),
        named(it, service="cvm", kind="image", id=it.new),
    ]
    Calls(it.cloud, "tag")("TagResources", ResourceList=resources, Tags=pairs(a="b"))
    assert it.region.launch_configurations[source].tags == {"a": "b"}
    assert (machine.tags, it.region.images[it.new].tags) == ({"a": "b"}, {"a": "b"})


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("a", "25%", f"{VALUE}CharacterIllegal"),
        ("a", "it's", f"{VALUE}CharacterIllegal"),
        ("a", "#1", f"{VALUE}CharacterIllegal"),
        ("a", " b", f"{VALUE}CharacterIllegal"),
        ("a", "b\n", f"{VALUE}CharacterIllegal"),
        ("a", "", f"{VALUE}Empty"),
        ("a", "b" * 256, f"{VALUE}LengthExceeded"),
        ("a%", "b", f"{KEY}CharacterIllegal"),
        ("", "b", f"{KEY}Empty"),
        ("a" * 128, "b", f"{KEY}LengthExceeded"),
    ],
)
def test_what_is_no_tag(it: Fleet, key: str, value: str, code: str) -> None:
    tag = Calls(it.cloud, "tag")
    refused = tag.code("TagResources", ResourceList=[named(it)], Tags=pairs(**{key: value}))
    assert (refused, it.group.tags) == (code, {})
    with pytest.raises(Refused, match=code):
        it.region.add_group(image=it.old, instances=0, tags={key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("a" * 127, "b" * 255),
        ("instance-refresh:window", "Mon-Fri 02:00-05:00 Asia/Shanghai"),
        ("负责人", "张三 (夜班)"),
        ("x", "+-=._:/@()[],;><"),
    ],
)
def test_what_is_a_tag(it: Fleet, key: str, value: str) -> None:
    Calls(it.cloud, "tag")("TagResources", ResourceList=[named(it)], Tags=pairs(**{key: value}))
    assert it.group.tags == {key: value}


def test_a_resource_has_at_most_50_tags(it: Fleet) -> None:
    it.group.tags.update({f"k{number}": "v" for number in range(50)})
    tag = Calls(it.cloud, "tag")
    answer = tag("TagResources", ResourceList=[named(it)], Tags=pairs(more="v"))
    assert [each["Code"] for each in answer["FailedResources"]] == [
        "LimitExceeded.ResourceAttachedTags"
    ]
    assert "more" not in it.group.tags
    tag("TagResources", ResourceList=[named(it)], Tags=pairs(k0="w"))
    assert it.group.tags["k0"] == "w"


@pytest.mark.parametrize(
    ("segments", "code"),
    [
        ({"id": "asg-00000000"}, "ResourceIdInvalid"),
        ({"kind": "group"}, "ResourcePrefixInvalid"),
        ({"service": "cdb"}, "ResourcePrefixInvalid"),
        ({"region": "moon-base"}, "RegionInvalid"),
        ({"region": "ap-shanghai"}, "ResourceIdInvalid"),
        ({"id": ""}, "ResourceDescriptionError"),
    ],
)
def test_a_resource_that_is_not_there_fails_alone(
    it: Fleet, segments: dict[str, Any], code: str
) -> None:
    tag = Calls(it.cloud, "tag")
    bad = named(it, **segments)
    answer = tag("TagResources", ResourceList=[bad, named(it)], Tags=pairs(a="b"))
    assert [(each["Resource"], each["Code"]) for each in answer["FailedResources"]] == [
        (bad, f"InvalidParameterValue.{code}")
    ]
    assert it.group.tags == {"a": "b"}


def test_a_call_takes_ten_of_each(it: Fleet) -> None:
    tag = Calls(it.cloud, "tag")
    many = pairs(**{f"k{number}": "v" for number in range(11)})
    code = tag.code("TagResources", ResourceList=[named(it)], Tags=many)
    assert code == "LimitExceeded.TagNumPerRequest"
    code = tag.code("TagResources", ResourceList=[named(it)] * 11, Tags=many[:1])
    assert code == "LimitExceeded.ResourceNumPerRequest"
    code = tag.code("TagResources", ResourceList=[named(it)], Tags=many[:1] * 2)
    assert code == "InvalidParameterValue.TagKeyDuplicate"
