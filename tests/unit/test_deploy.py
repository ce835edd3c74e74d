"""What a deploy must have before it begins, and what its commands take."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from deploy import deploy, plan, policies, ready, variables, vendor_cli
from deploy.client import Client
from deploy.ready import NotReady
from deploy.roles import Attachment
from deploy.variables import ROOT
from tests.unit.deploying import READY, move

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


def test_each_missing_variable_is_named_and_for_the_cli_its_absence_too(tmp_path: Path) -> None:
    with pytest.raises(NotReady) as caught:
        vendor_cli.deploy({"PATH": str(tmp_path)})
    text = str(caught.value)
    required = variables.needed() - {
        "ALLOWED_GROUPS",
        "ALLOWED_REGIONS",
        "COS_ENDPOINT",
        "IMAGE_CREATORS",
        "MANIFEST_PREFIX",
        "NOTIFY",
        "REGIONS",
        "STATUS_URL",
        "WEBHOOK_SECRET_PREVIOUS",
    }
    assert set(re.findall(r"(\w+) is not set", text)) == required
    assert {"REGION", "COS_BUCKET", "WEBHOOK_AUTH", "SCHEDULE_CRON"} <= variables.needed()
    assert "npm install -g serverless-cloud-framework" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REGION", "guangzhou"),
        ("COS_BUCKET", "images"),
        ("WEBHOOK_AUTH", "CAM"),
        ("SCHEDULE_CRON", "*/5 * * * *"),
        ("PAUSED_LIMIT", "2 hours"),
        ("MAX_REFRESHING", "lots"),
        ("WEBHOOK_SECRET_PREVIOUS", "old"),
        ("AS_ENDPOINT", "http://as.tencentcloudapi.com"),
        ("COS_ENDPOINT", "cos.ap-guangzhou.myqcloud.com"),
        ("IMAGE_CREATORS", "*, 100000000001"),
        ("MANIFEST_PREFIX", "/manifests/"),
        ("IMAGE_CREATORS", "100000000001; 100000000002"),
        ("ALLOWED_GROUPS", "*"),
        ("ALLOWED_REGIONS", "ap-guangzhou ap-shanghai"),
        ("AUTO_SCALING_GROUPS", "asg-9dn1a5y6, asc-3d9e2zfx"),
        ("LAUNCH_CONFIGURATIONS", "asc-3d9e2zfx;asc-4d9e2zfx"),
    ],
)
def test_a_wrong_variable_is_named_with_its_form(name: str, value: str) -> None:
    with pytest.raises(NotReady, match=f"{name} must be "):
        ready.check({**READY, name: value})


def test_lists_have_commas_and_spaces_as_the_functions_read_them() -> None:
    groups = "asg-9dn1a5y6 , asg-1a2b3c4d,"
    listed = {
        "ALLOWED_GROUPS": groups,
        "AUTO_SCALING_GROUPS": groups,
        "LAUNCH_CONFIGURATIONS": "asc-3d9e2zfx",
        "ALLOWED_REGIONS": "ap-guangzhou,eu-frankfurt",
        "IMAGE_CREATORS": "100000000001, tencent",
    }
    ready.check({**READY, **listed})
    ready.check({**READY, "IMAGE_CREATORS": "*"})


def test_what_the_example_gives_is_all_but_four() -> None:
    example = variables.read_variables(ROOT / ".env.example")
    unset = [line.split()[0] for line in variables.missing(example, variables.needed())]
    assert unset == ["COS_BUCKET", "REGION", "STATUS_SECRET", "WEBHOOK_SECRET", "Set"]


def test_a_misspelt_setting_is_named() -> None:
    (line,) = variables.unknown(
        {"IMAGE_CREATOR": "1", "REGION": "ap-guangzhou", "TENCENT_APP_ID": "1"}
    )
    assert line.startswith("IMAGE_CREATOR in .env is read by nothing")


def test_a_line_of_another_form_is_named_without_what_may_be_its_secret(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WEBHOOK_SECRET: whsec_c2VjcmV0=\n", encoding="utf-8")
    (line,) = variables.unknown(variables.read_variables(tmp_path / ".env"))
    assert line.startswith("a line without NAME=value in .env is read by nothing")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfREGION=ap-guangzhou\r\n\r\nCOS_BUCKET='images-1'\r\n",
        b"REGION=ap-guangzhou # ours\nCOS_BUCKET='images-1'\t# of the pipeline",
        b"# \xb2\xe2\xca\xd4 in GBK\n REGION = ap-guangzhou\nCOS_BUCKET=images-1",
    ],
)
def test_the_env_file_may_come_from_any_editor(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)
    assert variables.read_variables(tmp_path / ".env") == {
        "REGION": "ap-guangzhou",
        "COS_BUCKET": "images-1",
    }


@pytest.mark.parametrize("value", ["http://127.0.0.1:9000", "https://localhost:9000"])
def test_the_endpoint_of_a_local_stand_in_is_named_and_how_to_be_rid_of_it(value: str) -> None:
    with pytest.raises(NotReady) as caught:
        ready.check({**READY, "CVM_ENDPOINT": value})
    assert f"and is {value}: set it in .env, or `unset CVM_ENDPOINT` in this shell" in str(
        caught.value
    )


def test_the_env_file_wins_over_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move(monkeypatch, tmp_path)
    (tmp_path / ".env.example").write_text("A=example\nB=example\nC=example\n", encoding="utf-8")
    (tmp_path / ".env").write_text("A=file\nD=\n", encoding="utf-8")
    for name in "ABD":
        monkeypatch.setenv(name, "shell")
    found = variables.variables()
    assert [found[name] for name in "ABCD"] == ["file", "shell", "example", ""]


def test_with_cam_nobody_needs_a_secret() -> None:
    without = {k: v for k, v in READY.items() if k != "WEBHOOK_SECRET"}
    with pytest.raises(NotReady, match="WEBHOOK_SECRET is not set"):
        ready.check(variables.derived(without))
    ready.check(variables.derived({**without, "WEBHOOK_AUTH": "cam"}))


@pytest.mark.parametrize("name", ["WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS"])
def test_with_cam_a_secret_is_refused(name: str) -> None:
    secret = READY["WEBHOOK_SECRET"]
    environ = {**READY, "WEBHOOK_SECRET": "", "WEBHOOK_AUTH": "cam", name: secret}
    with pytest.raises(NotReady, match=f"takes no signature: leave {name} empty") as caught:
        ready.check(variables.derived(environ))
    assert secret not in str(caught.value)


@pytest.mark.parametrize(("auth", "of_the_url"), [("signature", "NONE"), ("cam", "CAM")])
def test_the_url_is_open_only_where_the_function_checks_signatures(
    auth: str, of_the_url: str
) -> None:
    assert variables.derived({"WEBHOOK_AUTH": auth})["WEBHOOK_URL_AUTH"] == of_the_url


def test_functions_and_roles_serve_the_region_alone_unless_more_are_allowed() -> None:
    assert READY["ALLOWED_REGIONS"] == "ap-guangzhou"
    listed = {**READY, "ALLOWED_REGIONS": "ap-guangzhou,ap-shanghai"}
    assert variables.derived(listed) == listed


def test_lists_are_deployed_without_spaces_and_one_of_no_words_is_refused() -> None:
    listed = {**READY, "ALLOWED_GROUPS": " asg-9dn1a5y6 , asg-1a2b3c4d, "}
    assert variables.derived(listed)["ALLOWED_GROUPS"] == "asg-9dn1a5y6,asg-1a2b3c4d"
    for nothing in (",", " , "):  # not as if any group were meant
        with pytest.raises(NotReady, match="ALLOWED_GROUPS must be asg-… ids"):
            ready.check(variables.derived({**READY, "ALLOWED_GROUPS": nothing}))


@pytest.mark.skipif(os.name != "posix", reason="there are no such modes")
def test_secrets_that_others_may_read_are_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    move(monkeypatch, tmp_path)
    (tmp_path / ".env").write_text("", encoding="utf-8")
    for mode, warned in ((0o644, True), (0o640, True), (0o600, False)):
        (tmp_path / ".env").chmod(mode)
        deploy.main(["role"])
        assert ("warning: other users" in capsys.readouterr().err) is warned


@pytest.mark.parametrize("text", ["$(touch {})", "`touch {}`", "$(shell touch {})", "; touch {} #"])
@pytest.mark.parametrize("name", ["TO", "EVENT", "FUNCTION", "ARGS"])
def test_what_is_given_to_make_runs_no_command(tmp_path: Path, name: str, text: str) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not there: what its values can run was not tried")
    ran = tmp_path / "ran"
    given = {"TO": "v1", "EVENT": "e", "FUNCTION": "f", "ARGS": "a", name: text.format(ran)}
    words = [f"{key}={value}" for key, value in given.items()]
    venvs = [f"VENV={tmp_path}", f"DEPLOY_VENV={tmp_path}"]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to("/bin/true")
    for made in ("run-installed", "installed"):
        (tmp_path / made).touch()
    for target in ("invoke", "rollback", "fuzz"):
        new = [f"--assume-old={tmp_path}/{made}" for made in ("run-installed", "installed")]
        subprocess.run([make, target, *venvs, *new, *words], cwd=ROOT, check=True)
        environ = {**os.environ, **given}
        subprocess.run([make, target, *venvs, *new], cwd=ROOT, check=True, env=environ)
    assert not ran.exists()


def test_what_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    move(monkeypatch, tmp_path)
    for name, value in READY.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "build").write_text("", encoding="utf-8")
    assert deploy.main(["role"]) == 1
    assert capsys.readouterr().err.startswith("role: [Errno ")


@pytest.mark.parametrize("module", [deploy, vendor_cli])
@pytest.mark.parametrize("arguments", [[], ["undo"], ["rollback"], ["deploy", "v1"]])
def test_anything_else_shows_the_commands(
    module: ModuleType, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert module.main(arguments) == 2
    assert "rollback v1.2.0" in capsys.readouterr().err


def test_without_an_answer_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "build", lambda *_: None)
    with pytest.raises(NotReady, match="TENCENT_SECRET_ID is not set: set it in"):
        deploy.deploy(READY)
    step = plan.Step("create", Attachment("r"), None)
    with pytest.raises(NotReady, match="nobody is there to ask: say YES=1"):
        deploy.apply([step], Client({}), {})
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda _: "")
    with pytest.raises(NotReady, match="nothing was done"):
        deploy.apply([step], Client({}), {})


def test_policies_are_limited_to_the_ids_and_the_bucket() -> None:
    listed = {"AUTO_SCALING_GROUPS": "asg-a, asg-b", "LAUNCH_CONFIGURATIONS": "asc-a"}
    ids = variables.derived({**READY, **listed})
    template = ROOT / "role" / "image_published.json"
    policy = policies.filled_in(json.loads(template.read_text(encoding="utf-8")), ids)
    assert [statement["resource"] for statement in policy["statement"]] == [
        ["*"],
        [
            "qcs::as:ap-guangzhou::auto-scaling-group/asg-a",
            "qcs::as:ap-guangzhou::auto-scaling-group/asg-b",
        ],
        ["qcs::as:ap-guangzhou::launch-configuration/asc-a"],
        ["qcs::cos:ap-guangzhou:uid/1250000000:images-1250000000/manifests/*"],
    ]
    policy = json.loads(template.read_text(encoding="utf-8"))
    of_the_whole_bucket = policies.filled_in(policy, {**ids, "MANIFEST_PREFIX": ""})["statement"][
        -1
    ]
    assert of_the_whole_bucket["resource"][0].endswith("images-1250000000/*")
