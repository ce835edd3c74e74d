"""All that tests put in the place of the functions' own code, by its name. Nothing else does."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

from instance_refresh import clock as of_functions
from instance_refresh.clock import Deadline
from instance_refresh.gateway import client, cos, reading
from instance_refresh.gateway.client import Api
from instance_refresh.gateway.cos import Cos
from instance_refresh.rollout import apply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def clock(**answer: Any) -> Iterator[None]:
    """Let the functions' clock answer so: `new`, `return_value` or `side_effect`."""
    with mock.patch.object(of_functions, "now", **answer):
        yield


@contextmanager
def quick(
    *,
    paced: bool = False,
    waits: bool = True,
    tries: int | None = None,
    timeout: float | None = None,
    workers: int | None = None,
) -> Iterator[None]:
    """Let calls be made at any pace, unless `paced`, and tried again at once.

    `waits=False` waits for nothing, `tries` is how often a call is made at most, `timeout` how many
    seconds one may take, `workers` how many are made side by side.
    """
    changed: dict[tuple[Any, str], Any] = {}
    if not paced:
        changed |= {(client, "_INTERVAL"): 0.0, (of_functions, "_FIRST_WAIT"): 0.001}
    if not waits:
        changed[Deadline, "sleep"] = _at_once
    if tries is not None:
        changed |= {(of_functions, "_TRIES"): tries, (apply, "_TRIES"): tries}
    if timeout is not None:
        changed |= {(client, "_CALL_TIMEOUT"): timeout, (cos, "_TIMEOUT"): timeout}
    if workers is not None:
        changed[reading, "WORKERS"] = workers
    with ExitStack() as stack:
        for (place, name), value in changed.items():
            stack.enter_context(mock.patch.object(place, name, value))
        stack.enter_context(mock.patch.dict(client._PACES, clear=True))
        yield


def _at_once(_: Deadline, __: float) -> None:
    """Stand for a wait, without recording it as a Mock would."""


@contextmanager
def no_network(
    answer: Callable[[str, str, str, Any], dict[str, Any]],
    read: Callable[[str, str, str, int], bytes],
) -> Iterator[None]:
    """Let `answer(service, region, action, parameters)` and `read` stand for the cloud.

    For what is played or timed so often that even loopback would take too long.
    """

    def call(
        api: Api, action: str, parameters: Any, _: Deadline, *, repeat: bool = True
    ) -> dict[str, Any]:
        assert repeat in (True, False)
        return answer(api._service, api._region, action, parameters)

    def read_object(_: Cos, region: str, bucket: str, key: str, most: int) -> bytes:
        return read(region, bucket, key, most)

    with mock.patch.object(Api, "call", call), mock.patch.object(Cos, "read", read_object):
        yield
