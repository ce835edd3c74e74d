"""A page in Chromium, by its DevTools protocol: what it shows, asks for and complains of."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
# https://chromedevtools.github.io/devtools-protocol/
_COMPLAINTS = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
_SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-extensions",
    "--no-first-run",
)
_SOON_S = 60


class Seen(NamedTuple):
    """What a browser has seen: `wide` is how many pixels the page takes, `picture` a PNG."""

    text: str
    wide: int
    asked: tuple[str, ...]
    complaints: tuple[str, ...]
    picture: bytes


async def look(url: str, width: int, *, dark: bool = False, script: bool = False) -> Seen:
    """Open a page in a window of that width."""
    async with _page() as page:
        for name in ("Log", "Runtime", "Network", "Page"):
            await page.call(f"{name}.enable")
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        await page.call("Emulation.setDeviceMetricsOverride", **size)
        await page.call("Emulation.setScriptExecutionDisabled", value=not script)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await page.call("Emulation.setEmulatedMedia", features=[scheme])
        await page.call("Page.navigate", url=url)
        await page.until("Page.loadEventFired")
        shown = await page.call("Runtime.evaluate", expression="document.body.innerText")
        metrics = await page.call("Page.getLayoutMetrics")
        picture = await page.call("Page.captureScreenshot", captureBeyondViewport=True)
        asked = [e["params"]["request"]["url"] for e in page.of("Network.requestWillBeSent")]
        return Seen(
            shown["result"]["value"],
            int(metrics["cssContentSize"]["width"]),
            tuple(asked),
            tuple(json.dumps(e["params"]) for e in page.of(*_COMPLAINTS)),
            base64.b64decode(picture["data"]),
        )


class _Page:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
        self._socket = socket
        self._events: list[dict[str, Any]] = []
        self._last = 0

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._last += 1
        await self._socket.send_json({"id": self._last, "method": method, "params": params})
        while (message := await self._receive()).get("id") != self._last:
            self._events.append(message)
        assert "error" not in message, message
        result: dict[str, Any] = message["result"]
        return result

    async def until(self, method: str) -> None:
        while not self.of(method):
            self._events.append(await self._receive())

    def of(self, *methods: str) -> list[dict[str, Any]]:
        return [event for event in self._events if event.get("method") in methods]

    async def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._socket.receive_json(timeout=_SOON_S)
        return message


@asynccontextmanager
async def _page() -> AsyncIterator[_Page]:
    """Start a browser with an empty profile, and give its one page."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        own = (f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank")
        quiet = asyncio.subprocess.DEVNULL
        browser = await asyncio.create_subprocess_exec(
            CHROMIUM, *_SWITCHES, *own, stdout=quiet, stderr=quiet
        )
        try:
            port = await asyncio.wait_for(_port(Path(profile, "DevToolsActivePort")), _SOON_S)
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    pages = [one for one in await answer.json() if one["type"] == "page"]
                address = pages[0]["webSocketDebuggerUrl"]
                async with session.ws_connect(address, max_msg_size=0) as socket:
                    yield _Page(socket)
        finally:
            browser.kill()
            await browser.wait()


async def _port(file: Path) -> str:
    while not (file.exists() and (lines := file.read_text().splitlines())):
        await asyncio.sleep(0.05)
    return lines[0]
