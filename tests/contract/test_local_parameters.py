"""Parameters are checked as the platform does, against a contract in step with the vendor's."""

from __future__ import annotations

import json
from collections import defaultdict
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from local.api import Api
from local.cam.actions import ACTIONS as CAM
from local.cloud import Cloud
from local.contract import SERVICES, Contract
from local.functions.actions import ACTIONS as SCF
from local.sts.actions import ACTIONS as STS
from local.tag.actions import ACTIONS as TAG
from tests.contract.local_cloud import REGION, Calls, Fleet, fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the vendor's npm library sends, and no document of the API names.
SENT_ALL_THE_SAME = defaultdict(
    set[str],
    {
        "CreateFunctionRequest": {"L5Enable", "DiskSize", "DeployMode"},
        "UpdateFunctionConfigurationRequest": {"DiskSize"},
        "GetFunctionRequest": {"ShowTriggers"},
    },
)
START, READ = "StartInstanceRefresh", "DescribeAutoScalingGroups"


@pytest.fixture
def it() -> Iterator[Fleet]:
    with fleet(instances=2) as made:
        yield made


def vendors(service: str) -> dict[str, Any]:
    """Read the vendor's own contract from its CLI's package."""
    folder = {"as": "autoscaling"}.get(service, service)
    version = "v" + Contract(service).version.replace("-", "")
    place = files("tccli").joinpath(f"services/{folder}/{version}/api.json")
    content: dict[str, Any] = json.loads(place.read_text("utf-8"))
    return content


@pytest.mark.parametrize("service", SERVICES)
def test_the_contract_is_in_step_with_the_vendors(service: str) -> None:
    ours, theirs = Contract(service), vendors(service)
    assert ours.version == theirs["metadata"]["apiVersion"]
    for action, request in ours.actions.items():
        assert theirs["actions"][action]["input"] == request
    for name, members in ours.objects.items():
        expected = {
            member["name"]: member["member"]
            + ("[]" if member["type"] == "list" else "")
            + ("!" if member.get("required") else "")
            for member in theirs["objects"][name]["members"]
        }
        documented = {n: kind for n, kind in members.items() if n not in SENT_ALL_THE_SAME[name]}
        assert documented == expected, name


@pytest.mark.parametrize("service", SERVICES)
def test_each_enumerated_value_is_named_in_the_vendors_contract(service: str) -> None:
    theirs = vendors(service)
    for name, enums in Contract(service)._enums.items():
        members = {m["name"]: m["document"] for m in theirs["objects"][name]["members"]}
        for field, values in enums.items():
            assert [v for v in values if v not in members[field] and v != "AUTOMATIC"] == []


def test_every_action_of_the_contract_is_there(it: Fleet) -> None:
    api = Api(it.cloud, it.cloud.functions)
    actions = {service: set(each) for service, each in api._actions.items()}
    actions |= {"tag": set(TAG), "sts": set(STS), "scf": set(SCF), "cam": set(CAM)}
    assert actions == {service: set(Contract(service).actions) for service in SERVICES}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Colour": "red"}, "UnknownParameter"),
        ({"autoScalingGroupId": "x"}, "UnknownParameter"),
        ({"AutoScalingGroupId": None}, "MissingParameter"),
        ({"RefreshSettings": None}, "MissingParameter"),
        ({"RefreshSettings": {}}, "MissingParameter"),
        ({"RefreshSettings": {"RollingUpdateSettings": {}}}, "MissingParameter"),
        (
            {"RefreshSettings": {"RollingUpdateSettings": {"BatchNumber": 1, "Size": 2}}},
            "UnknownParameter",
        ),
        ({"AutoScalingGroupId": 5}, "InvalidParameter"),
        ({"AutoScalingGroupId": ["asg-00000000"]}, "InvalidParameter"),
        ({"RefreshSettings": "fast"}, "InvalidParameter"),
        ({"RefreshSettings": {"RollingUpdateSettings": {"BatchNumber": "1"}}}, "InvalidParameter"),
        ({"RefreshSettings": {"RollingUpdateSettings": {"BatchNumber": True}}}, "InvalidParameter"),
        ({"RefreshSettings": {"RollingUpdateSettings": {"BatchNumber": 1.5}}}, "InvalidParameter"),
        ({"RefreshSettings": {"RollingUpdateSettings": {"BatchNumber": -1}}}, "InvalidParameter"),
        (
            {
                "RefreshSettings": {
                    "RollingUpdateSettings": {"BatchNumber": 1},
                    "CheckInstanceTargetHealth": "true",
                }
            },
            "InvalidParameter",
        ),
    ],
)
def test_what_is_wrong_is_refused(it: Fleet, change: dict[str, Any], code: str) -> None:
    sent = {**it.parameters(1), **change}
    assert it.call.code(START, **sent) == code
    assert it.region.activities == {}
    assert it.cloud.calls[-1].params == sent


