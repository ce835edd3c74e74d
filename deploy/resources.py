"""What a deploy knows of every kind of resource: how it is found, made, changed and removed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from deploy.client import CallFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.client import Client

Fields = dict[str, Any]
WAIT_S, LONGEST_S = 0.5, 120.0
ACTIVE, WORKING = "Active", ("Creating", "Updating", "Publishing", "Deleting")


class Stopped(Exception):
    """Says what keeps a deploy from going on, and what to do."""


class Resource(Protocol):
    """One thing in the cloud; its fields are the API's, as the plan shows them."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def wanted(self) -> Fields: ...

    def find(self, client: Client) -> Fields | None:
        """Give the fields that stand there now; None: nothing does."""

    def create(self, client: Client) -> None: ...

    def update(self, client: Client, found: Fields) -> None:
        """Make what is there equal to what is wanted."""

    def delete(self, client: Client) -> None: ...


def absent(error: CallFailed) -> bool:
    """Tell whether a call failed because there is no such thing."""
    return "NotExist" in error.code or error.code.startswith("ResourceNotFound")


def found_or_none(read: Callable[[], Fields]) -> Fields | None:
    """Read; None where there is no such thing."""
    try:
        return read()
    except CallFailed as error:
        if absent(error):
            return None
        raise


def settled(what: str, status: Callable[[], str]) -> str:
    """Wait while the platform works on something, and give the status that it has then."""
    until = time.monotonic() + LONGEST_S
    while (state := status()) in WORKING:
        if time.monotonic() > until:
            message = f"{what} is {state} for {LONGEST_S:g} seconds: run this again"
            raise Stopped(message)
        time.sleep(WAIT_S)
    return state


def active(what: str, status: Callable[[], str]) -> None:
    """Wait while the platform works on something; Stopped where it fails."""
    if (state := settled(what, status)) != ACTIVE:
        message = f"{what} is {state}: SCF's console says why. Then run this again"
        raise Stopped(message)
