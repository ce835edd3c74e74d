"""The README is a contract: its tables say what the code says."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest
import tccli

from instance_refresh import settings
from instance_refresh.contract import check, schema
from instance_refresh.errors import API_ERRORS, NotServed
from instance_refresh.invocation import Invocation
from instance_refresh.model.action import PAUSED_ACTIONS, Code
from instance_refresh.model.outcome import Ended, Outcome
from instance_refresh.model.policy import _READERS, FAIL_PROCESSES, PAUSES
from instance_refresh.model.window import window
from instance_refresh.rollout.find import INVALID_TAG
from instance_refresh.rules.preflight import REFUSALS
from instance_refresh.rules.rings import WaitCode
from instance_refresh.triggers import http

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SOURCES = ROOT / "layers/instance_refresh/instance_refresh"


def table(*header: str) -> list[list[str]]:
    """Give the rows of the table that has this header."""
    lines = README.splitlines()
    start = lines.index(f"| {' | '.join(header)} |")
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def names(*header: str) -> list[str]:
    return [name for row in table(*header) for name in re.findall(r"`([^`]+)`", row[0])]


def properties(rules: dict[str, Any]) -> set[str]:
    """Give every field of a schema, at any depth."""
    found = set(rules.get("properties", {}))
    for value in rules.values():
        if isinstance(value, dict):
            found |= properties(value)
    return found


def test_every_field_of_a_request() -> None:
    documented = set(names("field", "type", "meaning"))
    assert documented == properties(schema("request")) - {"Key", "Value"}


def test_every_outcome() -> None:
    assert names("outcome", "meaning") == list(get_args(Ended))


def test_every_level(capsys: pytest.CaptureFixture[str]) -> None:
    documented = {
        row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in table("level", "lines")
    }
    known: tuple[Ended, ...] = get_args(Ended)
    with Invocation("timer", {}) as invocation:
        for urgent in (False, True):
            told = [name for name in known if not urgent or name == "attention"]
            invocation.keep(tuple(Outcome(name, "", "", urgent=urgent) for name in told))
        for code in documented["INFO"]:
            invocation.note(code, "")
        invocation.fail(NotServed("WrongTrigger", 400, "", ""))
    logged: dict[str, set[str]] = {}
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        what = line.get("outcome") or line.get("code") or line["message"]
        logged.setdefault(line["level"], set()).add(what)
    assert logged["ERROR"] == documented["ERROR"] | {"WrongTrigger"}
    assert logged["WARNING"] == documented["WARNING"]
    others = set(known) - documented["ERROR"] - documented["WARNING"]
    assert logged["INFO"] == others | documented["INFO"] | {"summary"}


def test_every_tag() -> None:
    rows = table("tag", "accepted", "meaning")
    assert [row[0].strip("`") for row in rows] == list(_READERS)
    accepted = {row[0].strip("`").partition(":")[2]: row[1] for row in rows}
    for tag, words in (
        ("batch-pause", PAUSES),
        ("fail-process", FAIL_PROCESSES),
        ("paused-action", PAUSED_ACTIONS),
    ):
        assert re.findall(r"`([^`]+)`", accepted[tag]) == list(words)
    window(accepted["window"].strip("`"))
    (meaning,) = [row[2] for row in rows if row[0].strip("`").endswith(":window")]
    days, hours = re.findall(r"`([^`]+)`", meaning)
    zone = "02:00-05:00 Asia/Shanghai"
    assert window(f"{days} {zone}").days == {0, 2}
    assert window(zone).days == set(range(7))
    assert window(f"Mon {hours} UTC").open_at(datetime(2026, 1, 6, 3, tzinfo=timezone.utc))


def test_every_setting_and_its_default() -> None:
    rows = {row[0].strip("`"): row[1].strip("`") for row in table("variable", "default", "meaning")}
    assert set(rows) == set(settings.NAMES)
    defaults = {
        name: text for name, text in rows.items() if text not in ("none", "any") and " " not in text
    }
    assert settings.settings(defaults) == settings.settings({})


def test_every_refusal() -> None:
    rows = table("code", "meaning and remedy")
    assert [(row[0].strip("`"), row[1]) for row in rows] == [
        (code, rule.remedy) for code, rule in REFUSALS.items()
    ]


def test_every_api_error() -> None:
    rows = table("code", "outcome", "HTTP", "again", "remedy")
    assert [tuple(cell.strip("`") for cell in row) for row in rows] == [
        (
            code or "any other",
            rule.outcome,
            str(rule.status),
            "yes" if rule.retryable else "no",
            rule.remedy,
        )
        for code, rule in API_ERRORS.items()
    ]


def codes(header: str) -> set[str]:
    """Give the codes of the table that follows this sentence."""
    part = README[README.index(header) :]
    rows = re.match(r"[^|]*((?:\|.*\n)+)", part)
    assert rows
    return set(re.findall(r"^\| `([^`]+)`", rows[1], re.MULTILINE))


def test_every_state() -> None:
    assert codes("The summary line counts groups") == set(get_args(WaitCode))


def test_every_watch_code() -> None:
    assert codes("Codes of `attention`, `resumed`") == {*get_args(Code), "WaveHeld", INVALID_TAG}


def test_every_note() -> None:
    noted = {
        code
        for path in SOURCES.rglob("*.py")
        for code in re.findall(r'\.note\("(\w+)"', path.read_text())
    }
    assert codes("What a line without an outcome says") == noted


@pytest.mark.parametrize("text", re.findall(r"```json\n(.*?)```", README, re.DOTALL))
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
    (script,) = re.findall(r"```sh\n(body=.*?)```", README, re.DOTALL)
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
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

    def post(url: str, *, data: str, headers: dict[str, str], timeout: int) -> Any:
        code = posted(url, data, headers)
        return SimpleNamespace(status_code=timeout, json=lambda: code)

    monkeypatch.setattr("requests.post", post)
    exec(compile(program, "README.md", "exec"), {})
    assert capsys.readouterr().out.splitlines()[-1] == "30 CredentialsMissing"


CALLS = re.findall(r"tccli (?!configure)(\w+) (\w+)([^`]*?)(?=\n|`)", README.replace("\\\n", " "))


@pytest.mark.parametrize(("service", "action", "options"), CALLS)
def test_every_call_of_the_vendors_cli(service: str, action: str, options: str) -> None:
    folder = {"as": "autoscaling"}.get(service, service)
    versions = (Path(tccli.__file__).parent / "services" / folder).glob("v*/api.json")
    (path,) = [version for version in versions if f'"{action}"' in version.read_text()]
    known = {member["name"]: member for member in members(path, action)}
    options = options.partition("  #")[0]
    given = set(re.findall(r"--(\w+)", options)) - {"endpoint"}
    assert given <= known.keys()
    assert {name for name, member in known.items() if member["required"]} <= given


def members(path: Path, action: str) -> list[dict[str, Any]]:
    """Give the parameters of an API's action, as the CLI knows them."""
    found: list[dict[str, Any]] = json.loads(path.read_text())["objects"][f"{action}Request"][
        "members"
    ]
    return found


def test_every_call_of_the_vendors_cli_is_found() -> None:
    assert len(CALLS) == len(re.findall(r"\btccli [a-z]+ [A-Z]", README))


def test_commands_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"^make (\w+)", README, re.MULTILINE)):
        assert re.search(rf"^(\w+ )*{target}( \w+)*:", makefile, re.MULTILINE), target
