"""Requests that steer: stop, resume, roll back, cancel, hold and release, through the functions."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.local_cloud import client
from tests.end_to_end.harness import BEFORE, EVERY_ACTION, LATER, World, signed, tags, world
from tests.end_to_end.meanwhile import after, first
from tests.end_to_end.steering import CANCEL, DONE, GROUP, NEW, OLD, RESUME, ROLLBACK, STOP

if TYPE_CHECKING:
    from collections.abc import Callable

FIVE = ("StartInstanceRefresh", STOP, RESUME, ROLLBACK, CANCEL)
PAUSING = {"RollingUpdateSettings": {"BatchNumber": 3, "BatchPause": "BATCH_INTERVAL_PAUSE"}}


def fill(it: World, name: str = GROUP, **policy: Any) -> None:
    """Add a group of six instances whose launch configuration is ahead of them."""
    if not it.region.images:
        it.region.add_image(OLD, family="web", created=BEFORE)
        it.region.add_image(NEW, family="web", created=LATER)
    named = tags(**policy) if policy else {"service": "web"}
    it.region.add_group(name, image=OLD, instances=6, tags=named)


pytestmark = pytest.mark.world(fill=fill, ALLOWED_ACTIONS=EVERY_ACTION)


def start(it: World, name: str = GROUP, **settings: Any) -> Any:
    """Begin to bring the newer image; gives the activity."""
    _, document = it.post(AutoScalingGroupId=name, ImageId=NEW, RefreshSettings=settings or PAUSING)
    assert document["Outcomes"][0]["Outcome"] == "started", document
    return it.region.activities[document["Outcomes"][0]["RefreshActivityId"]]


def paused(it: World, name: str = GROUP) -> Any:
    activity = start(it, name)
    it.finish()
    it.advance(60)
    assert activity.status == "AUTO_PAUSE"
    return activity


def whole(it: World, action: str, **fields: Any) -> dict[str, Any]:
    """Ask for an action; gives its one outcome."""
    target = (
        {} if {"Tags", "AutoScalingGroupIds"} & fields.keys() else {"AutoScalingGroupId": GROUP}
    )
    _, document = it.post(Action=action, **target, **fields)
    (outcome,) = document["Outcomes"]
    return outcome  # type: ignore[no-any-return]


def ask(it: World, action: str, **fields: Any) -> dict[str, Any]:
    outcome = whole(it, action, **fields)
    return {k: v for k, v in outcome.items() if k in ("Outcome", "Code", "RefreshActivityId")}


def event(**fields: Any) -> dict[str, Any]:
    """Make a call of the webhook, to be delivered as often as one likes."""
    body = json.dumps({"AutoScalingGroupId": GROUP, **fields})
    return {"httpMethod": "POST", "headers": signed(body), "body": body}


def deliver(it: World, call: dict[str, Any]) -> str:
    (outcome,) = json.loads(it.call("webhook", call)["body"])["Outcomes"]
    text: str = outcome["Outcome"]
    return text


def writes(it: World) -> list[str]:
    return [call.action for call in it.cloud.writes()]


def example(action: str) -> dict[str, Any]:
    """Read the body of the vendor's own example from its CLI."""
    place = files("tccli").joinpath("services/autoscaling/v20180419/examples.json")
    (found,) = json.loads(place.read_text("utf-8"))["actions"][action]
    body: dict[str, Any] = json.loads(found["input"].partition("\n\n")[2])
    return body


def before(it: World, action: str, body: dict[str, Any]) -> None:
    """Put what an example names into the cloud, in the state that it needs."""
    group = body["AutoScalingGroupId"]
    fill(it, group)
    if action == "StartInstanceRefresh":
        return
    activity = start(it, group, RollingUpdateSettings={
        "BatchNumber": 2, "BatchPause": "FIRST_BATCH_PAUSE",
    })  # fmt: skip
    if action == STOP:
        it.advance(10)
    else:
        it.finish()
    named = body.get("RefreshActivityId") or body["OriginRefreshActivityId"]
    it.region.activities[named] = it.region.activities.pop(activity.refresh_activity_id)
    activity.refresh_activity_id = named
    it.advance(30)


def became(it: World) -> Any:
    """Give what became of everything, ids and what is the default anyway aside."""
    it.finish()
    return [
        (a.activity_type, a.status, a.refresh_mode, a.rolling, a.checks_health,
         [(b.refresh_batch_status, len(b.instances)) for b in a.batches])
        for a in it.region.activities.values()
    ], sorted(i.image_id for i in it.region.instances.values())  # fmt: skip


