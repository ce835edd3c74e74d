"""Function URLs: an HTTP request becomes an event, and what the function returns the response."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import socket
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from aiohttp import web

from local.scf.invocation import STATUS_OK

if TYPE_CHECKING:
    from collections.abc import Callable

    from multidict import MultiMapping

    from local.scf.invocation import Invocation

# Written by the server itself from the body it sends.
OWN_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})
# Above the event's own limit, so that the platform refuses the event, not the HTTP library.
BODY_LIMIT = 32 * 1024 * 1024
# Requests served at the same time, over all URLs.
REQUESTS = 64


class FunctionUrls:
    """Serves function URLs on 127.0.0.1, one port a function, from a thread of its own."""

    def __init__(self) -> None:
        """Start the thread, with no URL yet."""
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(REQUESTS, thread_name_prefix="scf-http"))
        self._runners: list[web.AppRunner] = []
        self._thread = threading.Thread(target=self._loop.run_forever, name="scf-http", daemon=True)
        self._thread.start()

    def serve(self, invoke: Callable[[dict[str, Any], str], Invocation]) -> str:
        """Serve one function at a URL of its own; `invoke` gets an event and its request id."""
        listening = socket.create_server(("127.0.0.1", 0))
        asyncio.run_coroutine_threadsafe(self._start(invoke, listening), self._loop).result()
        return f"http://127.0.0.1:{listening.getsockname()[1]}/"

    def close(self) -> None:
        """Stop serving; requests that are still under way are cut."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(
        self, invoke: Callable[[dict[str, Any], str], Invocation], listening: socket.socket
    ) -> None:
        async def answer(request: web.Request) -> web.Response:
            request_id = str(uuid.uuid4())
            event = to_event(request, await request.read(), request_id)
            return to_response(await asyncio.to_thread(invoke, event, request_id))

        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        self._runners.append(runner)

    async def _stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
        await self._loop.shutdown_default_executor()


def to_event(request: web.Request, body: bytes, request_id: str) -> dict[str, Any]:
    """Give the event of a request, in the captured shape; a body that isn't UTF-8 as base64."""
    try:
        text, is_base64 = body.decode(), False
    except UnicodeDecodeError:
        text, is_base64 = base64.b64encode(body).decode(), True
    headers = {name.lower(): ", ".join(request.headers.getall(name)) for name in request.headers}
    source = request.remote or "127.0.0.1"
    return {
        "body": text,
        "headers": headers | {"x-scf-request-id": request_id, "x-scf-remote-addr": source},
        "httpMethod": request.method,
        "path": request.path,
        "queryString": _query(request.query),
        "headerParameters": {},
        "isBase64Encoded": is_base64,
        "pathParameters": {},
        "queryStringParameters": {},
        "requestContext": {"sourceIp": source},
    }


def _query(query: MultiMapping[str]) -> dict[str, str | list[str]]:
    values = {name: query.getall(name) for name in query}
    return {name: value[0] if len(value) == 1 else value for name, value in values.items()}


def to_response(done: Invocation) -> web.Response:
    """Give the response that a function returned; a 500 in the platform's shape if it failed."""
    response = _returned(done.result) if done.status == STATUS_OK else None
    if response is None:
        error = done.error
        if done.status == STATUS_OK:
            error |= {"errorMessage": "Invalid scf response format", "statusCode": 403}
        response = web.Response(
            status=500, body=json.dumps(error).encode(), content_type="application/json"
        )
    response.headers["X-Scf-Request-Id"] = done.request_id
    return response


def _returned(result: object) -> web.Response | None:
    """Read a returned response; None unless statusCode is an int and the rest fits.

    What has no statusCode is the body itself, JSON or text, with status 200:
    https://cloud.tencent.com/document/product/583/96099
    """
    if isinstance(result, str):
        return web.Response(text=result)
    if not isinstance(result, dict) or "statusCode" not in result:
        return web.json_response(result)
    status, headers, body = (
        result.get("statusCode"),
        result.get("headers") or {},
        result.get("body", ""),
    )
    if type(status) is not int or not isinstance(headers, dict) or not isinstance(body, str):
        return None
    try:
        data = base64.b64decode(body, validate=True) if result.get("isBase64Encoded") else None
    except binascii.Error:
        return None
    response = web.Response(status=status, body=body.encode() if data is None else data)
    for name, value in headers.items():
        if name.lower() not in OWN_HEADERS:
            for one in value if isinstance(value, list) else [value]:
                response.headers.add(name, str(one))
    return response
