"""What is read of the API's objects: the vendor's own examples, as they are and changed."""

from __future__ import annotations

import copy
import json
import types
import typing
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.clock import Deadline, moment
from instance_refresh.errors import ApiError
from instance_refresh.gateway import objects
from instance_refresh.gateway.reading import Actions, Kind
from instance_refresh.model import fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

AS, CVM = "autoscaling/v20180419", "cvm/v20170312"
READ: dict[str, tuple[str, Kind[Any]]] = {
    kind.action: (folder, kind)
    for folder, kinds in (
        (AS, (objects.GROUPS, objects.INSTANCES, objects.LAUNCH_CONFIGURATIONS)),
        (AS, (objects.ACTIVITIES, objects.SCALING_ACTIVITIES)),
        (CVM, (objects.IMAGES, objects.MACHINES)),
    )
    for kind in kinds
}
ODD: list[Any] = [None, "", "x", -1, 0.5, True, [], [None], ["x"], {}, {"Key": 1}]
ABSENT = object()


def example(action: str) -> dict[str, Any]:
    folder, kind = READ[action]
    text = files("tccli").joinpath(f"services/{folder}/examples.json").read_text("utf-8")
    answer = json.loads(json.loads(text)["actions"][action][0]["output"])["Response"]
    item: dict[str, Any] = answer[kind.objects][0]
    return item


class Answering:
    """Stands for an Api, and gives the same answer to every call."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer

    def call(self, *_: Any, **__: Any) -> dict[str, Any]:
        return self.answer


def read(kind: Kind[Any], items: list[Any]) -> list[Any]:
    answer: Any = Answering({kind.objects: items, "TotalCount": len(items)})
    return Actions(answer, Deadline(20_000))._by_ids(kind, ["id"])


def changed(value: Any) -> Iterator[Any]:
    """Give the value with each of its parts, in turn, taken out or replaced by each odd one."""
    yield from ODD
    if not isinstance(value, (dict, list)):
        return
    for place, part in value.items() if isinstance(value, dict) else enumerate(value):
        for other in (ABSENT, *changed(part)):
            whole = copy.copy(value)
            if other is ABSENT:
                del whole[place]
            else:
                whole[place] = other
            yield whole


def is_a(hint: Any, value: Any) -> bool:
    """Say whether a value is of the type that an annotation names."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin is types.UnionType:
        return any(is_a(one, value) for one in inner)
    if origin is tuple:
        return isinstance(value, tuple) and all(is_a(inner[0], one) for one in value)
    if origin is Mapping:
        return all(is_a(inner[0], key) and is_a(inner[1], value[key]) for key in value)
    if hasattr(hint, "_fields"):
        fields = typing.get_type_hints(
            hint, vars(fleet) | {"Mapping": Mapping, "datetime": datetime}
        )
        return isinstance(value, hint) and all(is_a(fields[n], getattr(value, n)) for n in fields)
    return isinstance(value, hint)


@pytest.mark.parametrize("action", READ)
def test_an_object_that_is_not_as_the_api_describes_it_is_an_invalid_answer(action: str) -> None:
    described, item = READ[action][1], example(action)
    kind = type(described.read(item))
    ends = {"read": 0, "InvalidAnswer": 0}
    for other in changed(item):
        try:
            (one,) = read(described, [other])
        except ApiError as error:
            ends[error.code] += 1
        else:
            assert is_a(kind, one), f"{other} gives {one}"
            ends["read"] += 1
    assert min(ends.values()) > len(ODD)


@pytest.mark.parametrize(
    "tag", [None, "k", {"Value": "v"}, {"Key": None}, {"Key": "k", "Value": 7}]
)
def test_a_tag_has_a_key_and_its_value_is_text(tag: Any) -> None:
    group = example("DescribeAutoScalingGroups")
    with pytest.raises(ApiError, match="not as the API describes it"):
        read(objects.GROUPS, [group | {"Tags": [*group["Tags"], tag]}])


@pytest.mark.parametrize("offset", ["Z", "+00:00", ""])
@pytest.mark.parametrize("fraction", ["", ".1", ".12", ".123", ".1234", ".12345", ".1234567890"])
def test_a_moment_is_of_its_second(fraction: str, offset: str) -> None:
    whole = moment("2026-01-31T08:00:00Z")
    assert moment(f"2026-01-31T08:00:00{fraction}{offset}") == whole


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"AutoScalingGroupSet": None, "TotalCount": 0},
        {"AutoScalingGroupSet": {}, "TotalCount": 0},
        {"AutoScalingGroupSet": [], "TotalCount": "0"},
        {"AutoScalingGroupSet": [], "TotalCount": True},
    ],
)
def test_a_list_is_a_list_and_has_a_count(answer: Any) -> None:
    api: Any = Answering(answer)
    with pytest.raises(ApiError) as refused:
        Actions(api, Deadline(20_000))._by_ids(objects.GROUPS, ["asg-a"])
    assert (refused.value.code, refused.value.fate_unknown) == ("InvalidAnswer", True)


def test_a_group_has_its_name_and_an_image_its_kind() -> None:
    group = {"AutoScalingGroupId": "asg-a", "AutoScalingGroupName": "web"}
    assert objects.GROUPS.read(group).name == "web"
    assert objects.IMAGES.read({"ImageId": "img-a", "ImageType": "SHARED_IMAGE"}).kind == (
        "SHARED_IMAGE"
    )


@pytest.mark.parametrize(
    ("item", "updated"),
    [
        ({"UpdatedTime": "2026-01-02T00:00:00Z", "CreatedTime": "2026-01-01T00:00:00Z"}, 2),
        ({"UpdatedTime": None, "CreatedTime": "2026-01-01T00:00:00Z"}, 1),
        ({"UpdatedTime": "", "CreatedTime": "2026-01-01T00:00:00Z"}, 1),
    ],
)
def test_what_was_never_changed_is_of_when_it_was_made(item: Any, updated: int) -> None:
    read = objects.LAUNCH_CONFIGURATIONS.read({"LaunchConfigurationId": "asc-a", **item})
    assert read.updated == datetime(2026, 1, updated, tzinfo=timezone.utc)
