"""`make deploy-scf` and its siblings, with a CLI that only writes its calls down."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from deploy import variables, vendor_cli
from deploy.ready import NotReady
from deploy.variables import ROOT
from tests.unit.deploying import READY, move

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def called(tmp_path: Path) -> Path:
    """Put an `scf` into a folder of its own; give the file that it writes its calls to."""
    path = tmp_path / "called"
    cli = tmp_path / "scf"
    cli.write_text(f'#!/bin/sh\necho "$1 $3 $PWD" >> "{path}"\n', encoding="utf-8")
    cli.chmod(0o755)
    return path


def with_cli(called: Path) -> dict[str, str]:
    return {**READY, "PATH": f"{called.parent}{os.pathsep}{os.environ['PATH']}"}


def calls(called: Path) -> list[tuple[str, str]]:
    lines = [line.split(maxsplit=2) for line in called.read_text(encoding="utf-8").splitlines()]
    assert {where for *_, where in lines} == {str(ROOT)}
    return [(command, folder) for command, folder, _ in lines]


def test_what_is_empty_reaches_no_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(ROOT / "serverless.yml", tmp_path)
    move(monkeypatch, tmp_path)
    environ = {**READY, "ALLOWED_REGIONS": "ap-guangzhou", "MANIFEST_PREFIX": ""}
    folder = vendor_cli._functions(environ, tmp_path)
    written = (folder / "serverless.yml").read_text(encoding="utf-8")
    names = variables.variables_of(written)
    assert "ALLOWED_REGIONS" in names
    assert not names & {"IMAGE_CREATORS", "MANIFEST_PREFIX", "WEBHOOK_SECRET_PREVIOUS"}
    assert "    src: ../functions\n" in written
    assert (folder / "../functions").resolve() == tmp_path / "build" / "functions"


class Url:
    """A stand-in for SCF that knows two URLs and, at times, who checks the callers of one."""

    def __init__(self, *auths: str, of: str) -> None:
        self.left, self.of = list(auths), of
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                ours = asked["FunctionName"].endswith(f"-{outer.of}")
                answer = outer.answer() if ours else triggers("NONE")
                body = json.dumps({"Response": {"RequestId": "r", **answer}}).encode()
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
        return triggers(auth)

    def environ(self) -> dict[str, str]:
        address = f"http://127.0.0.1:{self.server.server_address[1]}"
        keys = {"TENCENT_SECRET_ID": "id", "TENCENT_SECRET_KEY": "key"}
        return {"SCF_ENDPOINT": address, **keys}


def triggers(auth: str) -> dict[str, Any]:
    net = {"EnableIntranet": False, "EnableExtranet": True}
    desc = json.dumps({"AuthType": auth, "NetConfig": net})
    trigger = {"Type": "http", "TriggerName": "url", "Qualifier": "$DEFAULT", "Enable": 1}
    return {"Triggers": [{**trigger, "TriggerDesc": desc}]}


@contextmanager
def url(*auths: str, of: str = "webhook") -> Iterator[dict[str, str]]:
    made = Url(*auths, of=of)
    yield made.environ()
    made.server.shutdown()
    made.server.server_close()
    assert made.left == []


def cam(name: str = "WEBHOOK") -> dict[str, str]:
    return {f"{name}_AUTH": "cam", f"{name}_SECRET": "", f"{name}_URL_AUTH": "CAM"}


CAM = cam()


@pytest.mark.usefixtures("clone")
@pytest.mark.parametrize("function", vendor_cli.URLS)
def test_an_open_url_is_closed_before_its_function_trusts_cam(
    called: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    monkeypatch.setattr(vendor_cli, "build", lambda *_: None)
    name = vendor_cli.URLS[function]
    echo = f'#!/bin/sh\necho "$3 ${name}_AUTH ${name}_URL_AUTH" >> "{called}"\n'
    (called.parent / "scf").write_text(echo, encoding="utf-8")
    with url("NONE", "CAM", "CAM", of=function) as stand_in:
        vendor_cli.update({**with_cli(called), **cam(name), **stand_in})
    _, *functions = called.read_text(encoding="utf-8").splitlines()
    assert functions == ["build/deploy signature CAM", "build/deploy cam CAM"]
    for before in ("", "CAM"):
        with url(before, "CAM", of=function) as stand_in:
            vendor_cli.update({**with_cli(called), **cam(name), **stand_in})
    assert len(called.read_text(encoding="utf-8").splitlines()) == 3 + 2 + 2


@pytest.mark.usefixtures("clone")
@pytest.mark.parametrize("after", ["NONE", ""])
def test_where_the_url_is_not_closed_nobody_is_served(
    called: Path, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    monkeypatch.setattr(vendor_cli, "build", lambda *_: None)
    echo = f'#!/bin/sh\necho "$3 $WEBHOOK_AUTH$WEBHOOK_SECRET" >> "{called}"\n'
    (called.parent / "scf").write_text(echo, encoding="utf-8")
    loudly = f"URL HAS AuthType {after or 'unknown'}, AND CAM WAS ASKED FOR"
    with url("NONE", after) as stand_in, pytest.raises(NotReady, match=loudly):
        vendor_cli.deploy({**with_cli(called), **CAM, **stand_in})
    assert called.read_text(encoding="utf-8").splitlines()[-1] == "build/deploy signature"


def test_a_url_that_is_not_as_asked_is_said_loudly(
    called: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vendor_cli, "build", lambda *_: None)
    with url("CAM") as stand_in, pytest.raises(NotReady, match="CAM, AND NONE WAS ASKED"):
        vendor_cli.deploy({**with_cli(called), **stand_in})


def test_deploy_takes_the_layers_first(called: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    monkeypatch.setattr(vendor_cli, "build", lambda environ, _: built.append(environ["REGION"]))
    with url("NONE") as stand_in:
        vendor_cli.deploy({**with_cli(called), **stand_in})
    assert built == ["ap-guangzhou"]
    assert calls(called) == [
        ("deploy", "layers/dependencies"),
        ("deploy", "layers/instance_refresh"),
        ("deploy", "build/deploy"),
    ]


def test_update_leaves_the_dependencies(called: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor_cli, "build", lambda *_: None)
    with url("NONE") as stand_in:
        vendor_cli.update({**with_cli(called), **stand_in})
    assert calls(called) == [("deploy", "layers/instance_refresh"), ("deploy", "build/deploy")]


def test_remove_takes_the_functions_first(called: Path) -> None:
    vendor_cli.remove(with_cli(called))
    assert calls(called) == [
        ("remove", "build/deploy"),
        ("remove", "layers/instance_refresh"),
        ("remove", "layers/dependencies"),
    ]


def test_remove_needs_no_setting_to_be_right(called: Path) -> None:
    vendor_cli.remove({**with_cli(called), "PAUSED_LIMIT": "2 hours", "SCHEDULE_CRON": "never"})
    with pytest.raises(NotReady, match="REGION is not set"):
        vendor_cli.remove({**with_cli(called), "REGION": ""})


def test_flags_are_handed_on_to_the_cli(called: Path) -> None:
    echo = f'#!/bin/sh\necho "$1 $4$5 $PWD" >> "{called}"\n'
    (called.parent / "scf").write_text(echo, encoding="utf-8")
    vendor_cli.remove({**with_cli(called), "SCF_FLAGS": "--debug --noValidation"})
    assert set(calls(called)) == {("remove", "--debug--noValidation")}


def test_one_login_serves_all_folders(called: Path, clone: Path) -> None:
    (clone / ".env").write_text("TENCENT_TOKEN=expired\n", encoding="utf-8")
    login = f"""#!/bin/sh
