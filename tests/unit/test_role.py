"""Each role is as narrow as CAM lets it be; `test_fault_matrix.py` holds it to what is called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.scf.project import ROOT

FUNCTIONS = ("image_published", "schedule", "webhook")
READS = "Describe"
AS = "qcs::as:${ALLOWED_REGIONS}::"


def statements(function: str) -> list[dict[str, Any]]:
    policy = json.loads((ROOT / "role" / f"{function}.json").read_text(encoding="utf-8"))
    assert policy["version"] == "2.0"
    found: list[dict[str, Any]] = policy["statement"]
    return found


def actions(function: str) -> list[str]:
    return [action for statement in statements(function) for action in statement["action"]]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_names_each_action_once_and_denies_none(function: str) -> None:
    assert len(actions(function)) == len(set(actions(function)))
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
        "name/as:ModifyLaunchConfigurationAttributes": f"{AS}launch-configuration/",
        "name/cos:GetObject": "qcs::cos:${REGION}:uid/${COS_APPID}:${COS_BUCKET}/",
    }
    for statement in statements(function):
        for action in statement["action"]:
            if not action.partition(":")[2].startswith(READS):
                kind = kinds.get(action, f"{AS}auto-scaling-group/")
                assert all(resource.startswith(kind) for resource in statement["resource"])


def test_only_the_schedule_may_stop_or_roll_back_a_refresh() -> None:
    image_published, schedule, webhook = (set(actions(function)) for function in FUNCTIONS)
    assert schedule - webhook >= {
        "name/as:CancelInstanceRefresh", "name/as:RollbackInstanceRefresh",
    }  # fmt: skip
    assert image_published - webhook == {"name/cos:GetObject"}


def test_scf_alone_may_take_the_roles() -> None:
    policy = json.loads((ROOT / "role" / "trust-policy.json").read_text(encoding="utf-8"))
    (statement,) = policy["statement"]
    assert statement["principal"] == {"service": ["scf.qcloud.com"]}
    assert statement["action"] == ["name/sts:AssumeRole"]
