"""Each role is as narrow as CAM lets it be; `test_fault_matrix.py` holds it to what is called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.policies import NEEDED_FOR, OBSERVING, narrowed, reading
from instance_refresh.model.request import VERBS
from local.scf.project import ROOT

FUNCTIONS = ("image_published", "schedule", "status", "webhook")
READS = "Describe"
# What CAM takes no resource for, as far as its documents say.
OF_NO_RESOURCE = ("name/sts:GetCallerIdentity", "name/tag:TagResources", "name/tag:UnTagResources")
AS = "qcs::as:${ALLOWED_REGIONS}::"


def statements(function: str, allowed: str = ",".join(VERBS)) -> list[dict[str, Any]]:
    policy = json.loads((ROOT / "role" / f"{function}.json").read_text(encoding="utf-8"))
    policy = narrowed(function, policy, allowed)
    assert policy["version"] == "2.0"
    found: list[dict[str, Any]] = policy["statement"]
    return found


def actions(function: str, allowed: str = ",".join(VERBS)) -> list[str]:
    found = statements(function, allowed)
    return [action for statement in found for action in statement["action"]]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_names_each_action_once_and_denies_none(function: str) -> None:
    assert len(actions(function)) == len(set(actions(function)))
    assert {s["effect"] for s in statements(function)} == {"allow"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_writes_are_limited_to_resources_and_reads_are_not(function: str) -> None:
    for statement in statements(function):
        names = [action.partition(":")[2] for action in statement["action"]]
        if {*statement["action"]} <= {*OF_NO_RESOURCE} or all(n.startswith(READS) for n in names):
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
            if action not in OF_NO_RESOURCE and not action.partition(":")[2].startswith(READS):
                kind = kinds.get(action, f"{AS}auto-scaling-group/")
                assert all(resource.startswith(kind) for resource in statement["resource"])


def test_by_default_only_the_schedule_may_steer_a_refresh_and_nobody_writes_tags() -> None:
    start = "StartInstanceRefresh"
    image_published, schedule, status, webhook = (set(actions(name, start)) for name in FUNCTIONS)
    assert not [one for one in status if not one.partition(":")[2].startswith(READS)]
    assert schedule - webhook == {
        "name/as:CancelInstanceRefresh",
        "name/as:DescribeAutoScalingActivities",
        "name/as:ResumeInstanceRefresh",
        "name/as:RollbackInstanceRefresh",
        "name/as:StopInstanceRefresh",
    }
    assert image_published - webhook == {"name/cos:GetObject"}
    assert not {*OF_NO_RESOURCE} & (schedule | webhook)


@pytest.mark.parametrize("verb", VERBS)
def test_the_webhooks_role_may_do_what_one_allowed_action_needs_and_no_more(verb: str) -> None:
    writes = [
        name for name in actions("webhook", verb) if not name.partition(":")[2].startswith(READS)
    ]
    assert set(writes) == {name for name, verbs in NEEDED_FOR.items() if verb in verbs}
    assert {verb for verbs in NEEDED_FOR.values() for verb in verbs} == {*VERBS}


def test_scf_alone_may_take_the_roles() -> None:
    policy = json.loads((ROOT / "role" / "trust-policy.json").read_text(encoding="utf-8"))
    (statement,) = policy["statement"]
    assert statement["principal"] == {"service": ["scf.qcloud.com"]}
    assert statement["action"] == ["name/sts:AssumeRole"]


@pytest.mark.parametrize("function", OBSERVING)
def test_who_only_observes_may_write_nothing(function: str) -> None:
    policy = json.loads((ROOT / "role" / f"{function}.json").read_text(encoding="utf-8"))
    verbs = {n.partition(":")[2] for s in reading(policy)["statement"] for n in s["action"]}
    assert verbs
    assert all(verb.startswith(("Describe", "Get")) for verb in verbs)