@pytest.mark.parametrize(
    "filters",
    [{}, [{"Name": "tag-key"}], [{"Name": "tag-key", "Values": "x"}], ["tag-key"], [["tag-key"]]],
)
def test_lists_are_checked_too(it: Fleet, filters: Any) -> None:
    assert it.call.code(READ, Filters=filters) in ("InvalidParameter", "MissingParameter")


def test_null_is_as_good_as_nothing(it: Fleet) -> None:
    assert it.call(READ, Filters=None, Limit=None)["TotalCount"] == 1


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"Limit": "many"}, "InvalidParameter"),
        ({"Colour": "red"}, "UnknownParameter"),
        ({"Filters": [{"Values": ["x"]}]}, "MissingParameter"),
    ],
)
def test_query_strings_are_checked_too(it: Fleet, sent: dict[str, Any], code: str) -> None:
    assert Calls(it.cloud, method="GET").code(READ, **sent) == code


def test_query_strings_carry_every_type(it: Fleet) -> None:
    sent = it.parameters(2, health={"CheckInstanceTargetHealth": True})
    answer = Calls(it.cloud, method="GET")(START, **sent)
    activity = it.region.activities[answer["RefreshActivityId"]]
    assert activity.refresh_settings == sent["RefreshSettings"]


def test_starts_are_limited_to_20_a_second(it: Fleet) -> None:
    it.cloud.limits |= Cloud().limits
    it.cloud.rate_limits.now = lambda: 0.0
    others = {**it.parameters(1), "AutoScalingGroupId": "asg-00000000"}
    codes = [it.call.code(START, **others) for _ in range(22)]
    assert codes[:20] == ["ResourceNotFound.AutoScalingGroupIdNotFound"] * 20
    assert codes[20:] == ["RequestLimitExceeded"] * 2
    it.call(READ)
    it.cloud.rate_limits.now = lambda: 1.0
    assert it.start(1).status == "INIT"


@pytest.mark.parametrize(
    ("service", "action", "limit"),
    [
        ("as", READ, 40),
        ("as", "DescribeAutoScalingInstances", 40),
        ("as", "DescribeRefreshActivities", 20),
        ("cvm", "DescribeInstances", 40),
        ("cvm", "DescribeImages", 20),
    ],
)
def test_every_action_has_its_limit(it: Fleet, service: str, action: str, limit: int) -> None:
    it.cloud.limits |= Cloud().limits
    it.cloud.rate_limits.now = lambda: 0.0
    call = Calls(it.cloud, service)
    for _ in range(limit):
        call(action)
    assert call.code(action) == "RequestLimitExceeded"


def test_other_limits_can_be_set(it: Fleet) -> None:
    it.cloud.rate_limits.now = lambda: 0.0
    it.cloud.limits[READ] = 1
    it.call(READ)
    assert it.call.code(READ) == "RequestLimitExceeded"


def test_calls_are_recorded_in_order(it: Fleet) -> None:
    keys = it.cloud.role()
    call = Calls(it.cloud, keys=keys)
    call(READ, Limit=1)
    call(START, **it.parameters(1))
    read, start = it.cloud.calls
    assert (read.service, read.action, read.region, read.params) == (
        "as",
        READ,
        REGION,
        {"Limit": 1},
    )
    assert (start.code, start.secret_id) == ("", keys.secret_id)
    assert it.cloud.writes() == [start]


def test_who_listens_is_told_after_the_effect_and_before_the_answer(it: Fleet) -> None:
    told: list[tuple[str, int]] = []
    it.cloud.on_call = lambda call: told.append((call.action, len(it.region.activities)))
    it.start(1)
    assert told == [(START, 1)]
