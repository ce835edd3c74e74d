"""What one try of an invocation came to, and what the platform logs of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

LINE_LIMIT = 8 * 1024

# Status -> status message, from the platform's list of function status codes.
STATUSES = {
    200: "Success",
    406: "RequestTooLarge",
    407: "The size of response exceeds the upper limit (6MB)",
    430: "User code exception caught",
    432: "ResourceLimitReached",
    433: "TimeLimitReached",
    434: "MemoryLimitReached",
    437: "HandlerNotFound",
    439: "User process exit when running",
}

# Failures of the run itself: an asynchronous event is tried again after them.
RUN_FAILURES = frozenset({407, 430, 433, 434, 437, 439})


@dataclass(frozen=True)
class Answer:
    """What a function's process gave for one event; `result` is None unless the status is 200."""

    status: int
    result: Any = None
    error_type: str = ""
    error_message: str = ""
    stack_trace: str = ""
    logs: list[str] = field(default_factory=list)
    duration_ms: float = 0.0
    memory_mb: float = 0.0


@dataclass(frozen=True)
class Invocation:
    """One try: the event, how it ended, and the function's own log lines, each cut at 8 KB.

    `memory_mb` is the peak of the instance up to then (0 where the system doesn't tell), `cold`
    says that the instance was started for this try. Tries of one event share the request id.
    """

    function: str
    request_id: str
    event: Any
    status: int
    result: Any
    error_type: str
    error_message: str
    stack_trace: str
    logs: list[str]
    duration_ms: float
    memory_mb: float
    try_number: int
    cold: bool

    @property
    def return_message(self) -> str:
        """Give what the platform logs as the return value: the result, or the error, as JSON."""
        if self.status == STATUS_OK:
            return cut(json.dumps(self.result, ensure_ascii=False))
        return cut(json.dumps(self.error | {"stackTrace": self.stack_trace}, ensure_ascii=False))

    @property
    def error(self) -> dict[str, Any]:
        """Describe a failed try as the platform does to a caller, without the stack trace."""
        return {
            "errorCode": -1,
            "errorMessage": STATUSES[self.status],
            "requestId": self.request_id,
            "statusCode": self.status,
        }

    def told(self) -> str:
        """Give the log lines, and how it failed if it did, each after the function's name."""
        failed = [] if self.status == STATUS_OK else [self.return_message]
        return "".join(f"{self.function} {line}\n" for line in [*self.logs, *failed])

    def written(self) -> str:
        """Give everything the platform's log holds of this try."""
        return "\n".join([*self.logs, self.return_message])


STATUS_OK = 200


def cut(line: str) -> str:
    """Cut a log line at 8 KB of UTF-8, never inside a character."""
    data = line.encode("utf-8", "replace")
    return line if len(data) <= LINE_LIMIT else data[:LINE_LIMIT].decode("utf-8", "ignore")
