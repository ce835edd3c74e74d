"""Who signed a call, and when."""

from __future__ import annotations

import pytest

from instance_refresh.settings import settings
from instance_refresh.triggers.signature import verified
from tests.end_to_end.harness import SECRET, signed

BODY = '{"AutoScalingGroupId": "asg-web00001"}'


@pytest.mark.parametrize("written", ["{}.9", "0{}", "{}e0"])
def test_the_time_of_signing_written_otherwise_is_the_same_signature(written: str) -> None:
    known = settings({"WEBHOOK_SECRET": SECRET})
    headers = signed(BODY)
    signature = verified(headers, BODY.encode(), known)
    headers["webhook-timestamp"] = written.format(headers["webhook-timestamp"])
    assert verified(headers, BODY.encode(), known) == signature
