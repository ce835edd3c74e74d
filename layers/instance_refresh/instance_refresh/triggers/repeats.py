"""The last answers: a call that is sent again gets the one it got, and reaches no API.

They are this process's alone. Any other looks at the cloud again, and starts nothing new either.
"""

from __future__ import annotations

from typing import Any

# What is larger is not kept, so that a process stays small.
_MOST, _LARGEST = 64, 16 * 1024
# Another try may end otherwise unless it was one of these: OK and Accepted.
_FINAL = (200, 202)
_answers: dict[bytes, dict[str, Any]] = {}


def answered(call: bytes) -> dict[str, Any] | None:
    """Give what a call was answered; its signature says that it is not too old."""
    return _answers.get(call)


def keep(call: bytes, answer: dict[str, Any]) -> None:
    """Keep an answer, if it is final."""
    if answer["statusCode"] in _FINAL and len(answer["body"]) <= _LARGEST:
        _answers[call] = answer
    if len(_answers) > _MOST:
        del _answers[next(iter(_answers))]
