"""Serve the COS events of published images."""

from typing import Any

from instance_refresh.invocation import Invocation
from instance_refresh.triggers import cos


def main_handler(event: Any, context: dict[str, Any]) -> dict[str, Any]:
    with Invocation("cos", context) as invocation:
        return cos.serve(event, invocation)
