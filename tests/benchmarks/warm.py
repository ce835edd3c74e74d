"""CPU time of a warm webhook invocation without the network: check, parse, decide, log."""

from __future__ import annotations

import contextlib
import io
import os
import time
from statistics import median
from unittest import mock

from local.webhook import signed
from tests.benchmarks.cloud import MANIFEST, answer
from tests.benchmarks.starts import EVENTS, SECRET
from tests.end_to_end.harness import handler
from tests.end_to_end.seams import no_network

_ENVIRON = {
    "TENCENTCLOUD_SECRETID": "id",
    "TENCENTCLOUD_SECRETKEY": "key",
    "TENCENTCLOUD_SESSIONTOKEN": "token",
    "TENCENTCLOUD_REGION": "ap-guangzhou",
    "WEBHOOK_SECRET": SECRET,
}
_CONTEXT = {"request_id": "r-0", "function_name": "webhook", "time_limit_in_ms": 30000}


def webhook_cpu_ms(times: int) -> float:
    """Give the median in milliseconds."""
    taken: list[float] = []
    lines, serve = io.StringIO(), handler("webhook")
    with (
        mock.patch.dict(os.environ, _ENVIRON),
        no_network(lambda *call: answer(call[2]), lambda *_: MANIFEST.encode()),
        contextlib.redirect_stdout(lines),
    ):
        for _ in range(times):
            event = signed(EVENTS["webhook"], SECRET)
            begun = time.process_time_ns()
            served = serve(event, _CONTEXT)
            taken.append((time.process_time_ns() - begun) / 1e6)
            if served["statusCode"] != 202:
                message = f"the webhook answered {served['statusCode']}"
                raise RuntimeError(message)
    return median(taken[times // 10 :])
