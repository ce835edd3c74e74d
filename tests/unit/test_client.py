"""What a call to an API gives for each way in which it may be answered."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.clock import Deadline
from instance_refresh.errors import ApiError
from instance_refresh.gateway.client import Api
from instance_refresh.gateway.cloud import Credentials
from instance_refresh.gateway.cos import Cos
from tests.end_to_end.seams import quick

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN = Credentials("id", "key", "token")


class Server(ThreadingHTTPServer):
    """Gives the same answer to everyone, and notes who asked."""

    status, headers, body = 200, dict[str, str](), b""
    asked: list[str]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        headers = {"Content-Type": "application/json", **self.server.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    do_GET = do_POST  # noqa: N815 — http.server's names

    def log_message(self, *_: Any) -> None: ...


def serving() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Answer) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


server = pytest.fixture(serving, name="server")
elsewhere = pytest.fixture(serving, name="elsewhere")


def failed(server: Server, error: Any, request_id: Any = "r-1") -> ApiError:
    answer = {"Response": {"Error": error, "RequestId": request_id}}
    server.body = json.dumps(answer).encode()
    return call(server)


def call(server: Server) -> ApiError:
    api = Api("as", "2018-04-19", server.endpoint, "ap-guangzhou", OWN)
    with quick(tries=1), pytest.raises(ApiError) as refused:
        api.call("DescribeAutoScalingGroups", {}, Deadline(20_000))
    return refused.value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_as_the_token_would_go_with_it(
    server: Server, elsewhere: Server, status: int
) -> None:
    server.status, server.headers = status, {"Location": f"{elsewhere.endpoint}/x"}
    assert call(server).code in ("ClientNetworkError", "ServerNetworkError")
    reader = Cos(server.endpoint, OWN, Deadline(20_000))
    with quick(tries=1), pytest.raises(ApiError) as refused:
        reader.read("ap-guangzhou", "images-1", "web.json", 10)
    assert refused.value.code == "ServerNetworkError"
    assert len(server.asked) == 2
    assert elsewhere.asked == []


@pytest.mark.parametrize("code", ["InternalError", "InvalidParameterValue.ImageNotFound", "A.b.C1"])
def test_a_code_is_taken_as_it_is(server: Server, code: str) -> None:
    error = failed(server, {"Code": code, "Message": "why"})
    assert (error.code, error.request_id) == (code, "r-1")


@pytest.mark.parametrize(
    "code", ["", "a b", "a\nb", "<a>", "é", ".", "A..b", "token=x", "A" * 200, 7, None, ["A"], {}]
)
def test_a_code_that_has_not_the_form_of_one_is_an_invalid_answer(
    server: Server, code: Any
) -> None:
    assert failed(server, {"Code": code, "Message": "why"}).code == "InvalidAnswer"


@pytest.mark.parametrize("request_id", ["", "a b", "a\nb", "é", "A" * 65, 7, None, ["A"]])
def test_a_request_id_that_has_not_the_form_of_one_is_dropped(
    server: Server, request_id: Any
) -> None:
    error = failed(server, {"Code": "InternalError", "Message": "why"}, request_id)
    assert (error.code, error.request_id) == ("InternalError", None)