echo "$TENCENT_TOKEN" >> "{called}"
[ "$TENCENT_TOKEN" = fresh ] || echo TENCENT_TOKEN=fresh > .env
"""
    (called.parent / "scf").write_text(login, encoding="utf-8")
    vendor_cli.remove({**with_cli(called), "TENCENT_TOKEN": "expired"})
    assert called.read_text(encoding="utf-8").split() == ["expired", "fresh", "fresh"]


def test_a_failing_cli_stops_it_with_one_line(
    called: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (called.parent / "scf").write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    for name, value in with_cli(called).items():
        monkeypatch.setenv(name, value)
    assert vendor_cli.main(["remove"]) == 1
    assert capsys.readouterr().err.startswith("remove: stopped, as `")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a clone with the tag v1, and work on it."""
    clone = tmp_path / "clone"
    for name in ("layers", "role", ".env.example", "serverless.yml"):
        source = ROOT / name
        if source.is_file():
            shutil.copy(source, clone / name)
        else:
            shutil.copytree(source, clone / name, ignore=shutil.ignore_patterns("*.py"))
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "then"], ["tag", "v1"]):
        subprocess.run([*git, *command], cwd=clone, check=True)
    move(monkeypatch, clone)
    return clone


def test_rollback_deploys_the_commit_with_the_settings_of_now(
    called: Path, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[Path] = []
    monkeypatch.setattr(vendor_cli, "build", lambda _, root: built.append(root))
    echo = f'#!/bin/sh\necho "$3 $REGION $IMAGE_CREATORS" >> "{called}"\n'
    (called.parent / "scf").write_text(echo, encoding="utf-8")
    with url("NONE") as stand_in:
        vendor_cli.rollback(
            {**with_cli(called), **stand_in, "IMAGE_CREATORS": "100000000001"}, "v1"
        )
    tree = clone / "build" / "rollback"
    assert built == [tree]
    folders = ("layers/dependencies", "layers/instance_refresh", "build/deploy")
    assert called.read_text(encoding="utf-8").splitlines() == [
        f"build/rollback/{folder} ap-guangzhou 100000000001" for folder in folders
    ]
    assert not tree.exists()


def test_rollback_looks_at_the_commit_before_anything_else(clone: Path) -> None:
    environ = {"PATH": os.environ["PATH"]}
    with pytest.raises(NotReady, match="make rollback TO=HEAD~1"):
        vendor_cli.rollback(environ, "")
    with pytest.raises(NotReady, match="v9 is no commit or tag"):
        vendor_cli.rollback(environ, "v9")
    assert not (clone / "build" / "rollback").exists()


def test_rollback_refuses_a_commit_that_would_drop_a_limit(called: Path, clone: Path) -> None:
    yml = clone / "serverless.yml"
    lines = yml.read_text(encoding="utf-8").splitlines(keepends=True)
    yml.write_text("".join(x for x in lines if "IMAGE_CREATORS" not in x), encoding="utf-8")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run([*git, "commit", "-qm", "without", "serverless.yml"], cwd=clone, check=True)
    with pytest.raises(NotReady, match="HEAD knows no IMAGE_CREATORS"):
        vendor_cli.rollback({**with_cli(called), "IMAGE_CREATORS": "100000000001"}, "HEAD")
    assert not called.exists()
