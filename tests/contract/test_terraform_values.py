"""What the Terraform module takes, what it refuses, and what it gives back."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from deploy.variables import derived, invalid, missing, needed
from tests.contract.hcl_functions import Failed
from tests.contract.terraform_calls import (
    COMPUTED,
    GIVEN,
    URL,
    VERSION,
    by_deploy,
    by_module,
    packaged,
    planned,
    values,
)
from tests.contract.terraform_module import FOLDER, Module

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return packaged(tmp_path)


def test_the_defaults_are_those_of_env_example(root: Path) -> None:
    to_fill_in = {
        name: GIVEN[name] for name in ("REGION", "COS_BUCKET", "WEBHOOK_SECRET", "STATUS_SECRET")
    }
    given = {name.lower(): value for name, value in to_fill_in.items()}
    packages = root / "build" / "packages"
    alone = Module({**given, "packages": str(packages)}, COMPUTED, FOLDER)
    assert by_module(alone) == by_deploy(root, derived(GIVEN))


REFUSED = {
    "REGION": "guangzhou",
    "COS_BUCKET": "images",
    "MANIFEST_PREFIX": "/manifests/",
    "WEBHOOK_AUTH": "none",
    "STATUS_AUTH": "none",
    "WEBHOOK_SECRET": "secret",
    "STATUS_SECRET": "secret",
    "WEBHOOK_SECRET_PREVIOUS": "secret",
    "SCHEDULE_CRON": "*/5 * * * *",
    "IMAGE_CREATORS": "100012345678,*",
    "ALLOWED_ACTIONS": "StartInstanceRefresh,Reboot",
    "ALLOWED_GROUPS": "web",
    "ALLOWED_REGIONS": "guangzhou",
    "REGIONS": "guangzhou",
    "MODE": "watch",
    "AUTO_SCALING_GROUPS": "web",
    "LAUNCH_CONFIGURATIONS": "asg-9dn1a5y6",
    "AS_ENDPOINT": "http://as.tencentcloudapi.com",
    "CVM_ENDPOINT": "cvm.tencentcloudapi.com",
    "COS_ENDPOINT": "cos",
    "LOG_LEVEL": "TRACE",
    "MAX_REFRESHING": "10000",
    "MAX_GROUPS": "0",
    "PAUSED_LIMIT": "2 hours",
    "FAILED_LIMIT": "15",
    "STUCK_LIMIT": "1w",
    "UNDEPLOYED_LIMIT": "soon",
    "PAUSED_ACTION": "ignore",
    "PAUSED_ACTION_OTHERS": "ignore",
    "RESTORE": "some",
    "REMIND_EVERY": "daily",
    "NOTIFY": "http://example.com/hook",
    "NOTIFY_LEVEL": "DEBUG",
    "NOTIFY_LANGUAGE": "de",
    "STATUS_URL": "http://status.example.com/",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_make_deploy_refuses_the_module_refuses_too(root: Path, name: str) -> None:
    environ = derived({**GIVEN, name: REFUSED[name]})
    assert missing(environ, needed()) or invalid(environ)
    with pytest.raises(Failed, match=r"needed|slash"):
        planned(root, environ)


def test_without_an_action_both_refuse(root: Path) -> None:
    environ = derived({**GIVEN, "ALLOWED_ACTIONS": ""})
    assert missing(environ, needed())
    with pytest.raises(Failed, match="Actions of a request are needed"):
        planned(root, environ)


def test_each_variable_that_has_a_form_is_refused_without_it() -> None:
    free = {"MANIFEST_SUFFIX"}  # any text but an empty one
    assert needed() == REFUSED.keys() | free


def test_without_a_secret_nothing_is_made_unless_cam_checks(root: Path) -> None:
    environ = derived({**GIVEN, "WEBHOOK_SECRET": ""})
    with pytest.raises(Failed, match="webhook_secret is needed"):
        planned(root, environ).resources()


def test_without_zips_it_says_how_to_make_them(root: Path) -> None:
    shutil.rmtree(root / "build" / "packages")
    with pytest.raises(Failed, match="run make build"):
        planned(root, derived(GIVEN)).resources()


def test_roles_may_be_left_to_others(root: Path) -> None:
    environ = derived(GIVEN)
    given = {**values(environ, root / "build" / "packages"), "create_roles": False}
    module = Module(given, COMPUTED, FOLDER)
    assert not [address for address in module.resources() if "_cam_" in address]
    roles = {
        fields["Role"]
        for (kind, _), fields in by_deploy(root, environ).items()
        if kind == "scf_function"
    }
    policies = {name: json.loads(text) for name, text in module.outputs()["policies"].items()}
    assert set(module.outputs()["roles"].values()) == roles
    assert (
        policies["schedule"]
        == by_deploy(root, environ)["cam_policy", "instance-refresh-schedule"]["PolicyDocument"]
    )


def test_the_outputs_say_where_it_is_called(root: Path) -> None:
    outputs = planned(root, derived(GIVEN)).outputs()
    assert outputs["function_url"] == URL
    assert outputs["functions"]["webhook"] == "refresh-prod-instance-refresh-webhook"
    assert outputs["layers"] == {
        "instance-refresh": VERSION,
        "instance-refresh-dependencies": VERSION,
    }


def test_a_changed_zip_is_another_argument(root: Path) -> None:
    """The provider sees no change in a file, and changes nothing of a layer in place."""
    before = planned(root, derived(GIVEN)).resources()
    for path in (root / "build" / "packages").iterdir():
        path.rename(path.with_name(path.name[:-20] + 16 * "0" + ".zip"))
    after = planned(root, derived(GIVEN)).resources()
    different = {address for address in before if before[address] != after[address]}
    functions = ("webhook", "image_published", "schedule", "status")
    layers = ("dependencies", "instance_refresh")
    assert different == {
        *(f"tencentcloud_scf_function.this[{name}]" for name in functions),
        *(f"terraform_data.layer[{name}]" for name in layers),
        *(f"tencentcloud_scf_layer.this[{name}]" for name in layers),
    }
