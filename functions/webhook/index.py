"""Serve a request for instance refreshes that is sent over HTTP."""

from typing import Any

from instance_refresh.invocation import Invocation
from instance_refresh.triggers import http


def main_handler(event: Any, context: dict[str, Any]) -> dict[str, Any]:
    with Invocation("http", context) as invocation:
        return http.serve(event, invocation)
