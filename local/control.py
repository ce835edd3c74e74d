"""Faults from outside: `/-/faults` is beside the APIs, asks for no signature and never fails."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.faults import AFTER, BEFORE
from local.http import Reply, Request
from local.identifiers import well_formed

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.faults import Faults

PATH = "/-/faults"
CALLS = sorted(BEFORE | AFTER)
# Fault -> the kind of resource that it is for.
RESOURCES = {"instance_fails": "ins", "image_fails": "img", "target_unhealthy": "img"}
UNKNOWN_IMAGES = "unknown_images_refused"
ALL = [*CALLS, *RESOURCES, UNKNOWN_IMAGES]


class Control:
    """Sets, lists and clears faults."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def action(self, _: Request) -> str:
        """Name none: no fault is for this."""
        return ""

    def answer(self, request: Request) -> Reply:
        """POST sets one fault, DELETE takes all away; each answer lists those that are set."""
        try:
            if request.method == "POST":
                self._set(json.loads(request.body))
            elif request.method == "DELETE":
                self._faults.clear()
            elif request.method != "GET":
                return _json(405, {"Problem": "GET lists, POST sets, DELETE clears."})
        except (ValueError, KeyError, TypeError) as error:
            return _json(400, {"Problem": f"{error}"})
        return _json(200, {"Faults": self._faults.listed()})

    def refuse(self, request: Request, _: str) -> Reply:
        """Answer all the same."""
        return self.answer(request)

    def _set(self, given: dict[str, Any]) -> None:
        kind, on, times = given["Fault"], given.get("On", ""), int(given.get("Times", 1))
        after, seconds = int(given.get("After", 0)), float(given.get("Seconds", 0.0))
        if min(times, after, seconds) < 0:
            message = "Times, After and Seconds are not negative"
            raise ValueError(message)
        if kind == UNKNOWN_IMAGES:
            self._faults.refuse_unknown_images()
        elif kind in RESOURCES:
            if not well_formed(on, RESOURCES[kind]):
                message = f"{kind} is for one {RESOURCES[kind]}-…, not for {on!r}"
                raise ValueError(message)
            fail: dict[str, Callable[[str], None]] = {
                "instance_fails": lambda name: self._faults.fail_instance(name, times or 1),
                "image_fails": self._faults.fail_image,
                "target_unhealthy": self._faults.fail_target_health,
            }
            fail[kind](on)
        else:
            self._faults.inject(
                on or "*",
                kind,
                times=times or None,
                after=after,
                seconds=seconds,
            )


def _json(status: int, content: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(content).encode(), {"Content-Type": "application/json"})
