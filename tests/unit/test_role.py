"""Each function's role allows the actions that the function can reach, and no others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.reach import ROOT, actions

FUNCTIONS = ("image_published", "schedule", "webhook")
READS = "Describe"


def statements(function: str) -> list[dict[str, Any]]:
    policy = json.loads((ROOT / "role" / f"{function}.json").read_text(encoding="utf-8"))
    assert policy["version"] == "2.0"
    found: list[dict[str, Any]] = policy["statement"]
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_allows_what_its_function_calls_and_nothing_else(function: str) -> None:
    allowed = [action for s in statements(function) for action in s["action"]]
    assert sorted(allowed) == sorted(actions(function))
    assert {s["effect"] for s in statements(function)} == {"allow"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_writes_are_limited_to_resources_and_reads_are_not(function: str) -> None:
    for statement in statements(function):
        names = [action.partition(":")[2] for action in statement["action"]]
        if all(name.startswith(READS) for name in names):
            assert statement["resource"] == ["*"]  # a narrowed one would be denied
        else:
            assert not [name for name in names if name.startswith(READS)]
            assert all(resource.startswith("qcs::") for resource in statement["resource"])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_write_names_the_kind_of_resource_that_it_changes(function: str) -> None:
    kinds = {
        "name/as:ModifyLaunchConfigurationAttributes": "qcs::as:::launch-configuration/",
        "name/cos:GetObject": "qcs::cos:${REGION}:uid/${COS_APPID}:${COS_BUCKET}/",
    }
    for statement in statements(function):
        for action in statement["action"]:
            if not action.partition(":")[2].startswith(READS):
                kind = kinds.get(action, "qcs::as:::auto-scaling-group/")
                assert all(resource.startswith(kind) for resource in statement["resource"])


def test_only_the_schedule_may_stop_or_roll_back_a_refresh() -> None:
    only = actions("schedule") - actions("webhook")
    assert only >= {"name/as:CancelInstanceRefresh", "name/as:RollbackInstanceRefresh"}
    assert actions("image_published") - actions("webhook") == {"name/cos:GetObject"}


def test_scf_alone_may_take_the_roles() -> None:
    policy = json.loads((ROOT / "role" / "trust-policy.json").read_text(encoding="utf-8"))
    (statement,) = policy["statement"]
    assert statement["principal"] == {"service": ["scf.qcloud.com"]}
    assert statement["action"] == ["name/sts:AssumeRole"]
