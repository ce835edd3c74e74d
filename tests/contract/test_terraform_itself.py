"""Terraform itself, where it is there: what it formats, evaluates, refuses and validates."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from deploy.variables import derived
from tests.contract.terraform_calls import ALL, DEPLOYMENTS, GIVEN, packaged, planned, values
from tests.contract.terraform_module import FOLDER
from tests.contract.test_terraform_values import REFUSED

if TYPE_CHECKING:
    from pathlib import Path

LOCALS = ("functions", "policies", "trust", "created_roles", "zips", "given_secrets", "cos_trigger")


def run(folder: Path, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip(f"terraform is not there: `terraform {command[0]}` was not run")
    return subprocess.run(
        [terraform, *command], cwd=folder, input=given, capture_output=True, text=True, check=False
    )


def evaluated(folder: Path, given: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Let Terraform evaluate the module's values; they need no provider."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.tf"))]
    blocks = [block for text in texts for block in re.findall(r"(?ms)^locals \{$.*?^\}$", text)]
    (folder / "locals.tf").write_text("\n".join(blocks), encoding="utf-8")
    shutil.copy(FOLDER / "variables.tf", folder)
    (folder / "terraform.tfvars.json").write_text(json.dumps(given), encoding="utf-8")
    wanted = ", ".join(f"{name} = local.{name}" for name in LOCALS)
    asked = f"nonsensitive(base64encode(jsonencode({{ {wanted} }})))"
    return run(folder, "console", "-no-color", given=asked)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return packaged(tmp_path)


@pytest.mark.parametrize(
    "environ",
    [derived({**GIVEN, **own}) for own in DEPLOYMENTS.values()] + [ALL],
    ids=[*DEPLOYMENTS, "with all"],
)
def test_it_evaluates_the_module_as_the_tests_do(root: Path, environ: dict[str, str]) -> None:
    (root / "evaluated").mkdir()
    done = evaluated(root / "evaluated", values(environ, root / "build" / "packages"))
    assert done.returncode == 0, done.stderr
    found = json.loads(base64.b64decode(done.stdout.strip().splitlines()[-1].strip('"')))
    known = planned(root, environ).scope["local"]
    assert found == {name: known[name] for name in LOCALS}


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses_what_the_module_has_no_use_for(root: Path, name: str) -> None:
    environ = derived({**GIVEN, name: REFUSED[name]})
    (root / "evaluated").mkdir()
    done = evaluated(root / "evaluated", values(environ, root / "build" / "packages"))
    assert f"var.{name.lower()}" in done.stdout + done.stderr
    assert "needed" in done.stdout + done.stderr or "slash" in done.stdout + done.stderr


def test_it_has_nothing_to_format() -> None:
    done = run(FOLDER, "fmt", "-check", "-diff", "-recursive")
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_finds_the_module_and_the_examples_valid(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "module")
    for folder in (tmp_path / "module", *(tmp_path / "module" / "examples").iterdir()):
        init = run(folder, "init", "-backend=false", "-input=false", "-no-color")
        if init.returncode:
            pytest.skip("the provider can't be had: `terraform validate` was not run")
        done = run(folder, "validate", "-no-color")
        assert done.returncode == 0, done.stdout + done.stderr