@pytest.mark.parametrize("action", FIVE)
def test_the_vendors_own_example_does_what_it_does_through_the_sdk(action: str) -> None:
    body, ends = example(action), []
    for through in ("the SDK", "a request"):
        with world(ALLOWED_ACTIONS=EVERY_ACTION) as it:
            before(it, action, body)
            known = len(it.cloud.writes())
            if through == "the SDK":
                client(it.cloud).call_json(action, body)
            else:
                status, document = it.post(Action=action, **body)
                assert status in (200, 202), document
            made = [call.action for call in it.cloud.writes()[known:]]
            ends.append((made, became(it)))
    assert ends[0] == ends[1]
    assert ends[0][0] == [action]


def test_one_call_stops_all_that_a_tag_covers_and_no_limit_is_put_on_it() -> None:
    with world(ALLOWED_ACTIONS=EVERY_ACTION, MAX_GROUPS="1") as it:
        names = [f"asg-web{n:05}" for n in range(12)]
        for name in names:
            fill(it, name)
        started = [start(it, name) for name in names[:9]]
        it.advance(10)
        known, calls = len(it.cloud.writes()), len(it.cloud.calls)
        status, document = it.post(Action=STOP, Tags=[{"Key": "service", "Value": "web"}])
        assert (status, {o["Outcome"] for o in document["Outcomes"]}) == (200, {"stopped"})
        assert len(document["Outcomes"]) == 12
        assert writes(it)[known:] == [STOP] * 9
        assert len(it.cloud.calls) - calls == 9 + 2  # the groups, and what is live of the region
        it.finish()
        assert {activity.status for activity in started} == {"MANUAL_PAUSE"}


def test_a_refresh_is_stopped_resumed_stopped_and_cancelled(it: World) -> None:
    activity = start(it, RollingUpdateSettings={"BatchNumber": 3})
    it.advance(30)
    name = activity.refresh_activity_id
    known = {"RefreshActivityId": name}
    assert ask(it, RESUME) == {"Outcome": "refused", "Code": "NotPaused", **known}
    assert ask(it, CANCEL) == {"Outcome": "refused", "Code": "BatchRuns", **known}
    assert ask(it, ROLLBACK) == {"Outcome": "refused", "Code": "BatchRuns", **known}
    assert ask(it, STOP) == {"Outcome": "stopped", "Code": "Asked", **known}
    it.finish()
    it.advance(60)
    assert activity.status == "MANUAL_PAUSE"
    assert ask(it, STOP) == {"Outcome": "stopped", **known}
    assert ask(it, RESUME, RefreshActivityId=name) == {
        "Outcome": "resumed", "Code": "Asked", **known,
    }  # fmt: skip
    it.advance(30)
    assert activity.current_refresh_batch_num == 2
    ask(it, STOP)
    it.finish()
    assert ask(it, CANCEL) == {"Outcome": "cancelled", "Code": "Asked", **known}
    assert ask(it, CANCEL) == {"Outcome": "cancelled", **known}
    assert writes(it)[2:] == [STOP, RESUME, STOP, CANCEL]


@pytest.mark.parametrize("succeeded", [False, True])
def test_a_rollback_leaves_the_launch_configuration_consistent(it: World, succeeded: bool) -> None:
    if succeeded:
        activity = start(it, RollingUpdateSettings={"BatchNumber": 2})
        it.finish()
        it.advance(60)
    else:
        activity = paused(it)
    call = event(Action=ROLLBACK)
    assert deliver(it, call) == "rolled_back"
    assert it.configured(GROUP) == NEW
    rollback = list(it.region.activities.values())[-1]
    assert len(rollback.batches) == (2 if succeeded else 1)
    it.finish()
    assert (it.runs(GROUP), rollback.status) == ({OLD}, "SUCCESSFUL")
    assert [deliver(it, call), it.configured(GROUP)] == ["restored", OLD]
    it.advance(3600)
    said = ask(it, ROLLBACK, OriginRefreshActivityId=activity.refresh_activity_id)
    assert said["Outcome"] == "rolled_back"
    assert writes(it)[2:] == [ROLLBACK, "ModifyLaunchConfigurationAttributes"]


