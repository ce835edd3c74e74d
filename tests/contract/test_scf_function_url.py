"""HTTP requests to a function URL become events, and what is returned becomes the response."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.contract.scf_platform import running, write_function

if TYPE_CHECKING:
    from pathlib import Path

# Tells its event back, as JSON.
TELL = """
return {
    "isBase64Encoded": False, "statusCode": 202,
    "headers": {"Content-Type": "application/json", "X-Own": "1", "Content-Length": "3"},
    "body": json.dumps(event, ensure_ascii=False),
}
"""


def send(method: str, url: str, **options: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False  # a proxy can't reach loopback
        return session.request(method, url, timeout=30, **options)


def test_an_event_has_the_captured_shape(tmp_path: Path) -> None:
    write_function(tmp_path, "tell", TELL, before="import json")
    with running(tmp_path) as (platform, _):
        platform.deploy("tell")
        url = platform.http("tell")
        assert url.startswith("http://127.0.0.1:")
        answer = send(
            "POST",
            url + "refresh/nów",
            params={"name": "Jöhn", "many": ["1", "2"], "empty": ""},
            data="größe".encode(),
            headers={"Content-Type": "text/plain; charset=utf-8", "X-MiXed": "Case"},
        )
        done = platform.invocations[0]
        event = answer.json()
    assert answer.status_code == 202
    assert answer.headers["X-Own"] == "1"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Scf-Request-Id"] == done.request_id
    assert event == done.event
    headers = event.pop("headers")
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["x-mixed"] == "Case"
    assert headers["x-scf-request-id"] == done.request_id
    assert headers["x-scf-remote-addr"] == "127.0.0.1"
    assert event == {
        "body": "größe",
        "httpMethod": "POST",
        "path": "/refresh/nów",
        "queryString": {"name": "Jöhn", "many": ["1", "2"], "empty": ""},
        "headerParameters": {},
        "isBase64Encoded": False,
        "pathParameters": {},
        "queryStringParameters": {},
        "requestContext": {"sourceIp": "127.0.0.1"},
    }


def test_a_get_has_an_empty_body_and_bytes_come_as_base64(tmp_path: Path) -> None:
    write_function(tmp_path, "tell", TELL, before="import json")
    with running(tmp_path) as (platform, _):
        platform.deploy("tell")
        url = platform.http("tell")
        got = send("GET", url).json()
        sent = send("PUT", url, data=b"\xff\x00").json()
    assert (got["body"], got["isBase64Encoded"], got["path"]) == ("", False, "/")
    assert (sent["body"], sent["isBase64Encoded"]) == ("/wA=", True)


@pytest.mark.parametrize(
    ("body", "status", "content"),
    [
        ('return {"statusCode": 200, "body": "größe"}', 200, "größe".encode()),
        (
            'return {"statusCode": 201, "isBase64Encoded": True, "body": "/wA="}',
            201,
            b"\xff\x00",
        ),
        ('return {"statusCode": 204}', 204, b""),
    ],
)
def test_what_is_returned_becomes_the_response(
    tmp_path: Path, body: str, status: int, content: bytes
) -> None:
    write_function(tmp_path, "give", body)
    with running(tmp_path) as (platform, _):
        platform.deploy("give")
        answer = send("GET", platform.http("give"))
    assert (answer.status_code, answer.content) == (status, content)


@pytest.mark.parametrize(
    ("body", "kind", "content"),
    [
        ('return "größe"', "text/plain", "größe"),
        ('return {"a": 1}', "application/json", '{"a": 1}'),
        ("return [1, 2]", "application/json", "[1, 2]"),
        ("return None", "application/json", "null"),
    ],
)
def test_what_has_no_status_code_is_the_body(
    tmp_path: Path, body: str, kind: str, content: str
) -> None:
    write_function(tmp_path, "give", body)
    with running(tmp_path) as (platform, _):
        platform.deploy("give")
        answer = send("GET", platform.http("give"))
    assert (answer.status_code, answer.text) == (200, content)
    assert answer.headers["Content-Type"].startswith(kind)


def test_a_header_may_have_several_values(tmp_path: Path) -> None:
    write_function(tmp_path, "give", 'return {"statusCode": 200, "headers": {"X-A": ["1", "2"]}}')
    with running(tmp_path) as (platform, _):
        platform.deploy("give")
        assert send("GET", platform.http("give")).headers["X-A"] == "1, 2"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            'raise ValueError("secret detail")',
            {"errorMessage": "User code exception caught", "statusCode": 430},
        ),
        ("os._exit(1)", {"errorMessage": "User process exit when running", "statusCode": 439}),
        (
            'return {"statusCode": "200", "body": ""}',
            {"errorMessage": "Invalid scf response format", "statusCode": 403},
        ),
        (
            'return {"statusCode": 200, "body": {}}',
            {"errorMessage": "Invalid scf response format", "statusCode": 403},
        ),
        (
            'return {"statusCode": 200, "isBase64Encoded": True, "body": "?"}',
            {"errorMessage": "Invalid scf response format", "statusCode": 403},
        ),
    ],
)
def test_a_failure_is_a_500_without_a_stack_trace(
    tmp_path: Path, body: str, error: dict[str, Any]
) -> None:
    write_function(tmp_path, "fail", body, before="import os")
    with running(tmp_path) as (platform, _):
        platform.deploy("fail")
        answer = send("GET", platform.http("fail"))
        request_id = platform.invocations[0].request_id
    assert answer.status_code == 500
    assert answer.json() == {"errorCode": -1, "requestId": request_id, **error}
    assert "secret detail" not in answer.text


def test_requests_over_the_reserved_concurrency_are_refused(tmp_path: Path) -> None:
    write_function(
        tmp_path,
        "held",
        """
        open(folder + "/begun", "x").close()
        while not os.path.exists(folder + "/go"):
            time.sleep(0.005)
        return {"statusCode": 200}
        """,
        before=f"import os, time\nfolder = {str(tmp_path)!r}",
    )
    with running(tmp_path) as (platform, _):
        platform.deploy("held", timeout_s=60, concurrency=1)
        url = platform.http("held")
        first = threading.Thread(target=send, args=("GET", url))
        first.start()
        pause = threading.Event()
        while not (tmp_path / "begun").exists():
            pause.wait(0.005)
        second = send("GET", url)
        (tmp_path / "go").touch()
        first.join()
        assert (second.status_code, second.json()["statusCode"]) == (500, 432)
        assert [one.status for one in platform.invocations] == [432, 200]
