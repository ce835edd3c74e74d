"""The error that a stand-in answers a call with."""

from __future__ import annotations


class Refused(Exception):
    """A call is refused with one of the platform's error codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
