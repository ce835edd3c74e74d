"""Serve the status of the rollouts over HTTP."""

from typing import Any

from instance_refresh.invocation import Invocation
from instance_refresh.triggers import status


def main_handler(event: Any, context: dict[str, Any]) -> dict[str, Any]:
    with Invocation("http", context) as invocation:
        return status.serve(event, invocation)
