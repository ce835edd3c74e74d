"""What is wrong with something that was written: a document, or a tag."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing wrong: where (in a document a JSON Pointer, RFC 6901) and what."""

    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.pointer} {self.message}".strip()


def printable(text: str) -> str:
    """Write what a sender chose so that it can stand in a line."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
