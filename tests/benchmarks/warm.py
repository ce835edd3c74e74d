"""CPU time of a warm webhook invocation without the network: check, parse, decide, log."""

from __future__ import annotations

import contextlib
import io
import os
import time
from statistics import median
from typing import TYPE_CHECKING, Any
from unittest import mock

from instance_refresh.gateway.client import Api
from instance_refresh.invocation import Invocation
from instance_refresh.triggers import http
from local.webhook import signed
from tests.benchmarks.cloud import answer
from tests.benchmarks.starts import EVENTS, SECRET

if TYPE_CHECKING:
    from instance_refresh.deadline import Deadline

_ENVIRON = {
    "TENCENTCLOUD_SECRETID": "id",
    "TENCENTCLOUD_SECRETKEY": "key",
    "TENCENTCLOUD_SESSIONTOKEN": "token",
    "TENCENTCLOUD_REGION": "ap-guangzhou",
    "WEBHOOK_SECRET": SECRET,
}
_CONTEXT = {"request_id": "r-0", "function_name": "webhook", "time_limit_in_ms": 30000}


def _answered(
    _api: Api, action: str, _parameters: dict[str, Any], _deadline: Deadline, **_: Any
) -> dict[str, Any]:
    return answer(action)


def webhook_cpu_ms(times: int) -> float:
    """Give the median in milliseconds."""
    taken: list[float] = []
    lines = io.StringIO()
    with (
        mock.patch.dict(os.environ, _ENVIRON),
        mock.patch.object(Api, "call", _answered),
        contextlib.redirect_stdout(lines),
    ):
        for _ in range(times):
            event = signed(EVENTS["webhook"], SECRET)
            begun = time.process_time_ns()
            with Invocation("http", _CONTEXT) as invocation:
                served = http.serve(event, invocation)
            taken.append((time.process_time_ns() - begun) / 1e6)
            if served["statusCode"] != 202:
                message = f"the webhook answered {served['statusCode']}"
                raise RuntimeError(message)
    return median(taken[times // 10 :])
