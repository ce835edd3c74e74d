"""The documents are a contract: their tables say what the code says."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, get_args

import yaml

from deploy.variables import needed_by_roles, read_variables
from instance_refresh import settings
from instance_refresh.contract import schema
from instance_refresh.errors import (
    API_ERRORS,
    InstanceRefreshError,
    InvalidInput,
    InvalidSetting,
    NotServed,
)
from instance_refresh.invocation import Invocation
from instance_refresh.model.action import PAUSED_ACTIONS, Code
from instance_refresh.model.outcome import Ended, Outcome, Plan, Refusal
from instance_refresh.model.policy import _READERS, FAIL_PROCESSES, PAUSES
from instance_refresh.model.window import window
from instance_refresh.notify.channels import Kind
from instance_refresh.rollout.find import INVALID_TAG
from instance_refresh.rules.preflight import REFUSALS
from instance_refresh.rules.rings import WaitCode
from local.control import ALL as FAULTS
from tests.unit.documents import DOCUMENTS, PACKAGE, ROOT, names, quoted, table

if TYPE_CHECKING:
    import pytest

SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
RUNBOOK = ("code", "means", "look at", "do")


def properties(rules: dict[str, Any]) -> set[str]:
    """Give every field of a schema, at any depth."""
    found = set(rules.get("properties", {}))
    for value in rules.values():
        if isinstance(value, dict):
            found |= properties(value)
    return found


def test_every_field_of_a_request() -> None:
    documented = set(names("docs/request.md", "field", "type", "meaning"))
    assert documented == properties(schema("request")) - {"Key", "Value"}


def test_every_outcome() -> None:
    assert names("docs/request.md", "outcome", "meaning") == list(get_args(Ended))


def full_outcome() -> Outcome:
    plan = Plan(4, 1, 1, 2, 2, ("asg-b",), "img-a")
    fields: dict[str, Any] = {
        "group": "asg-a",
        "group_name": "a",
        "image": "img-b",
        "activity": "asr-a",
        "code": "Code",
        "remedy": "do",
        "request_id": "r-2",
    }
    return Outcome(
        "failed",
        "why",
        "ap-guangzhou",
        retryable=True,
        since=datetime(2026, 1, 6, 3, tzinfo=timezone.utc),
        family="web",
        refusals=(Refusal("Code", "why", "do"),),
        notes=("note",),
        plan=plan,
        **fields,
    )


def test_every_field_of_an_outcome() -> None:
    document = full_outcome().document()
    documented = names("docs/request.md", "field", "meaning")
    assert set(documented) == document.keys() - {"Outcome"}
    text = DOCUMENTS["docs/request.md"]
    assert {name for name in document["Plan"] if f"`{name}`" not in text} - {"BatchNumber"} == set()


def levels() -> dict[str, set[str]]:
    rows = table("docs/operating.md", "level", "lines")
    return {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in rows}


def test_every_level(capsys: pytest.CaptureFixture[str]) -> None:
    documented = levels()
    known: tuple[Ended, ...] = get_args(Ended)
    with Invocation("timer", {}) as invocation:
        for urgent in (False, True):
            told = [name for name in known if not urgent or name == "attention"]
            invocation.keep(tuple(Outcome(name, "", "", urgent=urgent) for name in told))
        for code in documented["INFO"]:
            invocation.note(code, "")
        invocation.fail(NotServed("WrongTrigger", 400, "", ""))
        invocation.warn("NotTold", "")
    logged: dict[str, set[str]] = {}
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        what = line.get("outcome") or line.get("code") or line["message"]
        logged.setdefault(line["level"], set()).add(what)
    assert logged["ERROR"] == documented["ERROR"] | {"WrongTrigger"}
    assert logged["WARNING"] == documented["WARNING"]
    others = set(known) - documented["ERROR"] - documented["WARNING"]
    assert logged["INFO"] == others | documented["INFO"] | {"summary"}


def test_every_field_of_a_log_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Invocation("cos", {}) as invocation:
        invocation.keep((full_outcome(),))
        invocation.note("Ignored", "why", "bucket/key")
        invocation.turn_away(NotServed("Unauthorized", 401, "", ""))
        invocation.crashed(ValueError())
        invocation.states, invocation.families = {"queued": 1}, {"web": {"groups": 1}}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    rows = table("docs/operating.md", "field", "in", "meaning")
    documented = {name for row in rows for name in quoted(row[0])}
    assert documented == {name for line in lines for name in line}


def test_every_tag() -> None:
    rows = table("docs/following.md", "tag", "accepted", "meaning")
    assert [row[0].strip("`") for row in rows] == list(_READERS)
    accepted = {row[0].strip("`").partition(":")[2]: row[1] for row in rows}
    for tag, words in (
        ("batch-pause", PAUSES),
        ("fail-process", FAIL_PROCESSES),
        ("paused-action", PAUSED_ACTIONS),
    ):
        assert quoted(accepted[tag]) == list(words)
    window(accepted["window"].strip("`"))
    (meaning,) = [row[2] for row in rows if row[0].strip("`").endswith(":window")]
    days, hours = quoted(meaning)
    zone = "02:00-05:00 Asia/Shanghai"
    assert window(f"{days} {zone}").days == {0, 2}
    assert window(zone).days == set(range(7))
    assert window(f"Mon {hours} UTC").open_at(datetime(2026, 1, 6, 3, tzinfo=timezone.utc))


def test_every_action_on_a_pause() -> None:
    assert names("docs/following.md", "action", "does") == list(PAUSED_ACTIONS)


def test_every_setting_and_its_default() -> None:
    table_ = table("docs/settings.md", "variable", "default", "meaning")
    rows = {row[0].strip("`"): row[1].strip("`") for row in table_}
    assert set(rows) == set(settings.NAMES)
    defaults = {
        name: text for name, text in rows.items() if text not in ("none", "any") and " " not in text
    }
    assert settings.settings(defaults) == settings.settings({})


def test_every_variable_of_a_deploy() -> None:
    """What `.env` takes and no function reads is in the one table, the settings in the other."""
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    known = read_variables(ROOT / ".env.example").keys() | set(
        re.findall(r"^# ([A-Z_]+)=", example, re.MULTILINE)
    )
    rows = table("docs/deploying.md", "variable", "what")
    documented = {name for row in rows for name in quoted(row[0])}
    assert documented == known - set(settings.NAMES)


def test_every_role_is_made_by_hand_and_brought_up_to_date() -> None:
    text = DOCUMENTS["docs/deploying.md"]
    loops = re.findall(r"^for function in (.*); do$", text, re.MULTILINE)
    functions = {path.stem for path in (ROOT / "role").glob("*.json")} - {"trust-policy"}
    assert [set(loop.split()) for loop in loops] == [functions] * 2
    (changed,) = re.findall(r"After a change of (.*?) or a file in `role/`", text, re.DOTALL)
    regions = {"REGION", "REGIONS"}  # which the allowed ones are, where none are listed
    assert {*quoted(changed)} == needed_by_roles() | regions | {
        "ALLOWED_ACTIONS",
        "MODE",
        "COS_BUCKET",
    }


def test_a_deployment_is_counted() -> None:
    yml = yaml.safe_load((ROOT / "serverless.yml").read_text(encoding="utf-8"))["inputs"]
    words = ["zero", "one", "two", "three", "four", "five"]
    functions, layers, triggers = (words[len(yml[k])] for k in ("functions", "layers", "triggers"))
    made = f"{functions} roles with their policies, {layers} layers, {functions} functions and"
    said = f"{made} {triggers} triggers, in one region".capitalize()
    assert said in DOCUMENTS["docs/deploying.md"]


def test_every_refusal() -> None:
    rows = table("docs/errors.md", "code", "meaning and remedy")
    assert [(row[0].strip("`"), row[1]) for row in rows] == [
        (code, rule.remedy) for code, rule in REFUSALS.items()
    ]


def test_every_api_error() -> None:
    rows = table("docs/errors.md", "code", "outcome", "HTTP", "again", "remedy")
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


def not_served() -> dict[str, str]:
    """Give every code of what is not served, with its status."""
    raised = re.findall(r'NotServed\(\s*"(\w+)",\s*(\d+)', SOURCE)
    classes = (InstanceRefreshError, InvalidInput, InvalidSetting)
    return {**dict(raised), **{each.code: str(each.status) for each in classes}}


def test_everything_that_is_not_served() -> None:
    rows = table("docs/errors.md", "code", "HTTP", "when")
    assert {row[0].strip("`"): row[1] for row in rows} == not_served()


def test_every_state() -> None:
    assert names("docs/following.md", "code", "meaning") == list(get_args(WaitCode))


def test_the_runbook_has_every_code() -> None:
    acted = names("docs/operating.md", "code", "means")
    someone = {name for row in table("docs/operating.md", *RUNBOOK) for name in quoted(row[0])}
    of_groups = {*get_args(Code), "WaveHeld", INVALID_TAG}
    assert len(acted) == len({*acted})
    assert {*acted}.isdisjoint(someone)
    assert of_groups <= {*acted} | someone
    assert someone - of_groups - not_served().keys() == {"failed", "rejected"}


def test_the_runbook_begins_with_what_is_an_error() -> None:
    """What a rule calls urgent is logged as an ERROR; so is what is not served, but to callers."""
    text = DOCUMENTS["docs/operating.md"]
    errors = text[text.index("### Errors") : text.index("### Warnings")]
    urgent = set(re.findall(r'_urgent\(\s*"(\w+)"', SOURCE))
    urgent |= set(re.findall(r'Finding\(\s*"(\w+)"[^()]*urgent=True', SOURCE))
    turned_away = {"Unauthorized", "MethodNotAllowed", "PayloadTooLarge", "UnsupportedMediaType"}
    logged = urgent | not_served().keys() - turned_away
    assert {"RefreshPaused", "RefreshStuck", "ImageGone"} <= urgent
    listed = {quoted(line)[0] for line in errors.splitlines() if line.startswith("| `")}
    assert listed == logged


def test_every_note() -> None:
    noted = set(re.findall(r'\.(?:note|warn)\(\s*"(\w+)"', SOURCE))
    assert set(names("docs/operating.md", "code", "meaning")) == noted


def test_every_kind_of_channel() -> None:
    documented = names("docs/operating.md", "kind", "what goes into `NOTIFY`")
    assert set(documented) == set(get_args(Kind))


def test_every_fault() -> None:
    rows = table("docs/local-cloud.md", "fault", "on", "what goes wrong")
    assert {name for row in rows for name in quoted(row[0])} == set(FAULTS)
