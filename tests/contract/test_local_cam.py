"""The stand-in's CAM: what a policy's statements allow, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.client import CallFailed, Client
from local.cam.policy import allows
from tests.contract.deployment import empty_cloud

GROUP = "qcs::as:ap-guangzhou:uin/100000000001:auto-scaling-group/asg-9dn1a5y6"
START, DESCRIBE = "as:StartInstanceRefresh", "as:DescribeAutoScalingGroups"


def policy(resource: str, action: str = f"name/{START}", effect: str = "allow") -> dict[str, Any]:
    statement = {"effect": effect, "action": [action], "resource": [resource]}
    return {"version": "2.0", "statement": [statement]}


@pytest.mark.parametrize(
    ("resource", "allowed"),
    [
        ("*", True),
        ("qcs::as:::auto-scaling-group/*", True),
        ("qcs::as:ap-guangzhou::auto-scaling-group/asg-9dn1a5y6", True),
        ("qcs::as:ap-guangzhou:uin/100000000001:auto-scaling-group/*", True),
        ("qcs::as:ap-shanghai::auto-scaling-group/*", False),
        ("qcs::as:ap-guangzhou:uin/100000000002:auto-scaling-group/*", False),
        ("qcs::as:ap-guangzhou::auto-scaling-group/asg-other001", False),
        ("qcs::as:ap-guangzhou::launch-configuration/*", False),
        ("auto-scaling-group/*", False),
    ],
)
def test_a_resource(resource: str, allowed: bool) -> None:
    assert allows([policy(resource)], START, GROUP) is allowed


def test_actions_and_effects() -> None:
    assert allows([policy("*", "name/as:*")], START, GROUP)
    assert not allows([policy("*", f"name/{DESCRIBE}")], START, GROUP)
    assert not allows([policy("*"), policy("*", effect="deny")], START, GROUP)
    assert not allows([], START, GROUP)


def test_an_action_without_a_resource_is_denied_to_a_narrower_statement() -> None:
    narrow = policy("qcs::as:::auto-scaling-group/*", f"name/{DESCRIBE}")
    assert not allows([narrow], DESCRIBE, "*")
    assert allows([policy("*", f"name/{DESCRIBE}")], DESCRIBE, "*")


@pytest.mark.parametrize(
    ("code", "action", "params"),
    [
        ("InvalidParameter.RoleNameError", "CreateRole", {"RoleName": "a b"}),
        ("InvalidParameter.RoleNameInUse", "CreateRole", {"RoleName": "r"}),
        ("InvalidParameter.RoleNotExist", "GetRole", {"RoleName": "none"}),
        ("InvalidParameter.RoleNotExist", "DeleteRole", {"RoleId": "1"}),
        ("FailedOperation.PolicyNameInUse", "CreatePolicy", {"PolicyName": "p"}),
        ("InvalidParameter.PolicyIdNotExist", "GetPolicy", {"PolicyId": 1}),
        ("InvalidParameter.PolicyIdNotExist", "UpdatePolicy", {"PolicyName": "none"}),
        ("InvalidParameter.PolicyDocumentError", "UpdatePolicy", {"PolicyDocument": "{}"}),
    ],
)
def test_what_the_platform_refuses(code: str, action: str, params: dict[str, Any]) -> None:
    with empty_cloud() as (_, environ):
        client, document = Client(environ), {"PolicyDocument": json.dumps(policy("*"))}
        client.call("cam", "CreateRole", {"RoleName": "r", **document})
        client.call("cam", "CreatePolicy", {"PolicyName": "p", **document})
        given = {**document, **params} if action.startswith("Create") else {"PolicyName": "p"}
        sent = {**given, **params} if action.startswith(("Create", "Update")) else params
        with pytest.raises(CallFailed) as caught:
            client.call("cam", action, sent)
        assert caught.value.code == code


def test_a_deleted_policy_is_attached_nowhere() -> None:
    with empty_cloud() as (_, environ):
        client, document = Client(environ), {"PolicyDocument": json.dumps(policy("*"))}
        client.call("cam", "CreateRole", {"RoleName": "r", **document})
        number = client.call("cam", "CreatePolicy", {"PolicyName": "p", **document})["PolicyId"]
        client.call("cam", "AttachRolePolicy", {"AttachRoleName": "r", "PolicyId": number})
        asked = {"RoleName": "r", "Page": 1, "Rp": 10}
        assert client.call("cam", "ListAttachedRolePolicies", asked)["TotalNum"] == 1
        client.call("cam", "DeletePolicy", {"PolicyId": [number]})
        assert client.call("cam", "ListAttachedRolePolicies", asked)["TotalNum"] == 0
