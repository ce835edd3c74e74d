"""`make deploy`, into the local cloud: what stands there, whatever happened on the way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from deploy import commit, deploy, plan, ready, resources
from deploy.client import CallFailed, Client
from deploy.resources import Stopped
from deploy.variables import derived
from tests.contract.deployment import (
    BUCKET,
    FUNCTIONS,
    INDEX,
    REGION,
    committed,
    empty_cloud,
    planned,
    put_there,
    standing,
    taken_away,
    tree,
    variables,
    write_zip,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.calls import Call
    from local.cloud import Cloud

READS = ("Get", "List")


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with mock.patch.object(resources, "WAIT_S", 0.0):
        yield


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tree(tmp_path)


def writes(cloud: Cloud) -> list[str]:
    return [call.action for call in cloud.calls if not call.action.startswith(READS)]


def test_all_that_is_described_stands_there(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, environ)
        there = standing(cloud)
        assert len(there["functions"]) == len(there["roles"]) == len(there["policies"]) == 4
        assert {len(versions) for versions in there["layers"].values()} == {1}
        assert {name: attached for name, (_, attached) in there["roles"].items()} == {
            f"instance-refresh-{name}": [f"instance-refresh-{name}"] for name in FUNCTIONS
        }
        triggers = [t for each in there["functions"].values() for t in each["triggers"]]
        assert sorted(kind for kind, *_ in triggers) == ["cos", "http", "http", "timer"]
        assert all(enabled for *_, enabled, _, _ in triggers)


def test_a_second_run_makes_no_write(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, environ)
        cloud.calls.clear()
        put_there(root, environ)
        assert writes(cloud) == []


def test_only_what_changed_is_written(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, environ)
        cloud.calls.clear()
        write_zip(root, "layers/instance_refresh", {"instance_refresh.py": "NEW = 1"})
        put_there(root, environ)
        assert writes(cloud) == ["PublishLayerVersion", *["UpdateFunctionConfiguration"] * 4]
        cloud.calls.clear()
        put_there(root, {**environ, "SCHEDULE_CRON": "0 0 3 * * * *"})
        assert sorted(writes(cloud)) == [*["UpdateFunctionConfiguration"] * 2, "UpdateTrigger"]
        cloud.calls.clear()
        put_there(root, derived({**environ, "AUTO_SCALING_GROUPS": "asg-9dn1a5y6"}))
        assert "UpdatePolicy" in writes(cloud)


def test_after_a_week_of_watching_two_policies_and_three_functions_change(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, {**environ, "MODE": "observe"})
        for name in ("image_published", "schedule"):
            policy = cloud.access.policy_named(f"instance-refresh-{name}")
            assert policy
            may = [action for each in policy.document["statement"] for action in each["action"]]
            assert not [one for one in may if not one.partition(":")[2].startswith(("Desc", "Get"))]
        cloud.calls.clear()
        put_there(root, environ)
        assert writes(cloud) == [*["UpdatePolicy"] * 2, *["UpdateFunctionConfiguration"] * 3]


def test_code_that_stood_there_before_is_not_published_again(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, environ)
        first = standing(cloud)["functions"]
        write_zip(root, "layers/instance_refresh", {"instance_refresh.py": "NEW = 1"})
        put_there(root, environ)
        write_zip(root, "layers/instance_refresh", {"instance_refresh.py": ""})
        cloud.calls.clear()
        put_there(root, environ)
        assert "PublishLayerVersion" not in writes(cloud)
        assert standing(cloud)["functions"] == first


def test_the_plan_shows_each_difference_by_field_and_no_secret(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        assert "created" in plan.written(planned(root, environ))
        put_there(root, environ)
        other = "whsec_" + 10 * "efgh"
        changed = {**environ, "WEBHOOK_SECRET": other, "PAUSED_LIMIT": "3h"}
        text = plan.written(planned(root, changed))
        assert "    Environment.WEBHOOK_SECRET: (secret) → (secret)\n" in text
        assert "    Environment.PAUSED_LIMIT: 2h → 3h\n" in text
        assert text.endswith("3 changed, 19 left as they are")
        for secret in (other, environ["WEBHOOK_SECRET"], environ["TENCENT_SECRET_KEY"]):
            assert secret not in text
        assert "whsec" not in plan.written(planned(root, {**changed, "REGION": "ap-shanghai"}))
        assert cloud.functions("ap-shanghai").functions == {}


def test_an_open_url_is_closed_before_its_function_trusts_cam(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, environ)
        cloud.calls.clear()
        cam = derived({**environ, "WEBHOOK_AUTH": "cam", "WEBHOOK_SECRET": ""})
        put_there(root, cam)
        assert writes(cloud) == ["UpdateTrigger", "UpdateFunctionConfiguration"]
        cloud.calls.clear()
        put_there(root, environ)
        assert writes(cloud) == ["UpdateFunctionConfiguration", "UpdateTrigger"]


def test_what_someone_changed_is_put_back(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, environ)
        wanted = standing(cloud)
        for function in cloud.functions(REGION).functions.values():
            function.timeout, function.variables = 900, {}
            for trigger in function.triggers:
                trigger.enabled = False
        for role in cloud.access.roles.values():
            role.attached.clear()
        for policy in cloud.access.policies.values():
            policy.document["statement"][0]["action"] = ["*"]
        client = Client(environ)
        timer = {"FunctionName": "refresh-prod-instance-refresh-schedule", "Type": "timer"}
        own = {"TriggerName": "hourly", "TriggerDesc": "0 0 * * * * *", "Enable": "OPEN"}
        client.call("scf", "CreateTrigger", {**timer, **own})
        put_there(root, environ)
        assert standing(cloud) == wanted


def test_a_half_deleted_deployment_is_mended(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, environ)
        wanted, client = standing(cloud), Client(environ)
        name = {"FunctionName": "refresh-prod-instance-refresh-webhook"}
        client.call("scf", "DeleteFunction", name)
        client.call("cam", "DeleteRole", {"RoleName": "instance-refresh-webhook"})
        put_there(root, environ)
        assert standing(cloud) == wanted


def test_a_function_that_could_not_be_made_is_made_anew(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, environ)
        wanted = standing(cloud)
        name = "refresh-prod-instance-refresh-webhook"
        cloud.functions(REGION).functions[name].state = "CreateFailed"
        cloud.calls.clear()
        text = plan.written(planned(root, environ))
        assert "    Status: CreateFailed → Active\n" in text
        assert writes(cloud) == []
        put_there(root, environ)
        assert writes(cloud) == ["DeleteFunction", "CreateFunction"]
        put_there(root, environ)
        assert standing(cloud) == wanted


def test_a_function_of_that_name_that_is_not_ours_is_left(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, environ)
        function = cloud.functions(REGION).functions["refresh-prod-instance-refresh-webhook"]
        function.role, function.layers = "", []
        cloud.calls.clear()
        with pytest.raises(Stopped, match=r"webhook with the role .none. that this deployment"):
            put_there(root, environ)
        with pytest.raises(Stopped):
            taken_away(root, environ)
        assert writes(cloud) == []


def test_a_permission_that_is_missing_is_named_with_its_action(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        allowed = {"GetRole", "ListPolicies", "ListAttachedRolePolicies", "ListLayerVersions"}
        keys = cloud.keys.issue(temporary=False, allow={*allowed, "GetFunction", "ListTriggers"})
        own = {"TENCENT_SECRET_ID": keys.secret_id, "TENCENT_SECRET_KEY": keys.secret_key}
        with pytest.raises(CallFailed, match=r"cam:CreateRole failed: .*Unauthorized.*permission"):
            put_there(root, {**environ, **own})


def test_a_full_quota_and_an_unreachable_endpoint_are_named(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        full = "scf:PublishLayerVersion failed: LimitExceeded.*a quota is full"
        with mock.patch("local.functions.layers.MOST", 0), pytest.raises(CallFailed, match=full):
            put_there(root, environ)
        put_there(root, environ)
        cloud.cos.buckets.clear()
        moved = derived({**environ, "COS_BUCKET": "other-1250000000"})
        with pytest.raises(CallFailed, match=r"scf:CreateTrigger failed: ResourceNotFound\.Cos"):
            put_there(root, moved)
    unreachable = r"cam:GetRole failed: .*127\.0\.0\.1.*the address of cam can't be reached"
    with pytest.raises(CallFailed, match=unreachable):
        put_there(root, environ)


@pytest.mark.parametrize("name", ["TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"])
def test_keys_that_are_wrong_are_named_and_not_shown(root: Path, name: str) -> None:
    with empty_cloud() as (cloud, environ):
        with pytest.raises(CallFailed, match=r"AuthFailure.*look at TENCENT_SECRET_ID") as caught:
            put_there(root, {**environ, name: "wrong"})
        assert environ["TENCENT_SECRET_KEY"] not in str(caught.value)
        assert not any(standing(cloud).values())


def test_throttled_calls_are_made_again(root: Path) -> None:
    with empty_cloud() as (cloud, environ), mock.patch("time.sleep"):
        cloud.faults.rate("throttle", 0.3, seed=1)
        put_there(root, environ)
        cloud.faults.clear()
        cloud.calls.clear()
        put_there(root, environ)
        assert writes(cloud) == []


def test_roles_can_be_left_to_others(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        with pytest.raises(CallFailed, match=r"scf:CreateFunction failed: ResourceNotFound\.Role"):
            put_there(root, {**environ, "ROLES": "no"})
        assert cloud.access.roles == {}


def test_the_bucket_can_be_changed(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, environ)
        cloud.cos.create_bucket("other-1250000000", REGION)
        put_there(root, derived({**environ, "COS_BUCKET": "other-1250000000"}))
        names = [
            trigger.name
            for function in cloud.functions(REGION).functions.values()
            for trigger in function.triggers
            if trigger.kind == "cos"
        ]
        assert names == [f"other-1250000000.cos.{REGION}.myqcloud.com"]
        assert variables(cloud)["COS_BUCKET"] == BUCKET


def test_what_stands_there_and_is_not_as_asked_is_said(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with empty_cloud() as (cloud, environ), mock.patch.object(deploy, "build"):
        deploy.deploy_tree(environ, root)
        assert "all is there as described" in capsys.readouterr().out
        function = cloud.functions(REGION).functions["refresh-prod-instance-refresh-webhook"]

        def reopen(call: Call) -> None:
            if call.action == "UpdateTrigger":
                function.triggers[0].desc["AuthType"] = "NONE"

        cloud.on_call = reopen
        cam = derived({**environ, "WEBHOOK_AUTH": "cam", "WEBHOOK_SECRET": ""})
        with pytest.raises(Stopped, match=r"NOT what was asked for[^=]*AuthType: NONE → CAM"):
            deploy.deploy_tree(cam, root)
        cloud.on_call = None
        deploy.deploy_tree(cam, root)
        assert ": 401, as CAM takes no unsigned call" in capsys.readouterr().out


def test_rollback_deploys_the_tree_of_then_with_the_settings_of_now(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (commit, ready, deploy):
        monkeypatch.setattr(module, "ROOT", root)
    committed(root, "v1")

    monkeypatch.setattr(deploy, "build", lambda *_: None)  # the commit has its zips
    with empty_cloud() as (cloud, environ):
        deploy.deploy(environ)
        wanted = standing(cloud)
        yml = root / "serverless.yml"
        yml.write_text(yml.read_text().replace("timeout: 300", "timeout: 600"))
        write_zip(root, "functions/webhook", {"index.py": f"{INDEX}# new\n"})
        deploy.deploy(environ)
        assert standing(cloud) != wanted
        deploy.rollback({**environ, "PATH": os.environ["PATH"]}, "v1")
        assert standing(cloud) == wanted
        assert not (root / "build" / "rollback").exists()
