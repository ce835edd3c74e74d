"""The HTTP server: one loopback port for all services, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from aiohttp import web

from local.faults import BEFORE
from local.http import Reply, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.faults import Fault, Faults
    from local.http import Service

HOST = "127.0.0.1"
_WORKERS = 64
_STOP_SECONDS = 0.2


class Server:
    """Serves until it is stopped; each request is answered in a worker thread."""

    def __init__(self, choose: Callable[[Request], Service], faults: Faults, port: int) -> None:
        self._choose = choose
        self._faults = faults
        self.port = port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Begin to serve; a port of 0 is replaced by the one that was free."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=[ready], name="cloud", daemon=True)
        self._thread.start()
        ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """Stop serving; open connections are closed. Once stopped, it does nothing."""
        if self._thread is None or self._loop is None or self._stopping is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = None

    def _run(self, ready: threading.Event) -> None:
        try:
            asyncio.run(self._serve(ready))
        except Exception as error:  # noqa: BLE001 — `start` raises it
            self._failure = error
        finally:
            ready.set()

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        runner = web.ServerRunner(
            web.Server(self._handle, access_log=None), shutdown_timeout=_STOP_SECONDS
        )
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="cloud") as workers:
            self._loop.set_default_executor(workers)
            await runner.setup()
            try:
                site = web.TCPSite(runner, HOST, self.port)
                await site.start()
                self.port = runner.addresses[0][1]
                ready.set()
                await self._stopping.wait()
            finally:
                await runner.cleanup()

    async def _handle(self, raw: web.BaseRequest) -> web.StreamResponse:
        path, _, query = raw.raw_path.partition("?")
        request = Request(
            method=raw.method,
            path=path,
            query=query,
            headers=raw.headers,
            body=await raw.content.read(),
            client=raw.remote or HOST,
        )
        service = self._choose(request)
        action = service.action(request)
        fault = self._faults.take(action) if action else None
        reply = await self._answer(service, request, fault)
        if reply is None:
            if raw.transport is not None:
                raw.transport.abort()
            return web.Response()
        return _respond(request, reply)

    async def _answer(
        self, service: Service, request: Request, fault: Fault | None
    ) -> Reply | None:
        """Answer with the fault that there may be; None: cut the connection."""
        loop = asyncio.get_running_loop()
        kind = fault.kind if fault else ""
        if kind in BEFORE:
            reply = await loop.run_in_executor(None, service.refuse, request, kind)
            return None if kind == "cut_before" else reply
        if fault and kind == "delay":
            await asyncio.sleep(fault.seconds)
        reply = await loop.run_in_executor(None, service.answer, request)
        if fault and kind == "slow_after":
            await asyncio.sleep(fault.seconds)
        return _spoil(reply, kind)


def _spoil(reply: Reply, kind: str) -> Reply | None:
    if kind == "cut_after":
        return None
    if kind == "cut_within":
        headers = {**reply.headers, "Content-Length": str(len(reply.body))}
        return Reply(reply.status, reply.body[: len(reply.body) // 2], headers)
    if kind == "http_500_after":
        return Reply(500, b"<html>upstream error</html>", {"Content-Type": "text/html"})
    if kind == "malformed_json":
        return Reply(reply.status, reply.body[: len(reply.body) // 2], reply.headers)
    if kind == "empty_body":
        return Reply(reply.status, b"", reply.headers)
    if kind == "wrong_content_type":
        headers = {**reply.headers, "Content-Type": "application/json; charset=utf-8"}
        return Reply(reply.status, reply.body, headers)
    return reply


def _respond(request: Request, reply: Reply) -> web.Response:
    headers = dict(reply.headers)
    if request.method == "HEAD":
        headers["Content-Length"] = str(len(reply.body))
        return web.Response(status=reply.status, headers=headers)
    response = web.Response(status=reply.status, body=reply.body, headers=headers)
    if int(headers.get("Content-Length", "0")) > len(reply.body):
        response.force_close()  # what is left never comes
    return response
