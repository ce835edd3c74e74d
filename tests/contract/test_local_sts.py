"""Whose credentials they are: an account's own, or a role's."""

from __future__ import annotations

from importlib.resources import files
from json import loads

import pytest

from local.cam.models import Policy, Role
from local.clock import ManualClock
from local.cloud import Cloud
from local.scf.function import UIN
from tests.contract.local_cloud import Calls


@pytest.mark.parametrize("kind", ["CAMUser", "CAMRole"])
def test_the_caller_is_named_in_the_shape_of_the_vendors_example(kind: str) -> None:
    with Cloud(clock=ManualClock()) as cloud:
        keys = cloud.role()
        if kind == "CAMRole":
            allow = {"effect": "allow", "action": ["name/sts:*"], "resource": ["*"]}
            cloud.access.policies[1] = Policy(1, "p", {"statement": [allow]}, "")
            cloud.access.roles["r"] = Role("1", "r", {}, "", attached=[1])
            cloud.access.sessions[keys.secret_id] = "r"
        answer = Calls(cloud, "sts", keys=keys)("GetCallerIdentity")
    assert (answer["AccountId"], answer["Type"]) == (UIN, kind)
    text = files("tccli").joinpath("services/sts/v20180813/examples.json").read_text("utf-8")
    examples = [loads(each["output"]) for each in loads(text)["actions"]["GetCallerIdentity"]]
    assert {frozenset(each["Response"]) for each in examples} == {frozenset(answer)}
