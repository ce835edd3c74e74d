"""Serve the ticks of a timer."""

from typing import Any

from instance_refresh.invocation import Invocation
from instance_refresh.triggers import timer


def main_handler(event: Any, context: dict[str, Any]) -> dict[str, Any]:
    with Invocation("timer", context) as invocation:
        return timer.serve(event, invocation)
