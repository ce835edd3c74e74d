"""The queries of `docs/operating.md`, on lines that the functions have written.

A part of its search conditions is read here; SQLite stands for its SQL, which names no table.
https://cloud.tencent.com/document/product/614/47044
"""

from __future__ import annotations

import json
import re
import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.end_to_end.follower import GROUP, follower, one_image
from tests.unit.documents import DOCUMENTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.end_to_end.harness import World

    Line = dict[str, Any]

OPERATING = DOCUMENTS["docs/operating.md"]
ALARMS = {
    name: (condition, query)
    for name, condition, query in re.findall(
        r"\*\*([^*]+)\.\*\* [^`]*`\$1\.([^`]+)`(?:[^`]|`[A-Z_]+`)*```text\n(.+)\n```", OPERATING
    )
}
QUERIES = re.findall(r"```text\n(.+)\n```", OPERATING.partition("## Logs in CLS")[2])
INDEXED = set(
    re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (.+) \| (?:text|long) \|", OPERATING, re.M)))
)
TOKEN = re.compile(r'\(|\)|\w+:"[^"]*"|[^\s()]+')


class Query(NamedTuple):
    """A search condition, and the SQL that follows it."""

    condition: str
    sql: str


def read(text: str) -> Query:
    condition, _, sql = text.partition(" | ")
    return Query(condition, sql)


def matches(condition: str, line: Line) -> bool:
    """Say whether a line meets a search condition of terms, AND, OR, NOT and parentheses."""
    left = TOKEN.findall(condition)[::-1]

    def some() -> bool:
        found = every()
        while left and left[-1] == "OR":
            left.pop()
            found = every() or found
        return found

    def every() -> bool:
        found = term()
        while left and left[-1] == "AND":
            left.pop()
            found = term() and found
        return found

    def term() -> bool:
        token = left.pop()
        if token == "NOT":
            return not term()
        if token != "(":
            return meets(token, line)
        found = some()
        assert left.pop() == ")"
        return found

    found = some()
    assert not left, left
    return found


def meets(token: str, line: Line) -> bool:
    name, _, wanted = token.partition(":")
    value = line.get(name)
    if wanted == "*" or value is None:
        return value is not None
    if wanted.startswith(">"):
        return bool(value > float(wanted[1:]))
    text = json.dumps(value) if isinstance(value, (dict, bool)) else str(value)
    return wanted.strip('"') in (text, *re.findall(r"[\w.-]+", text))


def rows(text: str, lines: list[Line]) -> list[dict[str, Any]]:
    """Give a query's result."""
    query = read(text)
    found = [line for line in lines if matches(query.condition, line)]
    if not query.sql:
        return found
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    columns = ", ".join(f'"{name}"' for name in sorted(INDEXED))
    database.execute(f"create table log ({columns})")
    for line in found:
        values = [line.get(name.strip('"')) for name in columns.split(", ")]
        kept = [json.dumps(value) if isinstance(value, dict) else value for value in values]
        database.execute(f"insert into log values ({', '.join('?' * len(kept))})", kept)
    sql = re.sub(r"(?= group by| order by|$)", " from log", query.sql, count=1)
    return [dict(row) for row in database.execute(sql)]


def raised(alarm: str, lines: list[Line]) -> bool:
    """Say whether an alarm's trigger condition holds for a row of its query's result."""
    condition, query = ALARMS[alarm]
    name, sign, number = condition.split()
    compare: dict[str, Callable[[float], bool]] = {
        ">": lambda value: value > float(number),
        "==": lambda value: value == float(number),
    }
    return any(compare[sign](row[name] or 0) for row in rows(query, lines))


def alarms(lines: list[Line]) -> set[str]:
    return {alarm for alarm in ALARMS if raised(alarm, lines)}


def fill(it: World) -> None:
    one_image(it)
    follower(it)


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[Line]]:
    def read_lines() -> list[Line]:
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return read_lines


pytestmark = pytest.mark.world(fill=fill)
DEAD, NEW = "The timer is dead", "img-0000000b"


def test_every_alarm_is_read() -> None:
    assert len(ALARMS) == OPERATING.partition("### Alarm policies")[2].count("```text")


def test_every_field_of_a_query_has_an_index() -> None:
    for text in QUERIES:
        query = read(text)
        names = {token.partition(":")[0] for token in TOKEN.findall(query.condition)}
        known = INDEXED | {"AND", "OR", "NOT", "(", ")"}
        assert names <= known, text
        assert rows(text, []) is not None


def test_silence_is_an_alarm() -> None:
    assert alarms([]) == {DEAD}


def test_a_fleet_that_is_well_raises_none(it: World, logged: Callable[[], list[Line]]) -> None:
    it.tick()
    lines = logged()
    assert lines
    assert alarms(lines) == set()


def test_a_group_that_is_frozen_is_an_alarm(it: World, logged: Callable[[], list[Line]]) -> None:
    it.make_image(NEW)
    it.cloud.faults.fail_instance(it.members(GROUP)[0].instance_id)
    it.tick()
    it.finish()
    it.advance(1000)
    logged()
    it.tick()
    lines = logged()
    assert alarms(lines) == {"Someone must act"}
    (row,) = rows(ALARMS["Someone must act"][1], lines)
    assert (row["code"], row["lines"]) == ("RefreshPaused", 1)
    name = it.region.groups[GROUP].auto_scaling_group_name
    assert row["group_name"] == name
    assert rows(f"group_name:{name} AND outcome:*", lines)[0]["group"] == GROUP


def test_what_waits_for_a_person_is_an_alarm(it: World, logged: Callable[[], list[Line]]) -> None:
    it.region.groups[GROUP].tags["instance-refresh:ring"] = "first"
    it.tick()
    assert alarms(logged()) == {"Something waits for a person"}


def test_an_event_that_fails_again_and_again_is_an_alarm(
    it: World, logged: Callable[[], list[Line]]
) -> None:
    event = it.publish("web.json", {"ImageId": "img-0000000a"})
    it.cloud.faults.inject("*", "expired_token", times=None)
    for _ in range(3):
        with pytest.raises(Exception, match="another try can mend it"):
            it.call("image_published", event)
    assert "An event fails again and again" in alarms(logged())


def test_strangers_are_an_alarm_when_they_are_many(
    it: World, logged: Callable[[], list[Line]]
) -> None:
    event = {"httpMethod": "POST", "headers": {}, "body": "{}"}
    it.tick()
    it.call("webhook", event)
    assert alarms(few := logged()) == set()
    for _ in range(100):
        it.call("webhook", event)
    assert alarms([*few, *logged()]) == {"Strangers call the webhook"}


def test_how_far_a_rollout_is(it: World, logged: Callable[[], list[Line]]) -> None:
    it.make_image(NEW)
    it.tick()
    it.finish()
    it.advance(60)
    it.tick()
    lines = logged()
    (query,) = [text for text in QUERIES if text.endswith("summary")]
    assert [line["families"]["web"]["share"] for line in rows(query, lines)] == [0.0, 1.0]
    (query,) = [text for text in QUERIES if "succeeded" in text]
    assert rows(query, lines) == [{"image": NEW, "done": 1}]
