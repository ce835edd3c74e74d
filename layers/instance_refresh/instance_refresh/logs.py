"""The structured log: one JSON line an outcome, one an invocation, none longer than SCF keeps."""

from __future__ import annotations

import json
import logging
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

# SCF's own bootstrap logs from DEBUG up, and at DEBUG the SDK writes tokens and signatures.
logging.getLogger().setLevel(logging.WARNING)

from aws_lambda_powertools.logging import Logger  # noqa: E402 — it logs while it is imported

if TYPE_CHECKING:
    from collections.abc import Mapping


# SCF cuts a line at 8 KB; the newline counts.
MAX_LINE = 8000
_CUTS = (1000, 300, 100, 30, 1)
_HANDLER = logging.StreamHandler(sys.stdout)


@lru_cache(maxsize=1)
def logger() -> Logger:
    """Give the functions' logger."""
    return Logger(
        service="instance-refresh",
        level="INFO",
        logger_handler=_HANDLER,
        json_serializer=serialize,
        utc=True,
        use_rfc3339=True,
        location=None,
    )


def prepare() -> None:
    """Write to what is stdout now, and keep every library at WARNING, whatever SCF has set."""
    _HANDLER.stream = sys.stdout
    logging.getLogger().setLevel(logging.WARNING)


def serialize(line: Mapping[str, Any]) -> str:
    """Write a line as JSON; what makes it too long is cut, and how much was cut is said."""
    text = json.dumps(line, default=str)
    for length in _CUTS:
        if len(text) <= MAX_LINE:
            break
        text = json.dumps(_cut(line, length), default=str)
    return text


def _cut(value: Any, length: int) -> Any:
    if isinstance(value, str):
        left = len(value) - length
        return value if left <= 0 else f"{value[:length]}… {left} characters more"
    if isinstance(value, dict):
        kept = {key: _cut(item, length) for key, item in list(value.items())[:length]}
        left = len(value) - len(kept)
        return kept | ({"…": f"{left} more"} if left else {})
    if isinstance(value, (list, tuple)):
        some = [_cut(item, length) for item in value[: max(1, length // 20)]]
        left = len(value) - len(some)
        return [*some, f"… {left} more"] if left else some
    return value
