"""Whatever the API does, a function ends with its result before the platform ends the function."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.invocation import TryAgain
from tests.end_to_end.harness import BUCKET, signed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.harness import World

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


def one_group(it: World) -> None:
    it.region.add_image("img-00000001")
    it.region.add_group(GROUP, image="img-00000001")
    it.cloud.cos.put(BUCKET, "web.json", json.dumps(REQUEST).encode())


@pytest.fixture
def _slow(it: World, api: str) -> Iterator[None]:
    if api == "throttles":
        it.cloud.faults.inject("*", "throttle", times=None)
        yield
        return
    with Slow(drips=api == "drips") as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        services = ("AS_ENDPOINT", "CVM_ENDPOINT", "COS_ENDPOINT")
        it.environ |= dict.fromkeys(services, server.endpoint)
        yield
        server.closing.set()
        server.shutdown()
        thread.join()


pytestmark = [pytest.mark.world(fill=one_group, paced=True), pytest.mark.usefixtures("_slow")]


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
