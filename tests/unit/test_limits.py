"""What is over a limit is refused or counted, never cut silently; what is large ends soon.

The sizes here would take minutes or gigabytes if each part were compared with each.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from instance_refresh.clock import Deadline
from instance_refresh.contract import check, parse
from instance_refresh.errors import ApiError, InvalidInput
from instance_refresh.gateway import cloud
from instance_refresh.gateway.actions import AutoScaling
from instance_refresh.gateway.cloud import Cloud, Credentials
from instance_refresh.gateway.cos import Cos
from instance_refresh.gateway.reading import MOST_OBJECTS, PAGE
from instance_refresh.invocation import Invocation, TryAgain
from instance_refresh.logs import MAX_LINE, serialize
from instance_refresh.model.outcome import Outcome
from instance_refresh.settings import settings
from instance_refresh.triggers import cos, http, manifest
from instance_refresh.triggers.cos import MAX_MANIFEST
from instance_refresh.triggers.http import MAX_BODY

CONTEXT = {"request_id": "r-1", "function_name": "f", "tencentcloud_region": "ap-guangzhou"}


def post(body: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    event = {"httpMethod": "POST", "headers": {"content-type": "application/json"}, "body": body}
    with Invocation("http", CONTEXT) as invocation:
        answer = http.serve({**event, **fields}, invocation)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.fixture
def _cam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_AUTH", "cam")


@pytest.mark.usefixtures("_cam")
@pytest.mark.parametrize(
    ("size", "status"), [(MAX_BODY, 400), (MAX_BODY + 1, 413), (6 * 1024 * 1024, 413)]
)
def test_the_body(size: int, status: int) -> None:
    body = '{"Tags": "' + "x" * (size - 12) + '"}'
    assert len(body) == size
    assert post(body)[0] == status
    encoded = base64.b64encode(body.encode()).decode()
    assert post(encoded, isBase64Encoded=True)[0] == status


def record(key: str, size: int) -> dict[str, Any]:
    bucket = {"name": "images", "appid": "1250000000", "cosRegion": "ap-guangzhou"}
    item = {"key": f"/1250000000/images/{key}", "size": size}
    return {
        "cos": {"cosObject": item, "cosBucket": bucket},
        "event": {"eventName": "cos:ObjectCreated:Put"},
    }


def served(records: list[Any], monkeypatch: pytest.MonkeyPatch, stored: bytes) -> dict[str, Any]:
    """Serve an event, where every object reads as `stored`."""
    asked: list[int] = []

    def read(_: Cos, __: str, ___: str, ____: str, most: int) -> bytes:
        asked.append(most)
        return stored[: most + 1]

    monkeypatch.setattr(Cos, "read", read)
    for name in cloud._NAMES:
        monkeypatch.setenv(name, "x")
    with Invocation("cos", CONTEXT) as invocation:
        result = cos.serve({"Records": records}, invocation)
    assert set(asked) <= {MAX_MANIFEST}
    return {**result, "Reads": len(asked)}


def test_the_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    said = served([record("m.json", MAX_MANIFEST + 1)], monkeypatch, b"")
    assert ([e["Code"] for e in said["Errors"]], said["Reads"]) == (["ManifestTooLarge"], 0)
    larger = b" " * (MAX_MANIFEST + 9)  # than its event says
    said = served([record("m.json", 3)], monkeypatch, larger)
    assert ([e["Code"] for e in said["Errors"]], said["Reads"]) == (["ManifestTooLarge"], 1)


def test_the_records(monkeypatch: pytest.MonkeyPatch) -> None:
    said = served([record(f"{n}.json", 3) for n in range(100)], monkeypatch, b"[]")
    assert ({e["Code"] for e in said["Errors"]}, said["Reads"]) == ({"InvalidInput"}, 100)
    assert [e["Object"] for e in said["Errors"]][7] == "images-1250000000/7.json"
    said = served([record(f"{n}.json", 3) for n in range(101)], monkeypatch, b"[]")
    assert said["Reads"] == 0
    assert "/Records must have at most 100 entries" in said["Errors"][0]["Reason"]


def problems(document: Any, schema: str = "request") -> dict[str, str]:
    with pytest.raises(InvalidInput) as refused:
        check(schema, document, "the body")
    return {problem.pointer: problem.message for problem in refused.value.problems}


def test_the_groups_and_tags_of_a_request() -> None:
    names = [f"asg-{n}" for n in range(1001)]
    assert check("request", {"AutoScalingGroupIds": names[:1000]}, "the body")
    over = problems({"AutoScalingGroupIds": names})
    assert over["/AutoScalingGroupIds"] == "must have at most 1000 entries"
    tags = [{"Key": f"k{n}", "Value": ""} for n in range(11)]
    assert problems({"Tags": tags})["/Tags"] == "must have at most 10 entries"


def test_the_images_of_a_packer_manifest() -> None:
    images = ",".join(f"ap-guangzhou:img-{n}" for n in range(50_000))
    build = {"packer_run_uuid": "a", "builder_type": "tencentcloud-cvm", "artifact_id": images}
    for builds in (
        [build],
        [{**build, "artifact_id": f"ap-guangzhou:img-{n}"} for n in range(900)],
    ):
        document = {"last_run_uuid": "a", "builds": builds}
        with pytest.raises(InvalidInput, match="more than 100 images"):
            manifest.requests(document, region="ap-guangzhou", asked_at=None)


def test_the_problems_that_are_reported() -> None:
    assert problems({f"f{n}": 1 for n in range(60_000)})[""] == "59951 more problems"
    listed = problems({"AutoScalingGroupIds": [0] * 60_000})
    assert len(listed) == 51
    assert listed[""].endswith(" more problems or more")


def test_names_given_twice() -> None:
    names = ",".join(f'"{n}":1' for n in range(60_000))
    with pytest.raises(InvalidInput, match="has the field x twice"):
        parse(f'{{{names},"x":1,"x":2}}', "the body")


def test_entries_that_do_not_sort() -> None:
    mixed: list[Any] = [0, *(f"asg-{n}" for n in range(30_000)), {}]
    assert "/AutoScalingGroupIds/0" in problems({"AutoScalingGroupIds": mixed})


def nested(depth: int, inmost: Any) -> Any:
    for _ in range(depth):
        inmost = [inmost]
    return inmost


@pytest.mark.parametrize("depth", [12, 24, 48, 96, 192, 384, 768])
@pytest.mark.parametrize("inmost", [[], "a'\"", {"a": "'\""}])
def test_depth(depth: int, inmost: Any) -> None:
    deep = nested(depth, inmost)
    assert "/AutoScalingGroupIds/0" in problems({"AutoScalingGroupIds": [deep, deep, "x"]})
    assert problems({"Tags": [{"Key": deep, "Value": deep}], "x": deep})
    assert problems(deep)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"Tags":'])
def test_depth_beyond_what_is_parsed(opening: str) -> None:
    with pytest.raises(InvalidInput, match="nested too deep"):
        parse(opening * 50_000, "the body")


def test_the_pages_of_a_list() -> None:
    class Endless:
        def __init__(self) -> None:
            self.calls = 0

        def call(self, *_: Any) -> dict[str, Any]:
            self.calls += 1
            groups = [{"AutoScalingGroupId": f"asg-{n}"} for n in range(PAGE)]
            return {"AutoScalingGroupSet": groups, "TotalCount": MOST_OBJECTS + 1}

    api: Any = Endless()
    with pytest.raises(ApiError) as refused:
        AutoScaling(api, Deadline(20_000)).groups_with_tag("a")
    assert (refused.value.code, api.calls) == ("TooManyObjects", 1)


@pytest.mark.parametrize("changed", ["name", "appid", "cosRegion", "region", "key", "eventName"])
def test_the_names_of_an_event(changed: str) -> None:
    one = record("m.json", 3)
    where = {"key": one["cos"]["cosObject"], "eventName": one["event"]}
    place = where.get(changed, one["cos"]["cosBucket"])
    place[changed] = {
        "key": "/1/a/", "eventName": "cos:ObjectCreated:", "cosRegion": "ap-", "appid": "1"
    }.get(changed, "a") + "1" * 5000  # fmt: skip
    assert "characters" in str(problems({"Records": [one]}, "cos_event"))


def test_the_regions_that_a_process_keeps_clients_of() -> None:
    own = Credentials("id", "key", "token")
    clients = Cloud(settings({}), own, Deadline(20_000))
    kept = [clients.autoscaling(f"ap-{n}").api for n in range(100)]
    assert len(cloud._apis) == cloud._MOST_APIS
    assert clients.autoscaling("ap-99").api is kept[-1]
    assert clients.autoscaling("ap-0").api is not kept[0]


def test_a_log_line() -> None:
    line = json.loads(serialize({"message": "x" * 100_000, "notes": [f"n{n}" for n in range(900)]}))
    assert line["message"].endswith(" characters more")
    assert line["notes"][-1].endswith(" more")
    assert len(serialize({f"f{n}": "x" * 500 for n in range(1000)})) <= MAX_LINE


def test_the_groups_that_a_try_again_names() -> None:
    some = Invocation("cos", CONTEXT)
    some._retryable += [f"asg-{n}" for n in range(50)]
    with pytest.raises(TryAgain, match="asg-19, and 30 more"):
        some.raise_if_retryable()


def test_an_outcome_of_any_length_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Invocation("cos", CONTEXT) as some:
        some.keep((Outcome("failed", "é" * 50_000, "ap-guangzhou", notes=("n" * 9000,) * 90),))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(len(line) < MAX_LINE for line in lines)
    assert "characters more" in json.loads(lines[0])["message"]


def test_no_field_of_an_outcome_is_lost_to_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    told = Outcome(
        "attention", "é" * 9000, "ap-guangzhou", 409, "asg-a", "img-b", "asr-c", "RefreshPaused",
        remedy="Look.", request_id="r-2", retryable=True, notes=("é" * 9000,) * 21,
    )  # fmt: skip
    with Invocation("timer", CONTEXT) as some:
        some.keep((told._replace(reason="", notes=("n",)), told))
    short, long, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert list(long) == list(short)
    assert long["notes"][-1].endswith(" more")
