"""What the documents show works: requests, signed calls, commands."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tccli

from instance_refresh.contract import check
from instance_refresh.invocation import Invocation
from instance_refresh.triggers import http
from tests.unit.documents import ALL, DOCUMENTS, ROOT, blocks

JSON = [text for name in DOCUMENTS for text in blocks(name, "json")]


@pytest.mark.parametrize("text", JSON)
def test_every_example_is_valid(text: str) -> None:
    document = json.loads(text)
    has_target = {"AutoScalingGroupId", "AutoScalingGroupIds", "Tags"} & document.keys()
    check("request" if has_target else "manifest", document, "the example")


def posted(url: str, data: str, headers: dict[str, str]) -> Any:
    """Serve a call as the function URL does, up to the point where the cloud is asked."""
    assert url == "https://function.example"
    event = {"httpMethod": "POST", "headers": headers, "body": data}
    context = {"request_id": "r", "time_limit_in_ms": 1000, "tencentcloud_region": "ap-guangzhou"}
    with Invocation("http", context) as invocation:
        answer = http.serve(event, invocation)
    return json.loads(answer["body"])["code"]


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
    monkeypatch.setenv("WEBHOOK_SECRET", secret)
    monkeypatch.setenv("FUNCTION_URL", "https://function.example")
    return {**os.environ}


def test_the_signed_call_with_openssl_and_curl(environ: dict[str, str], tmp_path: Path) -> None:
    (script,) = [text for text in blocks("README.md", "sh") if text.startswith("body=")]
    curl = tmp_path / "curl"
    curl.write_text('#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done\n')
    curl.chmod(0o755)
    path = {"PATH": f"{tmp_path}:{environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-euc", script], env=environ | path, capture_output=True, text=True, check=True
    )
    words = done.stdout.splitlines()
    named = [words[n + 1] for n, word in enumerate(words) if word == "-H"]
    headers = dict(header.split(": ", 1) for header in named)
    body = words[words.index("-d") + 1]
    assert posted(words[1], body, headers) == "CredentialsMissing"
    assert posted(words[1], body + " ", headers) == "Unauthorized"


def test_the_signed_call_from_python(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert environ["WEBHOOK_SECRET"]
    (program,) = blocks("docs/request.md", "python")

    def post(url: str, *, data: str, headers: dict[str, str], timeout: int) -> Any:
        code = posted(url, data, headers)
        return SimpleNamespace(status_code=timeout, json=lambda: code)

    monkeypatch.setattr("requests.post", post)
    exec(compile(program, "docs/request.md", "exec"), {})
    assert capsys.readouterr().out.splitlines()[-1] == "30 CredentialsMissing"


CALLS = re.findall(r"tccli (?!configure)(\w+) (\w+)([^`]*?)(?=\n|`)", ALL.replace("\\\n", " "))
OF_THE_CLI = {"endpoint", "filter"}


@pytest.mark.parametrize(("service", "action", "options"), CALLS)
def test_every_call_of_the_vendors_cli(service: str, action: str, options: str) -> None:
    folder = {"as": "autoscaling"}.get(service, service)
    versions = (Path(tccli.__file__).parent / "services" / folder).glob("v*/api.json")
    (path,) = [version for version in versions if f'"{action}"' in version.read_text()]
    known = {member["name"]: member for member in members(path, action)}
    options = options.partition("  #")[0]
    given = set(re.findall(r"--(\w+)", options)) - OF_THE_CLI
    assert given <= known.keys()
    assert {name for name, member in known.items() if member["required"]} <= given


def members(path: Path, action: str) -> list[dict[str, Any]]:
    """Give the parameters of an API's action, as the CLI knows them."""
    found: list[dict[str, Any]] = json.loads(path.read_text())["objects"][f"{action}Request"][
        "members"
    ]
    return found


def test_every_call_of_the_vendors_cli_is_found() -> None:
    assert len(CALLS) == len(re.findall(r"\btccli [a-z]+ [A-Z]", ALL))


def test_commands_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {
        name
        for rule in re.findall(r"^([a-z][a-z0-9 -]*):(?!=)", makefile, re.MULTILINE)
        for name in rule.split()
    }
    for target in set(re.findall(r"(?:^|`)make ([a-z][a-z0-9-]*)", ALL, re.MULTILINE)):
        assert target in targets, target


def test_every_option_of_the_local_cloud() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.partition("\ncloud:")[2].partition("\n\n")[0]
    options = set(re.findall(r"\$\((?:call quoted,\$\(|if \$\()(\w+)\)", recipe))
    rows = re.findall(r"^\| `([A-Z]+)` \|", DOCUMENTS["docs/local-cloud.md"], re.MULTILINE)
    assert set(rows) == options
