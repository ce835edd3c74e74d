"""Run a function's events inside its process, as the vendor's Python bootstrap does.

Started as `bootstrap.py CODE EVENTS ANSWERS`: the code directory and two pipe descriptors. Events
come in and answers go out as one JSON line each; what the function prints is its log.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import sys
import traceback
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

Handler = Callable[[Any, dict[str, Any]], Any]

HANDLER = "main_handler"
ANSWER_LIMIT = 6 * 1024 * 1024


class HandlerNotFound(Exception):
    """The code directory has no index.py with a main_handler."""


def main(code: str, events: int, answers: int) -> None:
    """Load the function, then answer one event after another until the platform hangs up."""
    # The interpreter put this file's directory first; the platform's path begins with the code.
    del sys.path[0]
    os.chdir(code)
    for descriptor in (events, answers):
        os.set_inheritable(descriptor, False)
    log_to_stdout()
    with open(events, "rb") as incoming, open(answers, "wb", buffering=0) as outgoing:
        try:
            handler = load(Path(code) / "index.py")
        except Exception as error:  # noqa: BLE001 - whatever the function raises is its failure
            send(outgoing, failure(error))
            return
        send(outgoing, {"ready": True})
        for line in incoming:
            message = json.loads(line)
            send(outgoing, call(handler, message["event"], message["context"]))


def log_to_stdout() -> None:
    """Put a DEBUG handler on the root logger, and write whole lines of UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    root = logging.getLogger()
    root.setLevel(logging.DEBUG)
    root.addHandler(logging.StreamHandler(sys.stdout))


def load(path: Path) -> Handler:
    """Load `index.py` under the module name "", as `imp.load_source("", path)` does."""
    if not path.is_file():
        message = "the code directory has no index.py"
        raise HandlerNotFound(message)
    spec = importlib.util.spec_from_file_location("", path)
    if spec is None or spec.loader is None:
        message = "index.py can't be loaded"
        raise HandlerNotFound(message)
    module = importlib.util.module_from_spec(spec)
    sys.modules[""] = module
    spec.loader.exec_module(module)
    handler = getattr(module, HANDLER, None)
    if not callable(handler):
        message = f"index.py has no function {HANDLER}"
        raise HandlerNotFound(message)
    return handler  # type: ignore[no-any-return]  # what a user's module holds has no static type


def call(handler: Handler, event: object, context: dict[str, Any]) -> dict[str, Any]:
    """Call the handler once; its return value must be JSON of at most 6 MB.

    A `;` ends a variable in `context["environ"]`, so a value is cut at its first one.
    """
    for pair in context["environ"].split(";"):
        name, equals, value = pair.partition("=")
        if equals:
            os.environ[name] = value
    try:
        result = json.dumps(handler(event, context), ensure_ascii=False)
    except Exception as error:  # noqa: BLE001 - whatever the function raises is its failure
        return failure(error)
    if len(result.encode("utf-8", "surrogatepass")) > ANSWER_LIMIT:
        return {"status": 407, "type": "", "message": "The size of response exceeds 6 MB"}
    return {"status": 200, "result": result}


def failure(error: Exception) -> dict[str, Any]:
    """Describe an uncaught exception, without this file's own frames in the trace."""
    frames = traceback.TracebackException.from_exception(error)
    frames.stack[:] = [frame for frame in frames.stack if frame.filename != __file__]
    return {
        "status": 437 if isinstance(error, HandlerNotFound) else 430,
        "type": type(error).__name__,
        "message": str(error),
        "trace": "".join(frames.format()),
    }


def send(outgoing: BinaryIO, answer: dict[str, Any]) -> None:
    """Hand an answer to the platform, after everything that was logged for it."""
    sys.stdout.flush()
    sys.stderr.flush()
    data = json.dumps(answer).encode() + b"\n"
    while data:
        data = data[outgoing.write(data) :]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
