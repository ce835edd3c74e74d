"""Connections are kept between calls; a process may sleep longer than the network keeps them."""

from __future__ import annotations

import socketserver
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from instance_refresh.clock import Deadline
from instance_refresh.gateway.client import Api
from instance_refresh.gateway.cloud import Credentials
from tests.end_to_end.seams import quick

if TYPE_CHECKING:
    from collections.abc import Iterator

TRIES = 6
MANY = 2 * TRIES
ANSWER = b'{"Response": {"RequestId": "r-1"}}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Network(socketserver.ThreadingTCPServer):
    """Answers one call a connection; whoever uses it once more finds it gone, or waits in vain."""

    daemon_threads = True
    allow_reuse_address = True
    silent = False

    def __init__(self) -> None:
        self.together = threading.Barrier(MANY)
        super().__init__(("127.0.0.1", 0), Connection)


class Connection(socketserver.StreamRequestHandler):
    server: Network

    def handle(self) -> None:
        length = 0
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        self.rfile.read(length)
        if not self.server.together.broken:
            self.server.together.wait()
        self.wfile.write(HEAD % len(ANSWER) + ANSWER)
        while self.rfile.readline() and self.server.silent:
            pass


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("silent", [False, True])
def test_one_connection_that_is_gone_is_enough_to_drop_those_that_idled_with_it(
    network: Network, *, silent: bool
) -> None:
    network.silent = silent
    endpoint = f"http://127.0.0.1:{network.server_address[1]}"
    api = Api("as", "2018-04-19", endpoint, "ap-guangzhou", Credentials("id", "key", "token"))

    def call(_: int) -> str:
        response = api.call("DescribeAutoScalingGroups", {}, Deadline(20_000))
        return str(response["RequestId"])

    with ThreadPoolExecutor(MANY) as pool:
        assert list(pool.map(call, range(MANY))) == ["r-1"] * MANY
    network.together.abort()
    with quick(tries=TRIES, timeout=1 if silent else None):
        assert call(0) == "r-1"
