"""What is wrong with a request that steers: a code, a remedy, and no write."""

from __future__ import annotations

from typing import Any

import pytest

from tests.end_to_end.harness import EVERY_ACTION, World
from tests.end_to_end.steering import CANCEL, GROUP, NEW, OLD, RESUME, ROLLBACK, STOP, prepare

OTHER = "asg-other001"


def running(it: World) -> None:
    prepare(it, STOP)
    it.region.add_group(OTHER, image=OLD, instances=2)
    it.post(AutoScalingGroupId=OTHER, ImageId=NEW)


pytestmark = pytest.mark.world(fill=running, ALLOWED_ACTIONS=EVERY_ACTION)


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"Action": "ExplodeInstanceRefresh"}, 400, "InvalidInput"),
        ({"Action": "Hold"}, 400, "InvalidInput"),
        ({"Action": "Hold", "Reason": ""}, 400, "InvalidInput"),
        ({"Action": STOP, "Reason": "of another action"}, 400, "InvalidInput"),
        ({"Action": RESUME}, 409, "NotPaused"),
        ({"Action": CANCEL}, 409, "BatchRuns"),
        ({"Action": ROLLBACK}, 409, "BatchRuns"),
        ({"Action": STOP, "RefreshActivityId": "asr-nosuch01"}, 404, "ActivityNotFound"),
        ({"Action": STOP, "RefreshActivityId": OTHER}, 404, "ActivityNotFound"),
        ({"Action": ROLLBACK, "OriginRefreshActivityId": OTHER}, 404, "ActivityNotFound"),
        ({"Action": RESUME, "AutoScalingGroupId": "asg-nosuch01"}, 404, "GroupNotFound"),
    ],
)
def test_what_can_not_be_done_is_answered_with_code_and_remedy(
    it: World, asked: dict[str, Any], status: int, code: str
) -> None:
    others = {a.auto_scaling_group_id: a.refresh_activity_id for a in it.region.activities.values()}
    named = {key: others.get(value, value) for key, value in asked.items() if key != "Action"}
    writes = len(it.cloud.writes())
    answer = it.post(**{"AutoScalingGroupId": GROUP, **asked, **named})
    assert (answer[0], answer[1]["code"]) == (status, code)
    assert answer[1]["remedy"]
    assert len(it.cloud.writes()) == writes
