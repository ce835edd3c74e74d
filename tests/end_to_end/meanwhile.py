"""What happens to a cloud while a function is at work: between two of its calls."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING

from local.calls import WRITES
from tests.end_to_end.harness import allowed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.calls import Call
    from tests.end_to_end.harness import World


@contextmanager
def after(
    it: World,
    counts: Callable[[Call], bool],
    do: Callable[[], object],
    nth: int = 1,
    *,
    must: bool = True,
) -> Iterator[None]:
    """Do something once, when the nth call that counts has had its effect and no answer yet.

    There `must` be so many.
    """
    listener, turns = it.cloud.on_call, itertools.count(1)
    errors: list[BaseException] = []

    def called(call: Call) -> None:
        if listener:
            listener(call)
        if not counts(call) or next(turns) != nth:
            return
        it.cloud.on_call = listener
        try:
            do()
        except BaseException as error:  # noqa: BLE001 — raised again, in the test's own thread
            errors.append(error)

    it.cloud.on_call = called
    yield
    it.cloud.on_call = listener
    for error in errors:
        raise error
    assert next(turns) > nth or not must, "there were fewer calls"


def first(action: str) -> Callable[[Call], bool]:
    """Count the calls of an action, but for those that only ask how many objects there are."""
    return lambda call: call.action == action and call.params.get("Limit") != 1


@contextmanager
def decided(it: World, do: Callable[[], object], checks: int = 0) -> Iterator[None]:
    """Do something when a tick has decided, before the `checks` that make its first write safe.

    A tick that may only read shows when that is, and changes nothing.
    """
    known, role = len(it.cloud.calls), it.roles["schedule"]
    actions = (action.rpartition(":")[2] for action in allowed("schedule"))
    it.roles["schedule"] = it.cloud.role(allow=[one for one in actions if one not in WRITES])
    it.tick()
    it.roles["schedule"] = role
    made = [call.action for call in it.cloud.calls[known:]]
    reads = next(number for number, action in enumerate(made) if action in WRITES)
    with after(it, lambda _: True, do, reads - checks):
        yield
