"""`make deploy` and its siblings, with a CLI that only writes its calls down."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from deploy import deploy, variables
from deploy.variables import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READY = variables.derived(
    {
        **variables.read_variables(ROOT / ".env.example"),
        "REGION": "ap-guangzhou",
        "COS_BUCKET": "images-1250000000",
        "WEBHOOK_SECRET": "whsec_" + 10 * "abcd",
    }
)


def move(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """Let the commands work on another tree."""
    for name in ("ROOT", "DEPENDENCIES", "LAYER"):
        path = root / getattr(variables, name).relative_to(ROOT)
        for module in (deploy, variables):
            monkeypatch.setattr(module, name, path)


@pytest.fixture
def called(tmp_path: Path) -> Path:
    """Put an `scf` into a folder of its own; give the file that it writes its calls to."""
    path = tmp_path / "called"
    cli = tmp_path / "scf"
    cli.write_text(f'#!/bin/sh\necho "$1 $3 $PWD" >> "{path}"\n', encoding="utf-8")
    cli.chmod(0o755)
    return path


def ready(called: Path) -> dict[str, str]:
    return {**READY, "PATH": f"{called.parent}{os.pathsep}{os.environ['PATH']}"}


def calls(called: Path) -> list[tuple[str, str]]:
    lines = [line.split(maxsplit=2) for line in called.read_text(encoding="utf-8").splitlines()]
    assert {where for *_, where in lines} == {str(ROOT)}
    return [(command, folder) for command, folder, _ in lines]


def test_each_missing_variable_is_named_and_the_cli_too(tmp_path: Path) -> None:
    with pytest.raises(deploy.NotReady) as caught:
        deploy.check({"PATH": str(tmp_path)})
    text = str(caught.value)
    required = variables.needed() - {
        "ALLOWED_GROUPS",
        "ALLOWED_REGIONS",
        "COS_ENDPOINT",
        "IMAGE_CREATORS",
        "MANIFEST_PREFIX",
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
def test_a_wrong_variable_is_named_with_its_form(called: Path, name: str, value: str) -> None:
    with pytest.raises(deploy.NotReady, match=f"{name} must be "):
        deploy.check({**ready(called), name: value})


def test_lists_have_commas_and_spaces_as_the_functions_read_them(called: Path) -> None:
    groups = "asg-9dn1a5y6 , asg-1a2b3c4d,"
    listed = {
        "ALLOWED_GROUPS": groups,
        "AUTO_SCALING_GROUPS": groups,
        "LAUNCH_CONFIGURATIONS": "asc-3d9e2zfx",
        "ALLOWED_REGIONS": "ap-guangzhou,eu-frankfurt",
        "IMAGE_CREATORS": "100000000001, tencent",
    }
    deploy.check({**ready(called), **listed})
    deploy.check({**ready(called), "IMAGE_CREATORS": "*"})


def test_what_the_example_gives_is_all_but_three() -> None:
    example = variables.read_variables(ROOT / ".env.example")
    unset = [line.split()[0] for line in variables.missing(example, variables.needed())]
    assert unset == ["COS_BUCKET", "REGION", "WEBHOOK_SECRET", "Set"]


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
def test_the_endpoint_of_a_local_stand_in_is_named_and_how_to_be_rid_of_it(
    called: Path, value: str
) -> None:
    with pytest.raises(deploy.NotReady) as caught:
        deploy.check({**ready(called), "CVM_ENDPOINT": value})
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


def test_what_is_empty_reaches_no_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "serverless.yml", tmp_path)
    move(monkeypatch, tmp_path)
    environ = {**READY, "ALLOWED_REGIONS": "ap-guangzhou", "MANIFEST_PREFIX": ""}
    folder = deploy._functions(environ)
    written = (folder / "serverless.yml").read_text(encoding="utf-8")
    names = variables.variables_of(written)
    assert "ALLOWED_REGIONS" in names
    assert not names & {"IMAGE_CREATORS", "MANIFEST_PREFIX", "WEBHOOK_SECRET_PREVIOUS"}
    assert "    src: ../functions\n" in written
    assert (folder / "../functions").resolve() == tmp_path / "build" / "functions"


def test_with_cam_nobody_needs_a_secret(called: Path) -> None:
    without = {k: v for k, v in ready(called).items() if k != "WEBHOOK_SECRET"}
    with pytest.raises(deploy.NotReady, match="WEBHOOK_SECRET is not set"):
        deploy.check(variables.derived(without))
    deploy.check(variables.derived({**without, "WEBHOOK_AUTH": "cam"}))


@pytest.mark.parametrize("name", ["WEBHOOK_SECRET", "WEBHOOK_SECRET_PREVIOUS"])
def test_with_cam_a_secret_is_refused(called: Path, name: str) -> None:
    secret = READY["WEBHOOK_SECRET"]
    environ = {**ready(called), "WEBHOOK_SECRET": "", "WEBHOOK_AUTH": "cam", name: secret}
    with pytest.raises(deploy.NotReady, match=f"takes no signature: leave {name} empty") as caught:
        deploy.check(variables.derived(environ))
    assert secret not in str(caught.value)


@pytest.mark.parametrize(("auth", "of_the_url"), [("signature", "NONE"), ("cam", "CAM")])
def test_the_url_is_open_only_where_the_function_checks_signatures(
    auth: str, of_the_url: str
) -> None:
    assert variables.derived({"WEBHOOK_AUTH": auth})["WEBHOOK_URL_AUTH"] == of_the_url


def test_functions_and_roles_serve_the_region_alone_unless_more_are_allowed() -> None:
    assert READY["ALLOWED_REGIONS"] == "ap-guangzhou"
    listed = {**READY, "ALLOWED_REGIONS": "ap-guangzhou, ap-shanghai"}
    assert variables.derived(listed) == listed


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


class Url:
    """A stand-in for SCF that knows the webhook's URL and, at times, who checks its callers."""

    def __init__(self, *auths: str) -> None:
        self.left = list(auths)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                body = json.dumps({"Response": {"RequestId": "r", **outer.answer()}}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self) -> dict[str, Any]:
        auth = self.left.pop(0)
        if not auth:
            return {"Error": {"Code": "ResourceNotFound.Function", "Message": "none"}}
        return {"Triggers": [{"Type": "http", "TriggerDesc": json.dumps({"AuthType": auth})}]}

    def environ(self) -> dict[str, str]:
        address = f"http://127.0.0.1:{self.server.server_address[1]}"
        keys = {"TENCENT_SECRET_ID": "id", "TENCENT_SECRET_KEY": "key"}
        return {"SCF_ENDPOINT": address, **keys}


