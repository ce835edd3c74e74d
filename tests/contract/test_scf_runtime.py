"""A function's process has what SCF gives it, and nothing else."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.scf_platform import running, write_function

if TYPE_CHECKING:
    from pathlib import Path


def test_the_second_call_is_warm_and_a_crash_makes_the_next_one_cold(tmp_path: Path) -> None:
    write_function(
        tmp_path,
        "count",
        """
        calls.append(1)
        if event.get("exit"):
            print("going")
            os._exit(event["exit"])
        return len(calls)
        """,
        before="import os\ncalls = []",
    )
    with running(tmp_path) as (platform, _):
        platform.deploy("count")
        seen = [platform.invoke("count", event) for event in ({}, {}, {"exit": 3}, {})]
        assert [(done.status, done.result, done.cold) for done in seen] == [
            (200, 1, True),
            (200, 2, False),
            (439, None, False),
            (200, 1, True),
        ]
        assert seen[2].logs == ["going"]
        assert "code 3" in seen[2].error_message
        assert platform.invocations == seen


def test_an_uncaught_exception_is_430_and_leaves_the_instance_warm(tmp_path: Path) -> None:
    write_function(tmp_path, "fail", 'raise ValueError("no " + event["what"])')
    with running(tmp_path) as (platform, _):
        platform.deploy("fail")
        first, second = (platform.invoke("fail", {"what": "way"}) for _ in range(2))
        assert (first.status, first.error_type, first.error_message) == (
            430,
            "ValueError",
            "no way",
        )
        assert second.cold is False
        message = json.loads(first.return_message)
        assert message["statusCode"] == 430
        assert message["stackTrace"].endswith("ValueError: no way\n")
        assert "bootstrap" not in message["stackTrace"]
        assert "stackTrace" not in first.error


@pytest.mark.parametrize(
    ("source", "status", "error"),
    [
        ("import no_such_module", 430, "ModuleNotFoundError"),
        ("def other(event, context): ...", 437, "HandlerNotFound"),
        ("def main_handler(:", 430, "SyntaxError"),
        ("import sys; sys.exit(2)", 439, ""),
    ],
)
def test_a_function_that_cannot_start_fails_and_is_tried_anew(
    tmp_path: Path, source: str, status: int, error: str
) -> None:
    write_function(tmp_path, "broken", "return 1")
    with running(tmp_path) as (platform, _):
        platform.deploy("broken")
        index = tmp_path / "broken" / "index.py"
        good = index.read_text(encoding="utf-8")
        index.write_text(source, encoding="utf-8")
        done = platform.invoke("broken", {})
        assert (done.status, done.error_type, done.cold) == (status, error, True)
        index.write_text(good, encoding="utf-8")
        assert platform.invoke("broken", {}).result == 1


def test_a_function_past_its_timeout_is_killed(tmp_path: Path) -> None:
    write_function(
        tmp_path,
        "slow",
        """
        print("begun")
        time.sleep(event)
        """,
        before="import time",
    )
    with running(tmp_path) as (platform, _):
        platform.deploy("slow", timeout_s=1)
        done = platform.invoke("slow", 60)
        assert (done.status, done.logs) == (433, ["begun"])
        assert platform.invoke("slow", 0).cold is True


def environment_of(tmp_path: Path, **deployment: Any) -> dict[str, Any]:
    write_function(
        tmp_path,
        "tell",
        """
        return {
            "environ": dict(os.environ), "path": sys.path, "context": context,
            "root": logging.getLogger().level, "name": __name__, "here": os.getcwd(),
            "modules": sorted(name.partition(".")[0] for name in sys.modules),
        }
        """,
        before="import logging, os, sys",
    )
    with running(tmp_path) as (platform, cloud):
        platform.deploy("tell", role=cloud.role(), **deployment)
        result = platform.invoke("tell", {}).result
        assert isinstance(result, dict)
        return result


def test_the_environment_holds_nothing_of_the_parents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", "the developer's own")
    monkeypatch.setenv("PYTHONPATH", "somewhere")
    told = environment_of(tmp_path, environ={"LOG_LEVEL": "INFO"})
    environ = told["environ"]
    assert "HTTPS_PROXY" not in environ
    assert "TENCENTCLOUD_SECRET_ID" not in environ
    assert environ["PYTHONPATH"] == str(tmp_path / "tell")
    assert environ["PYTHONDONTWRITEBYTECODE"] == "x"
    assert environ["LOG_LEVEL"] == "INFO"
    assert environ["AS_ENDPOINT"].startswith("http://127.0.0.1:")
    assert environ["TENCENTCLOUD_REGION"] == "ap-guangzhou"
    role = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")
    assert all(environ[name] for name in role)
    assert told["path"][0] == str(tmp_path / "tell")
    assert "site-packages" not in "".join(told["path"])
    assert not {"local", "rich", "aiohttp"} & set(told["modules"])


def test_the_module_the_root_logger_and_the_context_are_the_vendors(tmp_path: Path) -> None:
    told = environment_of(tmp_path, timeout_s=30, memory_mb=64, environ={"LOG_LEVEL": "INFO"})
    context = told["context"]
    assert (told["name"], told["root"], told["here"]) == ("", logging.DEBUG, str(tmp_path / "tell"))
    assert (context["memory_limit_in_mb"], context["time_limit_in_ms"]) == (64, 30_000)
    assert len(context["request_id"]) == 36
    assert context["function_name"] == "tell"
    assert context["function_version"] == "$LATEST"
    assert context["namespace"] == "default"
    assert context["tencentcloud_region"] == "ap-guangzhou"
    assert context["tencentcloud_appid"].isdigit()
    assert context["tencentcloud_uin"].isdigit()
    assert json.loads(context["environment"])["LOG_LEVEL"] == "INFO"
    assert "LOG_LEVEL=INFO" in context["environ"].split(";")


def test_a_warm_instance_sees_the_roles_fresh_credentials(tmp_path: Path) -> None:
    write_function(
        tmp_path,
        "who",
        'return os.environ["TENCENTCLOUD_SESSIONTOKEN"]',
        before="import os",
    )
    with running(tmp_path) as (platform, cloud):
        function = platform.deploy("who", role=cloud.role())
        first = platform.invoke("who", {})
        function.role = fresh = cloud.role()
        second = platform.invoke("who", {})
        assert second.cold is False
        assert second.result == fresh.token != first.result


def test_packages_come_from_the_code_first_and_then_from_opt(tmp_path: Path) -> None:
    opt = [tmp_path / "layer", tmp_path / "packages"]
    for number, folder in enumerate(opt):
        folder.mkdir()
        (folder / "shared.py").write_text(f"WHERE = {number}", encoding="utf-8")
    (opt[1] / "deeper.py").write_text("WHERE = 'deeper'", encoding="utf-8")
    write_function(
        tmp_path,
        "finds",
        "return [own.WHERE, shared.WHERE, deeper.WHERE]",
        before="import deeper, own, shared",
    )
    (tmp_path / "finds" / "own.py").write_text("WHERE = 'own'", encoding="utf-8")
    with running(tmp_path, opt=opt) as (platform, _):
        platform.deploy("finds")
        done = platform.invoke("finds", {})
        assert done.result == ["own", 0, "deeper"]
        assert not list(tmp_path.rglob("*.pyc"))


def test_every_line_is_logged_whole_in_order_and_cut_at_8_kb(tmp_path: Path) -> None:
    write_function(
        tmp_path,
        "talk",
        """
        logging.getLogger("library").debug("héllo %s", event["name"])
        print("out")
        print("err", file=sys.stderr)
        subprocess.run([sys.executable, "-c", "print('child')"], check=True)
        print("é" * 5000)
        print("no newline", end="")
        return "done"
        """,
        before='import logging, subprocess, sys\nprint("loading")',
    )
    with running(tmp_path) as (platform, _):
        platform.deploy("talk")
        done = platform.invoke("talk", {"name": "世界"})
        assert done.logs[:5] == ["loading", "héllo 世界", "out", "err", "child"]
        assert done.logs[5] == "é" * 4096
        assert done.logs[6:] == ["no newline"]
        assert done.written().splitlines()[-1] == '"done"'
        assert platform.invoke("talk", {"name": "2"}).logs[0] == "héllo 2"


def test_a_megabyte_of_log_and_a_large_event_do_not_block_each_other(tmp_path: Path) -> None:
    write_function(
        tmp_path,
        "loud",
        'print("x" * 1_000_000)\nreturn len(event)',
        before='print("y" * 1_000_000)',
    )
    with running(tmp_path) as (platform, _):
        platform.deploy("loud")
        done = platform.invoke("loud", "z" * 5_000_000)
        assert (done.result, [len(line) for line in done.logs]) == (5_000_000, [8192, 8192])


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ("return {1, 2}", 430, "TypeError"),
        ('return "x" * (6 * 1024 * 1024)', 407, ""),
        ("return None", 200, ""),
    ],
)
def test_the_answer_must_be_json_of_at_most_6_mb(
    tmp_path: Path, body: str, status: int, error: str
) -> None:
    write_function(tmp_path, "answer", body)
    with running(tmp_path) as (platform, _):
        platform.deploy("answer")
        done = platform.invoke("answer", {})
        assert (done.status, done.result, done.error_type) == (status, None, error)


def test_an_event_over_the_limit_never_reaches_the_function(tmp_path: Path) -> None:
    write_function(tmp_path, "size", "return len(event)")
    with running(tmp_path) as (platform, _):
        platform.deploy("size")
        assert platform.invoke("size", "x" * (6 * 1024 * 1024)).status == 406
        assert platform.invoke("size", "x" * (128 * 1024)).status == 200
        assert platform.invoke_async("size", "x" * (128 * 1024)).result(10).status == 406


def test_peak_memory_and_duration_are_recorded(tmp_path: Path) -> None:
    write_function(tmp_path, "big", "return len(bytearray(b'x') * (64 << 20))")
    with running(tmp_path) as (platform, _):
        platform.deploy("big")
        done = platform.invoke("big", {})
        assert done.memory_mb > 64
        assert done.duration_ms > 0


def test_a_function_above_its_memory_is_killed(tmp_path: Path) -> None:
    write_function(tmp_path, "big", "return len(bytearray(b'x') * (event << 20))")
    with running(tmp_path) as (platform, _):
        platform.deploy("big", memory_mb=128)
        done = platform.invoke("big", 192)
        assert (done.status, done.result, done.error["errorMessage"]) == (
            434,
            None,
            "MemoryLimitReached",
        )
        assert platform.invoke("big", 1).cold is True


@pytest.mark.parametrize(
    ("name", "deployment", "says"),
    [
        ("missing", {}, "there is no missing/index.py"),
        ("no name", {}, "function name"),
        ("ok", {"timeout_s": 901}, "timeout_s"),
        ("ok", {"memory_mb": 100}, "memory_mb"),
        ("ok", {"environ": {"TENCENTCLOUD_X": "1"}}, "TENCENTCLOUD_X"),
        ("ok", {"environ": {"BIG": "x" * 4096}}, "4 KB"),
    ],
)
def test_what_the_platform_would_refuse_is_refused(
    tmp_path: Path, name: str, deployment: dict[str, Any], says: str
) -> None:
    write_function(tmp_path, "ok", "return 1")
    with running(tmp_path) as (platform, _), pytest.raises(ValueError, match=says):
        platform.deploy(name, **deployment)


def test_a_function_that_is_not_deployed_is_named(tmp_path: Path) -> None:
    with running(tmp_path) as (platform, _), pytest.raises(LookupError, match="'nothing'"):
        platform.invoke("nothing", {})
