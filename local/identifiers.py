"""Resource ids in the platform's form: a prefix, a hyphen, eight letters and digits."""

from __future__ import annotations

import random
import re
import string

_ALPHABET = string.ascii_lowercase + string.digits
_FORM = re.compile(r"([a-z]+)-[a-z0-9]{8}")


class Identifiers:
    """A source of ids: the same ones, in the same order, in every cloud."""

    def __init__(self) -> None:
        self._random = random.Random(20180419)
        self._given: set[str] = set()

    def new(self, prefix: str) -> str:
        """Make an id that this cloud has not given before."""
        while True:
            made = f"{prefix}-{''.join(self._random.choices(_ALPHABET, k=8))}"
            if made not in self._given:
                self._given.add(made)
                return made


def well_formed(identifier: str, prefix: str) -> bool:
    """Tell whether an id has its kind's form."""
    match = _FORM.fullmatch(identifier)
    return match is not None and match[1] == prefix
