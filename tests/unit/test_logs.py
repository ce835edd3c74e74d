from __future__ import annotations

import json
import logging
import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instance_refresh.invocation import Invocation, TryAgain
from instance_refresh.logs import MAX_LINE, serialize
from instance_refresh.model.outcome import Outcome
from instance_refresh.triggers import cos, http

CONTEXT = {"request_id": "r-1", "function_name": "webhook", "time_limit_in_ms": 3000}

values = st.recursive(
    st.one_of(st.text(max_size=3000), st.integers(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=60), st.dictionaries(st.text(max_size=40), inner, max_size=40)
    ),
    max_leaves=80,
)


@given(st.dictionaries(st.sampled_from(["message", "notes", "outcomes", "reason"]), values))
def test_no_line_is_longer_than_the_platform_keeps(line: dict[str, Any]) -> None:
    text = serialize(line)
    assert len(text.encode()) <= MAX_LINE
    json.loads(text)


def test_what_is_cut_is_counted() -> None:
    line = json.loads(serialize({"message": "é" * 9000, "notes": ["n"] * 2000}))
    assert line["message"].endswith("… 8000 characters more")
    assert line["notes"][-1] == "… 1950 more"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Any:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_families_that_have_no_room_in_a_line_are_counted() -> None:
    each = {"image": "img-12345678", "groups": 10, "done": 0, "waiting": 4, "share": 0.0}
    families = json.loads(serialize({"families": {f"family-{n:03}": each for n in range(300)}}))
    kept = families["families"]
    assert kept.pop("…") == f"{300 - len(kept)} more"


def test_an_invocation_ends_with_its_summary(lines: Any) -> None:
    with Invocation("http", CONTEXT) as invocation:
        http.serve({"httpMethod": "GET", "headers": {}}, invocation)
    error, summary = lines()
    assert (error["level"], error["code"]) == ("INFO", "MethodNotAllowed")
    assert summary["message"] == "summary"
    assert (summary["errors"], summary["turned_away"]) == (0, 1)
    for line in (error, summary):
        assert (line["request_id"], line["function"], line["trigger"]) == ("r-1", "webhook", "http")


def test_the_level_is_kept_to_by_what_rolls_nothing_out(
    lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for level, logged in (("ERROR", ["ERROR"]), ("INFO", ["ERROR", "INFO"])):
        monkeypatch.setenv("LOG_LEVEL", level)
        with Invocation("cos", CONTEXT) as invocation:
            cos.serve({}, invocation)
        assert [line["level"] for line in lines()] == logged


def test_an_outcome_is_one_line_with_all_that_is_known(lines: Any) -> None:
    done = Outcome("started", "it drifted", "ap-guangzhou", 202, "asg-a", "img-b", "asr-c")
    done = done._replace(group_name="web")
    with Invocation("http", CONTEXT) as invocation:
        invocation.keep((done,))
    line, summary = lines()
    expected = {
        "outcome": "started", "message": "it drifted", "region": "ap-guangzhou",
        "group": "asg-a", "group_name": "web", "image": "img-b", "activity": "asr-c",
        "level": "INFO",
    }  # fmt: skip
    assert expected.items() <= line.items()
    assert line["duration_ms"] >= 0
    assert summary["outcomes"] == {"started": 1}


def test_what_it_does_not_know_is_logged_without_its_text(lines: Any) -> None:
    def fails() -> None:
        message = "AKIDsecret"
        raise RuntimeError(message)

    with pytest.raises(TryAgain) as raised, Invocation("http", CONTEXT):
        fails()
    assert "AKIDsecret" not in "".join(traceback.format_exception(raised.value))
    error, _ = lines()
    assert (error["error_type"], error["code"]) == ("RuntimeError", "InternalError")
    assert error["where"].startswith("fails:")
    assert "AKIDsecret" not in json.dumps(error)


def test_everything_else_is_kept_at_warning() -> None:
    logging.getLogger().setLevel(logging.DEBUG)  # as SCF's bootstrap does
    with Invocation("http", CONTEXT):
        assert not logging.getLogger("tencentcloud_sdk_common").isEnabledFor(logging.INFO)
        assert not logging.getLogger("urllib3.connectionpool").isEnabledFor(logging.INFO)