@pytest.mark.world(fill=lambda it: fill(it, ring=0), ALLOWED_ACTIONS=EVERY_ACTION)
def test_the_next_tick_puts_the_image_back_after_a_rollback_of_a_follower(it: World) -> None:
    paused(it)
    assert ask(it, ROLLBACK)["Outcome"] == "rolled_back"
    it.finish()
    it.tick()
    assert (it.runs(GROUP), it.configured(GROUP)) == ({OLD}, OLD)
    it.tick()
    assert writes(it)[2:] == [ROLLBACK, "ModifyLaunchConfigurationAttributes"]


@pytest.mark.world(fill=lambda it: fill(it, ring=0), ALLOWED_ACTIONS=EVERY_ACTION)
def test_a_group_is_held_and_released(it: World) -> None:
    reason = "冻结 until Monday (see wiki)"
    assert ask(it, "Hold", Reason=reason) == {"Outcome": "held", "Code": "Asked"}
    assert ask(it, "Hold", Reason=reason) == {"Outcome": "held"}
    (told,) = it.tick()["Outcomes"]
    assert (told["Outcome"], told["Code"]) == ("queued", "Held")
    assert reason in told["Reason"]
    assert ask(it, "Release") == {"Outcome": "released", "Code": "Asked"}
    assert ask(it, "Release") == {"Outcome": "released"}
    assert it.tick()["States"] == {"started": 1}
    assert [call for call in writes(it) if "Tag" in call] == ["TagResources", "UnTagResources"]


def test_many_groups_are_held_with_ten_a_call() -> None:
    with world(ALLOWED_ACTIONS=EVERY_ACTION) as it:
        names = [f"asg-web{n:05}" for n in range(23)]
        for name in names:
            fill(it, name)
        wanted = {"Tags": [{"Key": "service", "Value": "web"}]}
        status, _ = it.post(Action="Hold", Reason="freeze", **wanted)
        assert (status, writes(it)) == (200, ["TagResources"] * 3)
        assert {g.tags["instance-refresh:hold"] for g in it.region.groups.values()} == {"freeze"}
        status, document = it.post(Action="Release", **wanted)
        assert (status, document["code"]) == (409, "TooManyGroups")
        it.region.groups[names[0]].tags.update({f"k{n}": "v" for n in range(48)})
        del it.region.groups[names[0]].tags["instance-refresh:hold"]
        it.region.groups[names[0]].tags["last"] = "v"
        status, document = it.post(Action="Hold", Reason="other", **wanted)
        ends = [outcome["Outcome"] for outcome in document["Outcomes"]]
        assert (status, ends.count("held"), ends.count("refused")) == (207, 22, 1)


@pytest.mark.parametrize(
    ("action", "verb"),
    [
        (STOP, "stop"), (RESUME, "resume"), (ROLLBACK, "roll back"), (CANCEL, "cancel"),
        ("Hold", "hold"), ("Release", "release"),
    ],
)  # fmt: skip
def test_a_dry_run_says_what_is_then_done_and_writes_nothing(
    it: World, action: str, verb: str
) -> None:
    if action == STOP:
        start(it)
    else:
        paused(it)
    if action == "Release":
        it.region.groups[GROUP].tags["instance-refresh:hold"] = "freeze"
    more = {"Reason": "freeze"} if action == "Hold" else {}
    known = len(it.cloud.writes())
    said = whole(it, action, DryRun=True, **more)
    assert (said["Outcome"], said["Code"]) == ("planned", "Asked")
    assert len(it.cloud.writes()) == known
    assert said["Reason"] == f"would {verb}: {whole(it, action, **more)['Reason']}"


@pytest.mark.parametrize("action", [STOP, RESUME, ROLLBACK, CANCEL, "Hold", "Release"])
def test_by_default_the_webhook_may_only_start(action: str) -> None:
    with world() as it:
        fill(it)
        more = {"Reason": "freeze"} if action == "Hold" else {}
        status, document = it.post(Action=action, AutoScalingGroupId=GROUP, **more)
        assert (status, document["code"]) == (403, "ActionNotAllowed")
        assert "ALLOWED_ACTIONS" in document["remedy"] + document["detail"]
        assert it.cloud.calls == []


