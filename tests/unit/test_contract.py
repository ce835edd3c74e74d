"""The quick check and jsonschema never disagree, on any schema, whatever comes in."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instance_refresh import contract
from instance_refresh.contract import explain, validate
from instance_refresh.errors import InvalidInput

NAMES = sorted(path.stem for path in Path(contract.__file__).parent.glob("*.json"))
ROOT = Path(__file__).parents[2]

words = st.sampled_from(
    ["asg-1", "asg-A", "img-1a2b", "ap-guangzhou", "web", "", "25%", "x", "0%", "100%", "Timer",
     "cos", "ROLLING_UPDATE", "AUTO_PAUSE", "AUTOMATIC", "2026-01-01T00:00:00Z", "/1/b/k",
     "1250000000", "asg-1\n", "x" * 200]
)  # fmt: skip
scalars = st.one_of(
    words, st.integers(-1, 10001), st.booleans(), st.none(), st.floats(0, 3), st.just(2.0)
)


REGION: dict[str, Any] = {
    "Time": "2026-01-01T00:00:00Z",
    "Region": "ap-guangzhou",
    "States": {"queued": 1},
    "NeedSomeone": 0,
    "Families": [
        {"Family": "web", "Groups": 1, "Instances": 2, "InstancesOnNewest": 1, "Share": 0.5}
    ],
    "Groups": [
        {
            "AutoScalingGroupId": "asg-1",
            "State": "queued",
            "Reason": "its maintenance window opens at 02:00",
            "WaitsFor": {"For": "Window", "Until": "2026-01-01T02:00:00Z"},
            "ImageNow": [{"ImageId": "img-1a2b", "Instances": 2, "AgeSeconds": 60}],
        }
    ],
    "Images": [{"ImageId": "img-1a2b", "Family": "web", "CreatedTime": "", "Why": ["runs"]}],
    "ImagesOfAllGroups": True,
}
UNREAD = {"Region": "ap-beijing", "Code": "InternalError", "Reason": "why", "Remedy": "what to do"}
STATUS: dict[str, Any] = {"RequestId": "r", "Regions": [REGION, UNREAD]}


def examples() -> list[tuple[str, Any]]:
    """Give valid documents: the events, the requests in them, and the manifests."""
    found: list[tuple[str, Any]] = []
    kinds = {"webhook": "http_event", "schedule": "timer_event", "image_published": "cos_event"}
    kinds["status"] = "http_event"
    for path in sorted((ROOT / "events").glob("*.json")):
        document = json.loads(path.read_text())
        found.append((kinds[path.stem.partition(".")[0]], document))
    tags = [{"Key": "a", "Value": "b"}]
    rolling = {
        "BatchNumber": 2,
        "BatchPause": "AUTOMATIC",
        "MaxSurge": 1,
        "FailProcess": "AUTO_PAUSE",
    }
    settings = {
        "RollingUpdateSettings": rolling,
        "CheckInstanceTargetHealth": True,
        "CheckInstanceTargetHealthTimeout": 60,
    }
    common = {"Region": "ap-guangzhou", "RefreshSettings": settings, "DryRun": True, "Force": False}
    sized = {"RefreshSettings": {"RollingUpdateSettings": {"BatchSize": "25%"}}}
    found += [
        ("request", {"AutoScalingGroupId": "asg-1", "ImageId": "img-1", **common}),
        ("request", {"AutoScalingGroupIds": ["asg-1", "asg-2"], "ImageFamily": "web", **sized}),
        ("packer_target", {"Tags": tags, **common}),
        ("manifest", {"ImageId": "img-1", **common}),
        ("manifest", {"ImageFamily": "web", "Tags": tags}),
        ("status_query", {"family": ["web"], "group": ["asg-1"], "tag": ["app=shop"]}),
        ("status", STATUS),
    ]
    packer = json.loads((ROOT / "events/objects/images/packer-manifest.json").read_text())
    return [*found, ("packer_manifest", packer)]


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Give the path of every value in a document."""
    inner: Any = ()
    if isinstance(document, dict):
        inner = document.items()
    elif isinstance(document, list):
        inner = enumerate(document)
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Put a value in a place; None takes what is there away, "x" in an object adds a field."""
    if not path:
        return value
    document = copy.deepcopy(document)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    elif isinstance(inner, dict) and value == "x":
        inner["x"] = value
    else:
        inner[path[-1]] = value
    return document


@st.composite
def close(draw: st.DrawFn) -> tuple[str, Any]:
    """Give a valid document with none, one or two of its values changed."""
    name, document = draw(st.sampled_from(examples()))
    for _ in range(draw(st.integers(0, 2))):
        document = changed(document, draw(st.sampled_from(places(document))), draw(scalars))
    return name, document


documents = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["Tags", "x"]), inner)
    ),
    max_leaves=9,
)


def agree(name: str, document: Any) -> bool:
    document = json.loads(json.dumps(document))
    said = validate.follows(name)(document)
    assert said is explain.validator(name).is_valid(document), document
    return said


@given(st.sampled_from(NAMES), documents)
def test_on_anything(name: str, document: Any) -> None:
    agree(name, document)


@settings(max_examples=1000)
@given(close())
def test_on_what_comes_close(found: tuple[str, Any]) -> None:
    agree(*found)


def test_the_stricter_rules_hold_behind_a_reference_too() -> None:
    tags = {"Tags": [{"Key": "a", "Value": "b"}]}
    float_number = {"RollingUpdateSettings": {"BatchNumber": 2.0}}
    assert not agree("packer_target", {**tags, "RefreshSettings": float_number})
    assert not agree("packer_target", {"AutoScalingGroupIds": ["asg-1", "asg-1"]})


def test_examples_are_valid() -> None:
    assert all(agree(name, document) for name, document in examples())
    assert {name for name, _ in examples()} == set(NAMES)


@pytest.mark.parametrize("path", sorted((ROOT / "events").rglob("*.json")), ids=lambda p: p.stem)
def test_on_every_event(path: Path) -> None:
    try:
        document = json.loads(path.read_text())
    except ValueError:
        return  # notes.json is no JSON on purpose
    for name in NAMES:
        agree(name, document)


def keywords(rules: Any) -> set[str]:
    """Give every keyword of a schema, leaving out the names of properties and definitions."""
    if isinstance(rules, list):
        return {keyword for item in rules for keyword in keywords(item)}
    if not isinstance(rules, dict):
        return set()
    found = set(rules)
    for keyword, value in rules.items():
        named = keyword in ("properties", "$defs")
        found |= keywords(list(value.values()) if named else value)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_keyword_is_known(name: str) -> None:
    assert keywords(contract.schema(name)) <= validate.KEYWORDS.keys() | validate.ANNOTATIONS


def test_what_is_invalid_is_explained() -> None:
    with pytest.raises(InvalidInput, match="/ImageId must be an image id"):
        contract.check("request", {"AutoScalingGroupId": "asg-1", "ImageId": "ami-1"}, "the body")
