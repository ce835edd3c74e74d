"""`make deploy` and its siblings, with a CLI that only writes its calls down."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy import deploy

READY = deploy.derived(
    {
        **deploy.read_variables(deploy.ROOT / ".env.example"),
        "REGION": "ap-guangzhou",
        "COS_BUCKET": "images-1250000000",
        "WEBHOOK_SECRET": "whsec_" + 10 * "abcd",
    }
)


@pytest.fixture
def called(tmp_path: Path) -> Path:
    """Put an `scf` into a folder of its own; give the file that it writes its calls to."""
    path = tmp_path / "called"
    cli = tmp_path / "scf"
    cli.write_text(f'#!/bin/sh\necho "$1 $PWD $REGION" >> "{path}"\n', encoding="utf-8")
    cli.chmod(0o755)
    return path


def ready(called: Path) -> dict[str, str]:
    return {**READY, "PATH": f"{called.parent}{os.pathsep}{os.environ['PATH']}"}


def calls(called: Path) -> list[tuple[str, str]]:
    lines = [line.split() for line in called.read_text(encoding="utf-8").splitlines()]
    return [(command, os.path.relpath(folder, deploy.ROOT)) for command, folder, _ in lines]


def test_each_missing_variable_is_named_and_the_cli_too(tmp_path: Path) -> None:
    with pytest.raises(deploy.NotReady) as caught:
        deploy.check({"PATH": str(tmp_path)})
    text = str(caught.value)
    assert not [name for name in deploy.needed() if f"{name} is not set" not in text]
    assert {"REGION", "COS_BUCKET", "WEBHOOK_AUTH", "SCHEDULE_CRON"} <= deploy.needed()
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
    ],
)
def test_a_wrong_variable_is_named_with_its_form(called: Path, name: str, value: str) -> None:
    with pytest.raises(deploy.NotReady, match=f"{name} must be "):
        deploy.check({**ready(called), name: value})


def test_what_the_example_gives_is_all_but_three() -> None:
    example = deploy.read_variables(deploy.ROOT / ".env.example")
    unset = [line.split()[0] for line in deploy.missing(example, deploy.needed())]
    assert unset == ["COS_BUCKET", "REGION", "WEBHOOK_SECRET", "Set"]


def test_a_setting_that_reaches_no_function_is_named() -> None:
    (line,) = deploy.useless({"IMAGE_CREATORS": "1", "REGION": "ap-guangzhou"})
    assert line.startswith("IMAGE_CREATORS reaches no function")


def test_with_cam_nobody_needs_a_secret(called: Path) -> None:
    without = {k: v for k, v in ready(called).items() if k != "WEBHOOK_SECRET"}
    with pytest.raises(deploy.NotReady, match="WEBHOOK_SECRET is not set"):
        deploy.check(deploy.derived(without))
    deploy.check(deploy.derived({**without, "WEBHOOK_AUTH": "cam"}))


@pytest.mark.parametrize(("auth", "of_the_url"), [("signature", "NONE"), ("cam", "CAM")])
def test_the_url_is_open_only_where_the_function_checks_signatures(
    auth: str, of_the_url: str
) -> None:
    assert deploy.derived({"WEBHOOK_AUTH": auth})["WEBHOOK_URL_AUTH"] == of_the_url


def test_deploy_takes_the_layers_first(called: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    monkeypatch.setattr(deploy, "_build", lambda environ: built.append(environ["REGION"]))
    deploy.deploy(ready(called))
    assert built == ["ap-guangzhou"]
    assert calls(called) == [
        ("deploy", "layers/dependencies"),
        ("deploy", "layers/instance_refresh"),
        ("deploy", "."),
    ]


def test_update_leaves_the_dependencies(called: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "_build", dict)
    deploy.update(ready(called))
    assert calls(called) == [("deploy", "layers/instance_refresh"), ("deploy", ".")]


def test_remove_takes_the_functions_first(called: Path) -> None:
    deploy.remove(ready(called))
    assert calls(called) == [
        ("remove", "."),
        ("remove", "layers/instance_refresh"),
        ("remove", "layers/dependencies"),
    ]


def test_flags_are_handed_on_to_the_cli(called: Path) -> None:
    echo = f'#!/bin/sh\necho "$1-$2-$3" "$PWD" x >> "{called}"\n'
    (called.parent / "scf").write_text(echo, encoding="utf-8")
    deploy.remove({**ready(called), "SCF_FLAGS": "--debug --noValidation"})
    assert {command for command, _ in calls(called)} == {"remove---debug---noValidation"}


def test_a_failing_cli_stops_it_with_one_line(
    called: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (called.parent / "scf").write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    for name, value in ready(called).items():
        monkeypatch.setenv(name, value)
    assert deploy.main(["remove"]) == 1
    assert capsys.readouterr().err.startswith("remove: stopped, as `")


@pytest.mark.parametrize("arguments", [[], ["undo"], ["rollback"], ["deploy", "v1"]])
def test_anything_else_shows_the_commands(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy.main(arguments) == 2
    assert "rollback v1.2.0" in capsys.readouterr().err


def test_policies_are_limited_to_the_ids_and_the_bucket() -> None:
    ids = {**READY, "AUTO_SCALING_GROUPS": "asg-a, asg-b", "LAUNCH_CONFIGURATIONS": "asc-a"}
    template = deploy.ROOT / "role" / "image_published.json"
    policy = deploy.filled_in(json.loads(template.read_text(encoding="utf-8")), ids)
    assert [statement["resource"] for statement in policy["statement"]] == [
        ["*"],
        ["qcs::as:::auto-scaling-group/asg-a", "qcs::as:::auto-scaling-group/asg-b"],
        ["qcs::as:::launch-configuration/asc-a"],
        ["qcs::cos:ap-guangzhou:uid/1250000000:images-1250000000/manifests/*"],
    ]


def test_rollback_deploys_the_commit_from_a_tree_of_its_own(
    called: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path / "clone"
    for name in ("deploy", "layers", "role", ".env.example", "serverless.yml"):
        source = deploy.ROOT / name
        if source.is_file():
            shutil.copy(source, clone / name)
        else:
            ignored = shutil.ignore_patterns("*.py", "__pycache__")
            shutil.copytree(source, clone / name, ignore=ignored)
    then = "import os, sys; print(*sys.argv[1:], os.environ['REGION'], file=open('../../was', 'w'))"
    (clone / "deploy" / "deploy.py").write_text(then, encoding="utf-8")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "then"], ["tag", "v1"]):
        subprocess.run([*git, *command], cwd=clone, check=True)
    (clone / "deploy" / "deploy.py").write_text("raise SystemExit('now')", encoding="utf-8")
    monkeypatch.setattr(deploy, "ROOT", clone)
    for name in ("DEPENDENCIES", "LAYER"):
        monkeypatch.setattr(
            deploy,
            name,
            clone / getattr(deploy, name).relative_to(Path(deploy.__file__).parents[1]),
        )
    deploy.rollback(ready(called), "v1")
    assert (clone / "was").read_text(encoding="utf-8").strip() == "deploy ap-guangzhou"
    assert not (clone / "build" / "rollback").exists()
