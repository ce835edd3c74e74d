"""The Terraform module makes what serverless.yml describes, and neither changes alone."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from deploy.policies import of_function
from deploy.variables import derived, missing, needed
from tests.contract.deployment import FUNCTIONS
from tests.contract.terraform_calls import (
    ALL,
    DEPLOYMENTS,
    GIVEN,
    by_deploy,
    by_module,
    packaged,
    planned,
)
from tests.contract.terraform_module import FOLDER

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return packaged(tmp_path)


@pytest.mark.parametrize("which", DEPLOYMENTS)
def test_the_module_makes_what_serverless_yml_describes(root: Path, which: str) -> None:
    environ = derived({**GIVEN, **DEPLOYMENTS[which]})
    assert not missing(environ, needed())
    assert by_module(planned(root, environ)) == by_deploy(root, environ)


BUILT = (
    ("serverless.yml", "timeout: 30\n", "timeout: 31\n"),
    ("serverless.yml", "memorySize: 128", "memorySize: 256"),
    ("serverless.yml", "over HTTP", "over HTTPS"),
    ("serverless.yml", "        - { key: MAX_GROUPS, value: '${env:MAX_GROUPS}' }\n", ""),
    ("serverless.yml", "'${env:STUCK_LIMIT}'", "'${env:PAUSED_LIMIT}'"),
    ("serverless.yml", "enableIntranet: false", "enableIntranet: true"),
    ("serverless.yml", "cos:ObjectCreated:*", "cos:ObjectCreated:Put"),
    ("serverless.yml", "name: reconcile", "name: look"),
    ("serverless.yml", "role: instance-refresh-webhook", "role: instance-refresh"),
    ("layers/dependencies/serverless.yml", "Third party", "Other"),
    ("role/schedule.json", '        "name/as:CancelInstanceRefresh",\n', ""),
    ("role/status.json", '        "name/cvm:DescribeImages",\n', ""),
    ("role/webhook.json", "auto-scaling-group/${AUTO_SCALING_GROUPS}", "auto-scaling-group/*"),
    ("role/trust-policy.json", "scf.qcloud.com", "apigateway.qcloud.com"),
)
MODULE = (
    ("main.tf", "timeout     = 30\n", "timeout     = 31\n"),
    ("main.tf", "mem_size          = 128", "mem_size          = 256"),
    ("main.tf", "enable_public_net = true", "enable_public_net = false"),
    ("main.tf", "= var.stuck_limit", "= var.paused_limit"),
    ("main.tf", "COS_ENDPOINT     = var.cos_endpoint\n", ""),
    ("main.tf", 'secrets     = ["NOTIFY", "STATUS_SECRET"]', 'secrets     = ["STATUS_SECRET"]'),
    ("main.tf", '["WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS"]', '["WEBHOOK_SECRET"]'),
    ("main.tf", "ALLOWED_ACTIONS = join", "ACTIONS         = join"),
    ("triggers.tf", '"reconcile"', '"look"'),
    ("triggers.tf", '"OPEN"', '"CLOSE"'),
    ("triggers.tf", "EnableIntranet = false", "EnableIntranet = true"),
    ("roles.tf", '    "name/as:CancelInstanceRefresh",\n', ""),
    ("roles.tf", '    "name/cvm:DescribeImages",\n', ""),
    ("roles.tf", '["name/cos:GetObject"]', '["name/cos:GetObject", "name/cos:PutObject"]'),
    ("roles.tf", "scf.qcloud.com", "apigateway.qcloud.com"),
    ("roles.tf", '["StartInstanceRefresh", "RollbackInstanceRefresh"]', '["StartInstanceRefresh"]'),
    ("roles.tf", "webhook  = merge(local.steering, local.tagging)", "webhook  = local.steering"),
    ("roles.tf", "schedule = local.tagging", "schedule = {}"),
    ("roles.tf", '["image_published", "schedule"]', '["image_published"]'),
    ("roles.tf", '["image_published", "schedule"]', '["schedule"]'),
    ("roles.tf", '["image_published", "schedule"]', '["image_published", "schedule", "webhook"]'),
    ("roles.tf", ":(Describe|Get)", ":Describe"),
)


@pytest.mark.parametrize(("name", "old", "new"), BUILT)
def test_a_change_of_the_description_alone_is_noticed(
    root: Path, name: str, old: str, new: str
) -> None:
    changed(root / name, old, new)
    assert by_module(planned(root, ALL)) != by_deploy(root, ALL)


@pytest.mark.parametrize(("name", "old", "new"), MODULE)
def test_a_change_of_the_module_alone_is_noticed(root: Path, name: str, old: str, new: str) -> None:
    folder = root / "terraform"
    shutil.copytree(FOLDER, folder)
    changed(folder / name, old, new)
    environs = (ALL, *(derived({**GIVEN, **own}) for own in reversed(DEPLOYMENTS.values())))
    assert any(by_module(planned(root, e, folder)) != by_deploy(root, e) for e in environs)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_permission_that_is_taken_or_added_is_noticed(root: Path, function: str) -> None:
    made = by_module(planned(root, ALL))["cam_policy", f"instance-refresh-{function}"]
    text = (root / "role" / f"{function}.json").read_text(encoding="utf-8")
    names = re.findall(r'"(name/\w+:\w+)"', text)
    assert {"PolicyDocument": of_function(function, json.loads(text), ALL)} == made
    for name in names:
        for change in (list.remove, list.append):
            policy = json.loads(text)
            (actions,) = (each["action"] for each in policy["statement"] if name in each["action"])
            change(actions, name)
            assert {"PolicyDocument": of_function(function, policy, ALL)} != made, (name, change)
    assert len(names) > 7


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
