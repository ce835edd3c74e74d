"""How far it is from an event to a refresh, through our own code."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from local.scf.project import CODE, LAYER
from tests.end_to_end.harness import BEFORE, LATER, handler, signed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType

    from tests.end_to_end.harness import World

MOST_FUNCTIONS, MOST_MODULES = 100, 25
OURS = (str(LAYER / "instance_refresh"), str(CODE / "functions"))
IS_A_DEF = 0x1  # a module's or a class's own code lacks this flag (CO_OPTIMIZED)
OLD, NEW = "img-00000001", "img-00000002"


class Way(NamedTuple):
    """The functions that ran, lambdas and comprehensions left out, and the modules they are in."""

    functions: set[CodeType]

    @property
    def modules(self) -> set[str]:
        return {code.co_filename for code in self.functions}

    def __str__(self) -> str:
        return f"{len(self.functions)} functions in {len(self.modules)} modules"


@contextmanager
def way() -> Iterator[Way]:
    """Note every function of ours that is called, in whichever thread."""
    found = Way(set())

    def note(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        ours = frame.f_globals.get("__file__", "").startswith(OURS) and code.co_flags & IS_A_DEF
        if event == "call" and ours and not code.co_name.startswith("<"):
            found.functions.add(code)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def two_groups(it: World) -> None:
    it.region.add_image(OLD, family="web", created=BEFORE)
    it.region.add_image(NEW, family="web", created=LATER)
    for group in ("asg-web00001", "asg-web00002"):
        it.region.add_group(group, image=OLD, instances=4)


@pytest.mark.world(fill=two_groups)
def test_the_way_of_a_start_over_http(
    it: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second call of a process: what is imported, or made once, is there."""
    for name, value in it.environ.items():
        monkeypatch.setenv(name, value)
    serve, context = (
        handler("webhook"),
        {"request_id": "r-1", "tencentcloud_region": "ap-guangzhou"},
    )

    def start(group: str) -> list[str]:
        body = json.dumps({"AutoScalingGroupId": group, "ImageId": NEW})
        answer = serve({"httpMethod": "POST", "headers": signed(body), "body": body}, context)
        return [outcome["Outcome"] for outcome in json.loads(answer["body"])["Outcomes"]]

    assert start("asg-web00001") == ["started"]
    with way() as found:
        assert start("asg-web00002") == ["started"]
    with capsys.disabled():
        sys.stdout.write(f"\na start over HTTP passes {found}\n")
    assert 0 < len(found.functions) <= MOST_FUNCTIONS
    assert 0 < len(found.modules) <= MOST_MODULES
