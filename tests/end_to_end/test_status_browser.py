"""The status page in Chromium, where it is installed; SCREENSHOTS=folder keeps the pictures."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.browser import CHROMIUM, look
from tests.end_to_end.test_status_page import EVIL, fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.harness import World

pytestmark = [
    pytest.mark.world(fill=fill),
    pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here"),
]


@contextmanager
def served(answer: dict[str, Any]) -> Iterator[str]:
    """Serve a function's answer, with its headers, as its function URL does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer["statusCode"])
            for name, value in answer["headers"].items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer["body"].encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.parametrize(
    ("width", "dark", "script"),
    [(1280, False, True), (1280, True, False), (390, False, False), (390, True, True)],
)
def test_a_browser_shows_it_asks_nobody_else_and_complains_of_nothing(
    it: World, width: int, dark: bool, script: bool
) -> None:
    it.tick()
    it.advance(60)
    with served(it.look(accept="text/html")) as url:
        seen = asyncio.run(look(url, width, dark=dark, script=script))
    if folder := os.environ.get("SCREENSHOTS"):
        shade = "dark" if dark else "light"
        Path(folder, f"status-{width}-{shade}.png").write_bytes(seen.picture)
    assert seen.complaints == ()
    assert [one for one in seen.asked if one not in (url, "data:,")] == []
    assert EVIL in seen.text
    for words in ("asg-web00002", "RingWaits", "InvalidTag"):
        assert words in seen.text
    assert seen.wide <= width


def test_what_the_policy_stops_would_be_seen(it: World) -> None:
    answer = it.look(accept="text/html")
    more = "<script>document.title = 1</script><img src='http://other.example/x'>"
    with served(answer | {"body": answer["body"].replace("</main>", f"{more}</main>")}) as url:
        seen = asyncio.run(look(url, 1280, script=True))
    assert "script" in str(seen.complaints)
    assert "other.example" in str((seen.asked, seen.complaints))
