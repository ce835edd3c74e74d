from __future__ import annotations

import re
from pathlib import Path

import pytest

from deploy.variables import MAY_BE_EMPTY, read_variables
from instance_refresh.errors import InvalidSetting
from instance_refresh.settings import TABLE, settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("MAX_REFRESHING", "-1", "from 0 to 9999"),
        ("MAX_REFRESHING", "10000", "from 0 to 9999"),
        ("MAX_REFRESHING", "lots", "from 0 to 9999"),
        ("MAX_GROUPS", "0", "from 1 to 1000"),
        ("LOG_LEVEL", "LOUD", "one of DEBUG, INFO, WARNING, ERROR"),
        ("PAUSED_LIMIT", "soon", "a time such as 90s"),
        ("PAUSED_ACTION", "stop", "one of alert"),
        ("WEBHOOK_AUTH", "none", "one of signature, cam"),
        ("WEBHOOK_SECRET", "whsec_c2hvcnQ=", "at least 24 random bytes"),
        ("COS_ENDPOINT", "cos.example", "a URL such as https://"),
        ("AS_ENDPOINT", "ftp://as.example", "a URL such as https://"),
    ],
)
def test_a_wrong_setting_is_named_with_the_accepted_form(
    name: str, value: str, accepted: str
) -> None:
    with pytest.raises(InvalidSetting, match=f"{name} must be .*{accepted}"):
        settings({name: value})


def test_a_level_may_be_written_in_small_letters() -> None:
    assert settings({"LOG_LEVEL": " warning"}).log_level == "WARNING"


def test_an_empty_variable_is_as_one_that_is_not_set() -> None:
    empty = settings(dict.fromkeys(TABLE, ""))
    assert empty == settings({})._replace(manifest_suffix="")  # where empty is every suffix


def test_nothing_is_started_by_itself_where_no_group_may_refresh() -> None:
    assert settings({"MAX_REFRESHING": "0"}).max_refreshing == 0


def test_a_variable_that_changes_is_read_again() -> None:
    levels = [settings({"LOG_LEVEL": level}).log_level for level in ("ERROR", "DEBUG", "ERROR")]
    assert levels == ["ERROR", "DEBUG", "ERROR"]


# What a document has by another name, or leaves to the platform.
ELSEWHERE = {
    ".env.example": {"MANIFEST_BUCKETS"},  # COS_BUCKET stands for it
    "deploy/variables.py": {"MANIFEST_BUCKETS"},
}


def read_env() -> dict[str, str]:
    return read_variables(ROOT / ".env.example")


def documents() -> dict[str, set[str]]:
    """Give each document that names the settings, and the names in it."""
    document = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z_]+)` \|", document, re.MULTILINE)
    yml = (ROOT / "serverless.yml").read_text(encoding="utf-8")
    empty = {name for name, row in TABLE.items() if not row.default} - {
        "WEBHOOK_SECRET",
        "STATUS_SECRET",
    }
    return {
        "docs/settings.md": set(rows),
        ".env.example": set(read_env()),
        "serverless.yml": set(re.findall(r"key: ([A-Z_]+)", yml)),
        "deploy/variables.py": MAY_BE_EMPTY | (TABLE.keys() - empty),
    }


def test_every_document_has_every_setting() -> None:
    missing = {
        document: sorted(TABLE.keys() - names - ELSEWHERE.get(document, set()))
        for document, names in documents().items()
    }
    assert {document: names for document, names in missing.items() if names} == {}


def test_every_default_is_the_same() -> None:
    given = {name: text for name, text in read_env().items() if name in TABLE and text}
    own = {"MANIFEST_PREFIX"}  # a deployment's, not the functions'
    assert {name: TABLE[name].default for name in given.keys() - own} == {
        name: text for name, text in given.items() if name not in own
    }