def test_a_timers_message_may_ask_for_what_the_webhook_may_not() -> None:
    with world() as it:
        fill(it)
        activity = start(it)
        it.advance(10)
        (said,) = it.tick({"Action": STOP, "AutoScalingGroupId": GROUP})["Outcomes"]
        it.finish()
        assert (said["Outcome"], activity.status) == ("stopped", "MANUAL_PAUSE")


@pytest.mark.parametrize("action", [RESUME, ROLLBACK, CANCEL])
def test_what_could_be_done_twice_is_not_served_where_nothing_says_when_it_was_asked(
    action: str,
) -> None:
    with world(ALLOWED_ACTIONS=EVERY_ACTION, WEBHOOK_AUTH="cam", WEBHOOK_SECRET="") as it:
        fill(it)
        body = json.dumps({"Action": action, "AutoScalingGroupId": GROUP})
        sent = {"httpMethod": "POST", "headers": {"content-type": "application/json"}, "body": body}
        answer = it.call("webhook", sent)
        assert json.loads(answer["body"])["code"] == "TimeUnknown"
        assert it.cloud.calls == []
        stop = {**sent, "body": json.dumps({"Action": STOP, "AutoScalingGroupId": GROUP})}
        assert it.call("webhook", stop)["statusCode"] == 200


def by_webhook(it: World, **fields: Any) -> Callable[[], str]:
    call = event(**fields)
    return lambda: deliver(it, call)


def by_timer(it: World, **fields: Any) -> Callable[[], str]:
    time = f"{it.cloud.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    message = json.dumps({"AutoScalingGroupId": GROUP, **fields})
    tick = {"Type": "Timer", "TriggerName": "t", "Time": time, "Message": message}
    return lambda: str(it.call("schedule", tick)["Outcomes"][0]["Outcome"])


@pytest.mark.parametrize("by", [by_webhook, by_timer])
def test_a_resume_that_is_delivered_again_after_the_next_pause_goes_on_with_nothing(
    it: World, by: Callable[..., Callable[[], str]]
) -> None:
    activity = paused(it)
    again = by(it, Action=RESUME)
    assert again() == "resumed"
    assert again() == "resumed"
    it.finish()
    assert (activity.status, activity.current_refresh_batch_num) == ("AUTO_PAUSE", 2)
    assert again() == "resumed"
    assert (activity.status, writes(it).count(RESUME)) == ("AUTO_PAUSE", 1)


@pytest.mark.parametrize("by", [by_webhook, by_timer])
@pytest.mark.parametrize("action", [CANCEL, ROLLBACK])
def test_a_late_delivery_leaves_alone_what_began_after_it(
    it: World, by: Callable[..., Callable[[], str]], action: str
) -> None:
    paused(it)
    again = by(it, Action=action)
    again()
    it.finish()
    it.advance(60)
    again()  # which restores the launch configuration, after a rollback
    newer = "img-00000003"
    it.region.add_image(newer, family="web")
    _, document = it.post(AutoScalingGroupId=GROUP, ImageId=newer, RefreshSettings=PAUSING)
    assert document["Outcomes"][0]["Outcome"] == "started", document
    it.finish()
    assert again() == "rejected"
    assert writes(it).count(action) == 1


def test_the_answer_of_a_refused_call_is_the_platforms(it: World) -> None:
    """A person is faster: the activity is gone when the call comes."""
    activity = paused(it)
    known = activity.refresh_activity_id
    listener = it.cloud.on_call

    def meanwhile(call: Any) -> None:
        if call.action == "DescribeRefreshActivities":
            it.cloud.on_call = listener
            client(it.cloud).call_json(
                CANCEL, {"AutoScalingGroupId": GROUP, "RefreshActivityId": known}
            )

    it.cloud.on_call = meanwhile
    said = ask(it, RESUME)
    code = "ResourceUnavailable.RefreshActivityStatusConflictWithOperation"
    assert (said["Outcome"], said["Code"]) == ("refused", code)


@pytest.mark.parametrize("action", [RESUME, ROLLBACK, CANCEL])
def test_two_deliveries_at_once_do_it_once(it: World, action: str) -> None:
    paused(it)
    call = event(Action=action)
    said: list[str] = []
    with after(it, first("DescribeRefreshActivities"), lambda: said.append(deliver(it, call))):
        said.append(deliver(it, call))
    assert (said[0], said[1] in ("refused", "busy")) == (DONE[action], True)
    assert sum(not call.code for call in it.cloud.writes() if call.action == action) == 1
    assert deliver(it, call) == DONE[action]
