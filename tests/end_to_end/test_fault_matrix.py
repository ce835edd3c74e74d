"""Each API action that the functions use, times each way in which a call goes wrong.

Every cell says how the delivery that meets the fault ends; the next one, without it, finishes the
work, and nothing is done twice. Each function acts as its own role, which allows what it calls
here and nothing else.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.invocation import TryAgain
from local.scf.project import names
from tests.end_to_end.harness import (
    BEFORE,
    EVERY_ACTION,
    LATER,
    World,
    allowed,
    answering,
    denied_with,
    tags,
    world,
)
from tests.end_to_end.seams import quick
from tests.end_to_end.steering import ACTIONS, ROLLBACK, message, prepare, request
from tests.end_to_end.steering import DONE as DONE_BY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OLD, NEW = "img-00000001", "img-00000002"
GROUP = "asg-web00001"
REQUEST = {"ImageFamily": "web", "AutoScalingGroupId": GROUP}
ONCE, FOR_GOOD = 1, None

# How a delivery ends: it did what was to be done, it named in a line what it could not do, or it
# raised, so that SCF delivers the event again.
DONE, SAID, AGAIN = "done", "said", "again"

# Fault -> the end where it comes once, and where it stays.
Row = dict[str, tuple[str, str]]
READ: Row = {
    "throttle": (DONE, AGAIN),
    "http_500": (DONE, AGAIN),
    "http_500_after": (DONE, AGAIN),
    "internal_error": (DONE, AGAIN),
    "error_without_request_id": (DONE, AGAIN),
    "malformed_json": (DONE, AGAIN),
    "empty_body": (DONE, AGAIN),
    "wrong_content_type": (DONE, DONE),
    "cut_before": (DONE, AGAIN),
    "cut_after": (DONE, AGAIN),
    "cut_within": (DONE, AGAIN),
    "slow_after": (DONE, AGAIN),
    "expired_token": (AGAIN, AGAIN),
    "denied": (SAID, SAID),
}
LOST_ANSWERS = (
    "http_500_after",
    "malformed_json",
    "empty_body",
    "cut_after",
    "cut_within",
    "slow_after",
)
# The activity is found that the call has made.
START: Row = READ | dict.fromkeys(LOST_ANSWERS, (DONE, DONE))
# The bytes are the object's, as far as anyone can tell: a manifest that isn't valid.
OBJECT: Row = READ | dict.fromkeys(("malformed_json", "empty_body"), (SAID, SAID))
# Never sent again when its fate is unknown: what has become of it is looked up.
STEER: Row = {
    **dict.fromkeys(READ, (SAID, SAID)),
    **dict.fromkeys(LOST_ANSWERS, (DONE, DONE)),
    "throttle": (DONE, SAID),
    "wrong_content_type": (DONE, DONE),
}
# An alert without the platform's own words is an alert all the same.
WORDS: Row = dict.fromkeys(READ, (DONE, DONE))

BY_EVENT = {
    "GetObject": OBJECT,
    "DescribeAutoScalingGroups": READ,
    "DescribeLaunchConfigurations": READ,
    "DescribeRefreshActivities": READ,
    "DescribeAutoScalingInstances": READ,
    "DescribeImageFromFamily": READ,
    "DescribeImages": READ,
    "DescribeInstances": READ,
    "ModifyLaunchConfigurationAttributes": READ,
    "StartInstanceRefresh": START,
}
# By ticks: what is done to a group whose first refresh has paused.
BY_TICK = {
    "ResumeInstanceRefresh": STEER,
    "RollbackInstanceRefresh": STEER,
    "CancelInstanceRefresh": STEER,
    "DescribeAutoScalingActivities": WORDS,
}
CELLS = [
    pytest.param(action, kind, times, end, id=f"{action}-{kind}-{'once' if times else 'for-good'}")
    for action, row in (BY_EVENT | BY_TICK).items()
    for kind, ends in row.items()
    for times, end in zip((ONCE, FOR_GOOD), ends, strict=True)
]


@pytest.fixture(autouse=True)
def _impatient() -> Iterator[None]:
    with quick(tries=2):
        yield


@pytest.fixture
def _hurried(kind: str) -> Iterator[None]:
    with quick(timeout=0.3 if kind == "slow_after" else None):
        yield


def end_of(deliver: Callable[[], dict[str, Any]], done: str) -> str:
    """Deliver, and name the end; `done` is the outcome or code of what was to be done."""
    try:
        result = deliver()
    except TryAgain:
        return AGAIN
    outcomes = result["Outcomes"]
    if result["Errors"] or "failed" in [outcome["Outcome"] for outcome in outcomes]:
        assert all(said["Reason"] for said in (*result["Errors"], *outcomes))
        return SAID
    assert done in [word for o in outcomes for word in (o["Outcome"], o.get("Code"))]
    return DONE


def fill(it: World, **policy: str) -> None:
    it.region.add_image(OLD, family="web", created=BEFORE)
    it.region.add_image(NEW, family="web", created=LATER)
    named = tags(**policy) if policy else {}
    it.region.add_group(GROUP, image=OLD, instances=2, tags=named)


@pytest.mark.usefixtures("_hurried")
@pytest.mark.parametrize(
    ("action", "kind", "times", "end"), [cell for cell in CELLS if cell.values[0] in BY_EVENT]
)
def test_a_publish_that_meets_a_fault(action: str, kind: str, times: int | None, end: str) -> None:
    with world() as it:
        fill(it)
        event = it.publish("images/web.json", REQUEST)
        it.cloud.faults.inject(action, kind, times=times, seconds=0.5)
        assert end_of(lambda: it.call("image_published", event), "started") == end
        assert action in [call.action for call in it.calls_of("image_published")]
        it.cloud.faults.clear()
        it.call("image_published", event)
        it.finish()
        assert (it.runs(GROUP), it.configured(GROUP)) == ({NEW}, NEW)
        assert sorted(it.reinstalls().values()) == [1, 1]
        assert len(it.region.activities) == 1


def paused(it: World, action: str) -> str:
    """Bring the group to where a tick calls the action; give the code of the tick's line."""
    if action == "ResumeInstanceRefresh":
        fill(it, image_family="web", bake="10m")
    else:
        wanted = {"RollbackInstanceRefresh": "rollback", "CancelInstanceRefresh": "cancel"}
        fill(it, image_family="web", paused_action=wanted.get(action, "alert"))
        it.cloud.faults.fail_instance(it.members(GROUP)[0].instance_id)
    it.tick()
    it.finish()
    it.advance(1200)
    return "Baked" if action == "ResumeInstanceRefresh" else "RefreshPaused"


