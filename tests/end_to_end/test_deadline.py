"""Whatever the API does, a function ends with its result before the platform ends the function."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instance_refresh import deadline as module
from instance_refresh.deadline import Deadline, within
from instance_refresh.errors import ApiError
from instance_refresh.invocation import TryAgain
from tests.end_to_end.harness import BUCKET, World, signed, world

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP = "asg-web00001"
REQUEST = {"AutoScalingGroupId": GROUP, "ImageId": "img-00000002"}


class Slow(socketserver.ThreadingTCPServer):
    """A server that takes every call, and then hangs or drips, until it is closed."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *, drips: bool) -> None:
        self.drips, self.closing = drips, threading.Event()
        super().__init__(("127.0.0.1", 0), Answer)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(socketserver.BaseRequestHandler):
    server: Slow

    def handle(self) -> None:
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
        )
        try:
            if self.server.drips:
                self.request.sendall(head)
            while not self.server.closing.wait(0.02):
                if self.server.drips:
                    self.request.sendall(b" ")
        except OSError:  # the function has given up
            return


@pytest.fixture
def slow(api: str) -> Iterator[Slow | None]:
    if api == "throttles":
        yield None
        return
    with Slow(drips=api == "drips") as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def it(slow: Slow | None) -> Iterator[World]:
    with world(paced=True) as made:
        made.region.add_image("img-00000001")
        made.region.add_group(GROUP, image="img-00000001")
        made.cloud.cos.put(BUCKET, "web.json", json.dumps(REQUEST).encode())
        if slow:
            services = ("AS_ENDPOINT", "CVM_ENDPOINT", "COS_ENDPOINT")
            made.environ |= dict.fromkeys(services, slow.endpoint)
        else:
            made.cloud.faults.inject("*", "throttle", times=None)
        yield made


def in_time(it: World, function: str, event: Any, limit: int) -> Any:
    """Call a function, and give its result, or the TryAgain that it raises."""
    began = time.monotonic()
    try:
        result = it.call(function, event, limit_ms=limit)
    except TryAgain as again:
        result = again
    assert time.monotonic() - began < limit / 1000
    return result


def post(it: World, limit: int) -> dict[str, Any]:
    body = json.dumps(REQUEST)
    call = {"httpMethod": "POST", "headers": signed(body), "body": body}
    answer = in_time(it, "webhook", call, limit)
    assert answer["statusCode"] in (429, 502, 504)
    document: dict[str, Any] = json.loads(answer["body"])
    return document


@pytest.mark.parametrize("api", ["hangs", "drips", "throttles"])
def test_a_function_ends_before_its_limit(
    it: World, api: str, capsys: pytest.CaptureFixture[str]
) -> None:
    limit = 2_000
    assert post(it, limit)["remedy"]

    now = f"{it.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    tick = {"Type": "Timer", "TriggerName": "t", "Time": now, "Message": ""}
    assert isinstance(in_time(it, "schedule", tick, limit), TryAgain)

    event = it.publish("web.json", REQUEST)
    again = in_time(it, "image_published", event, limit)
    assert isinstance(again, TryAgain)
    cause = "SlowDown" if api == "throttles" else "ClientNetworkError"
    assert str(again).endswith(f": {cause}")

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in lines].count("summary") == 3
    assert it.cloud.writes() == []


@pytest.mark.parametrize("api", ["drips"])
def test_a_longer_limit_is_used_and_kept(it: World) -> None:
    assert post(it, 3_000)["code"] == "ClientNetworkError"


class Clock:
    """Stands for the module `time`: nobody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@given(st.integers(1_000, 900_000), st.lists(st.floats(0.001, 60), max_size=200))
def test_of_every_limit_some_is_kept_to_answer(limit: int, waits: list[float]) -> None:
    clock = Clock()
    with mock.patch.object(module, "time", clock):
        deadline = Deadline(limit)
        left = deadline.left()
        kept = limit / 1000 - left
        assert module._LEAST - 0.001 < kept < module._MOST + 0.001
        assert left > 0.4
        for wait in waits:
            with suppress(ApiError):
                deadline.sleep(wait)
        assert sum(clock.slept) < left


def test_what_is_over_is_over() -> None:
    clock = Clock()
    with mock.patch.object(module, "time", clock):
        deadline = Deadline(900_000)
        assert deadline.check() == pytest.approx(897)
        clock.now += 897
        for ask in (deadline.check, lambda: deadline.sleep(0)):
            with pytest.raises(ApiError) as late:
                ask()
            assert (late.value.code, late.value.retryable) == ("DeadlineExceeded", True)


def test_what_takes_too_long_is_left_alone() -> None:
    over = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.01, over.wait)
    over.set()
    assert within(5, lambda: "done") == "done"
    with pytest.raises(KeyError):
        within(5, lambda: dict[str, int]()["none"])