@contextmanager
def url(*auths: str) -> Iterator[dict[str, str]]:
    made = Url(*auths)
    yield made.environ()
    made.server.shutdown()
    made.server.server_close()
    assert made.left == []


CAM = {"WEBHOOK_AUTH": "cam", "WEBHOOK_SECRET": "", "WEBHOOK_URL_AUTH": "CAM"}


@pytest.mark.usefixtures("clone")
def test_an_open_url_is_closed_before_its_function_trusts_cam(
    called: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploy, "_build", dict)
    echo = f'#!/bin/sh\necho "$3 $WEBHOOK_AUTH $WEBHOOK_URL_AUTH" >> "{called}"\n'
    (called.parent / "scf").write_text(echo, encoding="utf-8")
    with url("NONE", "CAM", "CAM") as stand_in:
        deploy.update({**ready(called), **CAM, **stand_in})
    _, *functions = called.read_text(encoding="utf-8").splitlines()
    assert functions == ["build/deploy signature CAM", "build/deploy cam CAM"]
    for before in ("", "CAM"):
        with url(before, "CAM") as stand_in:
            deploy.update({**ready(called), **CAM, **stand_in})
    assert len(called.read_text(encoding="utf-8").splitlines()) == 3 + 2 + 2


@pytest.mark.usefixtures("clone")
@pytest.mark.parametrize("after", ["NONE", ""])
def test_where_the_url_is_not_closed_nobody_is_served(
    called: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    monkeypatch.setattr(deploy, "_build", dict)
    echo = f'#!/bin/sh\necho "$3 $WEBHOOK_AUTH$WEBHOOK_SECRET" >> "{called}"\n'
    (called.parent / "scf").write_text(echo, encoding="utf-8")
    loudly = f"URL HAS AuthType {after or 'unknown'}, AND CAM WAS ASKED FOR"
    with url("NONE", after) as stand_in, pytest.raises(deploy.NotReady, match=loudly):
        deploy.deploy({**ready(called), **CAM, **stand_in})
    assert called.read_text(encoding="utf-8").splitlines()[-1] == "build/deploy signature"


def test_a_url_that_is_not_as_asked_is_said_loudly(
    called: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploy, "_build", dict)
    with url("CAM") as stand_in, pytest.raises(deploy.NotReady, match="CAM, AND NONE WAS ASKED"):
        deploy.deploy({**ready(called), **stand_in})


def test_deploy_takes_the_layers_first(called: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    monkeypatch.setattr(deploy, "_build", lambda environ: built.append(environ["REGION"]))
    with url("NONE") as stand_in:
        deploy.deploy({**ready(called), **stand_in})
    assert built == ["ap-guangzhou"]
    assert calls(called) == [
        ("deploy", "layers/dependencies"),
        ("deploy", "layers/instance_refresh"),
        ("deploy", "build/deploy"),
    ]


def test_update_leaves_the_dependencies(called: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "_build", dict)
    with url("NONE") as stand_in:
        deploy.update({**ready(called), **stand_in})
    assert calls(called) == [("deploy", "layers/instance_refresh"), ("deploy", "build/deploy")]


def test_remove_takes_the_functions_first(called: Path) -> None:
    deploy.remove(ready(called))
    assert calls(called) == [
        ("remove", "build/deploy"),
        ("remove", "layers/instance_refresh"),
        ("remove", "layers/dependencies"),
    ]


def test_remove_needs_no_setting_to_be_right(called: Path) -> None:
    deploy.remove({**ready(called), "PAUSED_LIMIT": "2 hours", "SCHEDULE_CRON": "never"})
    with pytest.raises(deploy.NotReady, match="REGION is not set"):
        deploy.remove({**ready(called), "REGION": ""})


def test_flags_are_handed_on_to_the_cli(called: Path) -> None:
    echo = f'#!/bin/sh\necho "$1 $4$5 $PWD" >> "{called}"\n'
    (called.parent / "scf").write_text(echo, encoding="utf-8")
    deploy.remove({**ready(called), "SCF_FLAGS": "--debug --noValidation"})
    assert set(calls(called)) == {("remove", "--debug--noValidation")}


def test_one_login_serves_all_folders(called: Path, clone: Path) -> None:
    (clone / ".env").write_text("TENCENT_TOKEN=expired\n", encoding="utf-8")
    login = f"""#!/bin/sh
echo "$TENCENT_TOKEN" >> "{called}"
[ "$TENCENT_TOKEN" = fresh ] || echo TENCENT_TOKEN=fresh > .env
"""
    (called.parent / "scf").write_text(login, encoding="utf-8")
    deploy.remove({**ready(called), "TENCENT_TOKEN": "expired"})
    assert called.read_text(encoding="utf-8").split() == ["expired", "fresh", "fresh"]


def test_a_failing_cli_stops_it_with_one_line(
    called: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (called.parent / "scf").write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    for name, value in ready(called).items():
        monkeypatch.setenv(name, value)
    assert deploy.main(["remove"]) == 1
    assert capsys.readouterr().err.startswith("remove: stopped, as `")


def test_what_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    move(monkeypatch, tmp_path)
    for name, value in READY.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "build").write_text("", encoding="utf-8")
    assert deploy.main(["role"]) == 1
    assert capsys.readouterr().err.startswith("role: [Errno ")


@pytest.mark.parametrize("arguments", [[], ["undo"], ["rollback"], ["deploy", "v1"]])
def test_anything_else_shows_the_commands(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert deploy.main(arguments) == 2
    assert "rollback v1.2.0" in capsys.readouterr().err


def test_policies_are_limited_to_the_ids_and_the_bucket() -> None:
    ids = {**READY, "AUTO_SCALING_GROUPS": "asg-a, asg-b", "LAUNCH_CONFIGURATIONS": "asc-a"}
    template = ROOT / "role" / "image_published.json"
    policy = deploy.filled_in(json.loads(template.read_text(encoding="utf-8")), ids)
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
    of_the_whole_bucket = deploy.filled_in(policy, {**ids, "MANIFEST_PREFIX": ""})["statement"][-1]
    assert of_the_whole_bucket["resource"][0].endswith("images-1250000000/*")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a clone with the tag v1, whose deploy.py writes down how it was called."""
    clone = tmp_path / "clone"
    for name in ("deploy", "layers", "role", ".env.example", "serverless.yml"):
        source = ROOT / name
        if source.is_file():
            shutil.copy(source, clone / name)
        else:
            ignored = shutil.ignore_patterns("*.py", "__pycache__")
            shutil.copytree(source, clone / name, ignore=ignored)
    names = "os.environ['REGION'], os.environ['IMAGE_CREATORS']"
    then = f"import os, sys; print(*sys.argv[1:], {names}, file=open('../../was', 'w'))"
    (clone / "deploy" / "deploy.py").write_text(then, encoding="utf-8")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "then"], ["tag", "v1"]):
        subprocess.run([*git, *command], cwd=clone, check=True)
    (clone / "deploy" / "deploy.py").write_text("raise SystemExit('now')", encoding="utf-8")
    move(monkeypatch, clone)
    return clone


def test_rollback_deploys_the_commit_with_the_settings_of_now(called: Path, clone: Path) -> None:
    deploy.rollback({**ready(called), "IMAGE_CREATORS": "100000000001"}, "v1")
    was = (clone / "was").read_text(encoding="utf-8").strip()
    assert was == "deploy ap-guangzhou 100000000001"
    assert not (clone / "build" / "rollback").exists()


def test_rollback_looks_at_the_commit_before_anything_else(clone: Path) -> None:
    environ = {"PATH": os.environ["PATH"]}
    with pytest.raises(deploy.NotReady, match="make rollback TO=HEAD~1"):
        deploy.rollback(environ, "")
    with pytest.raises(deploy.NotReady, match="v9 is no commit or tag"):
        deploy.rollback(environ, "v9")
    assert not (clone / "build" / "rollback").exists()


def test_rollback_refuses_a_commit_that_would_drop_a_limit(called: Path, clone: Path) -> None:
    yml = clone / "serverless.yml"
    lines = yml.read_text(encoding="utf-8").splitlines(keepends=True)
    yml.write_text("".join(x for x in lines if "IMAGE_CREATORS" not in x), encoding="utf-8")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run([*git, "commit", "-qm", "without", "serverless.yml"], cwd=clone, check=True)
    with pytest.raises(deploy.NotReady, match="HEAD knows no IMAGE_CREATORS"):
        deploy.rollback({**ready(called), "IMAGE_CREATORS": "100000000001"}, "HEAD")
    deploy.rollback({**ready(called), "IMAGE_CREATORS": ""}, "HEAD")
    assert (clone / "was").exists()