@pytest.mark.usefixtures("_hurried")
@pytest.mark.parametrize(
    ("action", "kind", "times", "end"), [cell for cell in CELLS if cell.values[0] in BY_TICK]
)
def test_a_tick_that_meets_a_fault(action: str, kind: str, times: int | None, end: str) -> None:
    with world() as it:
        code = paused(it, action)
        before = len(it.calls_of("schedule"))
        it.cloud.faults.inject(action, kind, times=times, seconds=0.5)
        assert end_of(it.tick, code) == end
        assert action in [call.action for call in it.calls_of("schedule")[before:]]
        it.cloud.faults.clear()
        last: dict[str, Any] = {}
        for _ in range(3):
            last = it.tick()
            it.finish()
            it.advance(1200)
        made = [(a.activity_type, a.status) for a in it.region.activities.values()]
        ends = (it.runs(GROUP), it.configured(GROUP), made, last["States"])
        assert ends == finished(action)
        assert set(it.reinstalls().values()) <= {1, 2}
        rolled = [r for r in it.region.reinstalls if r.from_image == r.to_image == NEW]
        assert rolled == []


def finished(action: str) -> tuple[set[str], str, list[tuple[str, str]], dict[str, int]]:
    """What the instances run, what the configuration names, all activities, the last tick."""
    if action == "ResumeInstanceRefresh":
        return {NEW}, NEW, [("NORMAL", "SUCCESSFUL")], {"already_current": 1}
    if action == "RollbackInstanceRefresh":
        made = [("NORMAL", "FAILED"), ("ROLLBACK", "SUCCESSFUL")]
        return {OLD}, OLD, made, {"rejected": 1}
    if action == "CancelInstanceRefresh":
        return {OLD}, OLD, [("NORMAL", "CANCELLED")], {"rejected": 1}
    return {OLD}, NEW, [("NORMAL", "FAILED_PAUSE")], {"attention": 1}


