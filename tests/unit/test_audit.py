"""The audit against an index on loopback."""

from __future__ import annotations

import io
import json
import threading
from contextlib import redirect_stdout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests import audit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FLAW = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fixed_in": ["2.1"], "withdrawn": None}
KNOWN: dict[str, Any] = {
    "/pypi/good/1.0/json": {"vulnerabilities": []},
    "/pypi/bad/2.0/json": {"vulnerabilities": [FLAW, {**FLAW, "withdrawn": "2026-01-01"}]},
    "/pypi/odd/3.0/json": {"info": {}},
}


class Index(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = KNOWN.get(self.path)
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(json.dumps(found).encode())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(autouse=True)
def _index(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple/")
        yield
        server.shutdown()
        thread.join()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "requirements.txt"


@pytest.mark.parametrize(
    ("pinned", "options", "status", "says"),
    [
        ("good==1.0 \\\n    --hash=sha256:00\n", [], 0, "1 packages, 0 known"),
        ("good==1.0\nbad==2.0 ; x == 'y'\n", [], 1, "bad 2.0: PYSEC-1, CVE-1; mended in 2.1"),
        ("none==1\n", [], 0, "NOT CHECKED. the index answered 404 for none 1"),
        ("good==1.0\nnone==1\n", ["--strict"], 2, "NOT CHECKED."),
        ("odd==3.0\n", [], 0, "NOT CHECKED. the index could not be asked (KeyError)"),
        ("# nothing\n", [], 2, "nothing is pinned"),
    ],
)
def test_what_the_index_knows_is_said(
    file: Path, pinned: str, options: list[str], status: int, says: str
) -> None:
    file.write_text(pinned)
    out = io.StringIO()
    with redirect_stdout(out):
        assert audit.main([str(file), *options]) == status
    assert says in out.getvalue()


def test_an_index_that_is_not_there(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    file.write_text("good==1.0\n")
    assert audit.main([str(file)]) == 0
    assert "NOT CHECKED. the index could not be asked (URLError)" in capsys.readouterr().out
