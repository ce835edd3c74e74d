"""The functions run from their zips, unpacked read-only as SCF mounts them, on Python 3.10."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from local.webhook import new_secret, signed
from tests.unit.zips import Built, build_twice

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = new_secret()
REQUEST = {"AutoScalingGroupId": "asg-9dn1a5y6"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build_twice(tmp_path_factory.getbasetemp())


class _Cloud(BaseHTTPRequestHandler):
    """Refuses every call, as each API does."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        error = {"Code": "AuthFailure.SignatureFailure", "Message": "no such signature"}
        self._answer(json.dumps({"Response": {"Error": error, "RequestId": "r-1"}}), 200)

    def do_GET(self) -> None:
        self._answer("<Error><Code>NoSuchKey</Code></Error>", 404)

    def _answer(self, body: str, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Cloud) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(built: Built, function: str, event: Any, endpoint: str) -> tuple[Any, list[str], str]:
    """Call the function as SCF mounts it; give what it answered, logged, and wrote to stderr."""
    mounted = built.mounted(function)
    for folder in mounted:
        for path in folder.rglob("*"):
            path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    code = (
        "import json, sys, index\n"
        "answer = index.main_handler(json.load(sys.stdin), {'request_id': 'r-0',"
        " 'time_limit_in_ms': 10000, 'tencentcloud_region': 'ap-guangzhou'})\n"
        "print(json.dumps(answer))"
    )
    done = subprocess.run(
        [built.python, "-S", "-c", code],
        input=json.dumps(event),
        capture_output=True,
        text=True,
        check=True,
        cwd=os.sep,
        env={
            "PYTHONPATH": os.pathsep.join(map(str, mounted)),
            "PYTHONDONTWRITEBYTECODE": "x",
            "TENCENTCLOUD_SECRETID": "id",
            "TENCENTCLOUD_SECRETKEY": "key",
            "TENCENTCLOUD_SESSIONTOKEN": "token",
            "WEBHOOK_SECRET": SECRET,
            "AS_ENDPOINT": endpoint,
            "CVM_ENDPOINT": endpoint,
            "COS_ENDPOINT": endpoint,
        },
    )
    *log, answer = done.stdout.splitlines()
    return json.loads(answer), log, done.stderr


def http_event(body: Any) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    event = {"httpMethod": "POST", "headers": headers, "body": json.dumps(body)}
    return signed(event, SECRET)


def test_the_webhook_runs_from_its_zips(built: Built, endpoint: str) -> None:
    answer, log, _ = run(built, "webhook", http_event(REQUEST), endpoint)
    assert answer["statusCode"] == 502
    assert json.loads(answer["body"])["code"] == "AuthFailure.SignatureFailure"
    assert [json.loads(line)["level"] for line in log] == ["ERROR", "INFO"]


def test_the_webhook_explains_what_is_invalid_from_its_zips(built: Built, endpoint: str) -> None:
    answer, _, stderr = run(built, "webhook", http_event({"ImageId": 7, "x": 1}), endpoint)
    pointers = [problem["pointer"] for problem in json.loads(answer["body"])["problems"]]
    assert answer["statusCode"] == 400
    assert {"/ImageId", "/x"} <= set(pointers)
    assert stderr == ""


def test_the_schedule_runs_from_its_zips(built: Built, endpoint: str) -> None:
    tick = {"Type": "Timer", "TriggerName": "t", "Time": "2026-01-31T08:00:00Z"}
    answer, _, _ = run(built, "schedule", {**tick, "Message": json.dumps(REQUEST)}, endpoint)
    assert [error["Code"] for error in answer["Errors"]] == ["AuthFailure.SignatureFailure"]


def test_image_published_runs_from_its_zips(built: Built, endpoint: str) -> None:
    record = {
        "cos": {
            "cosObject": {"key": "/1250000000/images/web.json", "size": 10},
            "cosBucket": {"name": "images", "appid": "1250000000", "cosRegion": "ap-guangzhou"},
        },
        "event": {"eventName": "cos:ObjectCreated:Put"},
    }
    answer, _, _ = run(built, "image_published", {"Records": [record]}, endpoint)
    assert [error["Code"] for error in answer["Errors"]] == ["NoSuchKey"]


def printed(built: Built, code: str, **environ: str) -> str:
    """Run code with what the webhook is mounted with, and give what it prints."""
    env = {
        "PYTHONPATH": os.pathsep.join(map(str, built.mounted("webhook"))),
        "PYTHONDONTWRITEBYTECODE": "x",
        **environ,
    }
    return subprocess.run(
        [built.python, "-S", "-c", code], capture_output=True, text=True, check=True, env=env
    ).stdout


def test_every_module_of_ours_can_be_imported_from_the_zips(built: Built) -> None:
    code = (
        "import importlib, pkgutil, sys, warnings, instance_refresh as package\n"
        "names = [m.name for m in pkgutil.walk_packages(package.__path__, 'instance_refresh.')]\n"
        "[importlib.import_module(name) for name in names]\n"
        "print(len(names))"
    )
    assert int(printed(built, code)) > 20


def test_windows_know_time_zones_where_the_runtime_has_none(built: Built) -> None:
    code = (
        "from datetime import datetime, timezone\n"
        "from instance_refresh.model.window import window\n"
        "opened = window('Mon 02:00-05:00 Asia/Shanghai')\n"
        "print(opened.open_at(datetime(2026, 3, 1, 18, tzinfo=timezone.utc)))"
    )
    assert printed(built, code, PYTHONTZPATH="") == "True\n"