@pytest.mark.parametrize("kind", LOST_ANSWERS[:-1])
def test_a_start_of_unknown_fate_is_not_undone_when_it_can_not_be_looked_up(kind: str) -> None:
    with world() as it:
        fill(it)
        event = it.publish("images/web.json", {"ImageId": NEW, "AutoScalingGroupId": GROUP})
        it.cloud.faults.inject("StartInstanceRefresh", kind)
        it.cloud.faults.inject("DescribeRefreshActivities", "denied", after=1)
        with pytest.raises(TryAgain):
            it.call("image_published", event)
        it.finish()
        assert (it.runs(GROUP), it.configured(GROUP)) == ({NEW}, NEW)


@pytest.mark.parametrize("code", [4000, ["AuthFailure"], None])
def test_an_error_whose_code_is_no_text_is_an_invalid_answer(code: Any) -> None:
    with world() as it, denied_with(code, "no"):
        fill(it)
        it.cloud.faults.inject("DescribeAutoScalingGroups", "denied", times=None)
        status, document = it.post(AutoScalingGroupId=GROUP)
        assert (status, document["code"]) == (502, "InvalidAnswer")


def test_an_instance_without_an_id_fails_the_rollback_of_its_group() -> None:
    objects = "AutoScalingInstanceSet"

    def changed(answer: Any, region: Any, parameters: Any) -> dict[str, Any]:
        whole: dict[str, Any] = answer(region, parameters)
        return whole | {objects: [item | {"InstanceId": None} for item in whole[objects]]}

    with world() as it:
        paused(it, "RollbackInstanceRefresh")
        with answering("DescribeAutoScalingInstances", changed):
            (said,) = it.tick()["Outcomes"]
        assert (said["Outcome"], said["Code"]) == ("failed", "InvalidAnswer")


def publishes(it: World) -> None:
    fill(it)
    it.call("image_published", it.publish("images/web.json", REQUEST))


def posts(it: World) -> None:
    fill(it)
    it.post(**REQUEST)


def ticks(it: World, action: str) -> None:
    paused(it, action)
    it.tick()


def steers(it: World, action: str, *, by_webhook: bool) -> None:
    """Ask for it, twice where it takes a second delivery to finish it."""
    prepare(it, action)
    event = message(it, action)
    for _ in range(2):
        if by_webhook:
            it.post(**request(action))
        else:
            it.call("schedule", event)
        it.finish()


def looks(it: World) -> None:
    paused(it, "RollbackInstanceRefresh")
    it.status()


PLAYS: dict[str, list[Callable[[World], None]]] = {
    "image_published": [publishes],
    "webhook": [posts, *(partial(steers, action=one, by_webhook=True) for one in ACTIONS)],
    "status": [looks],
    "schedule": [
        *(partial(ticks, action=one) for one in BY_TICK),
        *(partial(steers, action=one, by_webhook=False) for one in ACTIONS),
    ],
}


@pytest.mark.parametrize("function", names())
def test_a_role_allows_what_its_function_calls_and_nothing_else(function: str) -> None:
    called: set[str] = set()
    for play in PLAYS[function]:
        with world(ALLOWED_ACTIONS=EVERY_ACTION) as it:
            play(it)
            called |= {f"name/{call.service}:{call.action}" for call in it.calls_of(function)}
    assert called == set(allowed(function, EVERY_ACTION))


@pytest.mark.parametrize("action", ACTIONS)
def test_where_one_action_is_allowed_the_webhooks_role_is_enough_for_it(action: str) -> None:
    with world(ALLOWED_ACTIONS=EVERY_ACTION) as it:
        prepare(it, action)
        it.environ["ALLOWED_ACTIONS"] = action
        it.take_own_roles()
        (activity,) = it.region.activities
        origin = {"OriginRefreshActivityId": activity} if action == ROLLBACK else {}
        told = set()
        for _ in range(2):  # after a rollback the second puts the launch configuration back
            _, document = it.post(**request(action), **origin)
            told |= {outcome["Outcome"] for outcome in document["Outcomes"]}
            it.finish()
        assert DONE_BY[action] in told
        assert ("restored" in told) == (action == ROLLBACK)
        assert not [call.action for call in it.calls_of("webhook") if call.code]
