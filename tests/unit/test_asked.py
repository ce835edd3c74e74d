"""What an action that is asked for does to a group, by the state of its refresh activity."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.action import Finding
from instance_refresh.model.fleet import Activity, Batch, BatchInstance, Fleet
from instance_refresh.model.limits import Allowed
from instance_refresh.model.outcome import Outcome
from instance_refresh.model.request import Request
from instance_refresh.rules.asked import action_of, asked
from instance_refresh.settings import settings
from tests.unit.fleets import NEW, OLD, activity, fleet, group, hours, instances, member_of

if TYPE_CHECKING:
    from datetime import datetime

STOP, RESUME = "StopInstanceRefresh", "ResumeInstanceRefresh"
ROLLBACK, CANCEL = "RollbackInstanceRefresh", "CancelInstanceRefresh"
MANY_BATCHES = ("SUCCESSFUL", "WAITING", "WAITING")
ASKED, BEFORE = hours(30), hours(21)
SECOND = timedelta(seconds=1)


def asking(action: Any, **fields: Any) -> Request:
    known = {"group_ids": ("asg-a",), "asked_at": ASKED, **fields}
    return Request("ap-guangzhou", action=action, **known)


def batches(*statuses: str, ended: datetime = BEFORE) -> tuple[Batch, ...]:
    """Give batches of one instance each; one that runs began when the one before it ended."""
    made = []
    for number, status in enumerate(statuses):
        one = BatchInstance(f"ins-aI{number}", status, "", "")
        begun = None if status == "WAITING" else ended
        done = None if status in ("WAITING", "RUNNING") else ended
        made.append(Batch(number + 1, status, begun, done, (one,)))
    return tuple(made)


def seen(status: str | None, **fields: Any) -> Fleet:
    """A group whose newest activity, of three batches, has this status."""
    if status is None:
        return fleet(names=NEW)
    known = {"batches": batches(*MANY_BATCHES), **fields}
    return fleet(names=NEW, activities=(activity(status, **known),))


def said(request: Request, where: Fleet, **fields: Any) -> Any:
    """Give the action's kind, or else the outcome and code."""
    found = action_of(member_of(request, where, **fields))
    if isinstance(found, Finding):
        assert found.action
        return found.action.kind
    assert isinstance(found, Outcome)
    assert found.reason
    assert (found.status == 200) is (found.outcome not in ("refused", "rejected", "busy"))
    assert found.outcome not in ("rejected", "busy") or found.status == 409
    return (found.outcome, found.code) if found.code else found.outcome


@pytest.mark.parametrize(
    ("status", "stop", "resume", "cancel", "roll_back"),
    [
        ("INIT", "stop", "NotPaused", "cancel", "BatchRuns"),
        ("RUNNING", "stop", "NotPaused", "BatchRuns", "BatchRuns"),
        ("AUTO_PAUSE", "stopped", "resume", "cancel", "rollback"),
        ("FAILED_PAUSE", "stopped", "resume", "cancel", "rollback"),
        ("MANUAL_PAUSE", "stopped", "resume", "cancel", "rollback"),
        ("SUCCESSFUL", "stopped", "NoLiveActivity", "NoLiveActivity", "rollback"),
        ("CANCELLED", "stopped", "NoLiveActivity", "cancelled", "NotRolledBack"),
        ("FAILED", "stopped", "NoLiveActivity", "NoLiveActivity", "NotRolledBack"),
        (None, "stopped", "NoLiveActivity", "NoLiveActivity", "NothingToRollBack"),
    ],
)
def test_only_what_the_api_takes_in_a_state_is_sent(
    status: str | None, stop: str, resume: str, cancel: str, roll_back: str
) -> None:
    ends = [said(asking(verb), seen(status)) for verb in (STOP, RESUME, CANCEL, ROLLBACK)]
    assert [end[1] if isinstance(end, tuple) else end for end in ends] == [
        stop, resume, cancel, roll_back,
    ]  # fmt: skip


@pytest.mark.parametrize("verb", [STOP, RESUME, CANCEL, ROLLBACK])
def test_what_began_after_it_was_asked_is_not_what_was_meant(verb: str) -> None:
    where = seen("RUNNING" if verb == STOP else "AUTO_PAUSE", created=30)
    for apart, end in ((11 * SECOND, "rejected"), (10 * SECOND, verb[:4].lower())):
        late = asking(verb, asked_at=hours(30) - apart)
        assert str(said(late, where)).startswith(end)


@pytest.mark.parametrize("verb", [STOP, RESUME, CANCEL, ROLLBACK, "Hold", "Release"])
def test_a_group_that_is_not_allowed_is_left_alone(verb: str) -> None:
    allowed = Allowed(groups=("asg-b",))
    assert said(asking(verb), seen("RUNNING"), allowed=allowed) == ("refused", "GroupNotAllowed")


def test_a_stop_says_when_it_pauses() -> None:
    found = action_of(member_of(asking(STOP), seen("RUNNING")))
    assert found is not None
    assert found.reason.endswith("; it pauses when the batch that runs has ended")
    again = action_of(member_of(asking(RESUME), seen("AUTO_PAUSE")))
    assert again is not None
    assert not again.reason.endswith("; ")


@pytest.mark.parametrize("verb", [STOP, RESUME, CANCEL, ROLLBACK])
def test_an_activity_of_another_group(verb: str) -> None:
    other = asking(verb, activity_id="asr-other")
    assert said(other, seen("AUTO_PAUSE")) == ("refused", "ActivityNotFound")


@pytest.mark.parametrize("verb", [STOP, RESUME, CANCEL, ROLLBACK])
def test_to_name_the_newest_activity_is_to_name_none(verb: str) -> None:
    for where in (seen("AUTO_PAUSE"), seen("RUNNING")):
        assert said(asking(verb, activity_id="asr-1"), where) == said(asking(verb), where)


@pytest.mark.parametrize(
    ("status", "ended", "end"),
    [
        ("AUTO_PAUSE", ASKED - 60 * SECOND, "resume"),  # paused before it was asked
        ("AUTO_PAUSE", ASKED + 10 * SECOND, "resume"),  # clocks differ
        ("AUTO_PAUSE", ASKED + 11 * SECOND, "resumed"),  # the next pause
        ("FAILED_PAUSE", ASKED + 11 * SECOND, "resumed"),  # tried again, and failed again
        ("RUNNING", ASKED - 9 * SECOND, "resumed"),
        ("SUCCESSFUL", ASKED + 60 * SECOND, "resumed"),
        ("RUNNING", ASKED - 10 * SECOND, ("refused", "NotPaused")),
        ("SUCCESSFUL", ASKED - 60 * SECOND, ("refused", "NoLiveActivity")),
    ],
)
def test_a_resume_goes_on_once(status: str, ended: datetime, end: Any) -> None:
    made = batches("SUCCESSFUL", "RUNNING" if status == "RUNNING" else "WAITING", ended=ended)
    over = ended if status == "SUCCESSFUL" else None
    assert said(asking(RESUME), seen(status, batches=made, ended=over)) == end


def test_a_resume_does_with_failed_instances_what_it_says() -> None:
    for mode in ("RETRY", "CONTINUE", None):
        found = action_of(member_of(asking(RESUME, resume_mode=mode), seen("FAILED_PAUSE")))
        assert isinstance(found, Finding)
        assert found.action
        assert found.action.resume_mode == mode


def test_a_cancel_waits_for_the_batch_that_still_runs_in_a_pause() -> None:
    where = seen("MANUAL_PAUSE", batches=batches("SUCCESSFUL", "RUNNING"))
    assert said(asking(CANCEL), where) == ("refused", "BatchRuns")


def rolled_back(status: str, created: float = 31, runs: str = OLD) -> Fleet:
    """A group whose newest activity is the rollback of asr-1."""
    origin = activity("SUCCESSFUL", created=20)
    back = activity(
        status, created=created, activity_id="asr-2", kind="ROLLBACK", origin_id="asr-1"
    )
    return fleet(
        names=NEW, runs=runs, activities=(back,), origins={"asr-1": origin},
        past={"asg-a": (origin, back)},
    )  # fmt: skip


def test_a_rollback_is_begun_once_and_then_the_launch_configuration_goes_back() -> None:
    for one in (asking(ROLLBACK), asking(ROLLBACK, activity_id="asr-1", asked_at=hours(99))):
        assert said(one, rolled_back("RUNNING")) == "rolled_back"
        assert said(one, rolled_back("SUCCESSFUL")) == "restore"
        assert said(one, rolled_back("SUCCESSFUL", runs=NEW)) == "rolled_back"


def test_a_rollback_that_began_ten_seconds_before_it_was_asked_is_the_one_asked_for() -> None:
    for apart, end in ((10, "rolled_back"), (11, ("refused", "RollbackOfRollback"))):
        one = asking(ROLLBACK, asked_at=hours(31) + apart * SECOND)
        assert said(one, rolled_back("RUNNING")) == end


@pytest.mark.parametrize(
    ("where", "code"),
    [
        (rolled_back("SUCCESSFUL", created=25), "RollbackOfRollback"),
        (rolled_back("AUTO_PAUSE", created=25), "RollbackOfRollback"),
        (seen("AUTO_PAUSE", mode="ROLLING_UPDATE_REPLACE"), "InstancesReplaced"),
        (seen("MANUAL_PAUSE", batches=batches("WAITING", "WAITING")), "NothingToRollBack"),
        (seen("SUCCESSFUL", batches=batches("NOT_FOUND")), "NothingToRollBack"),
    ],
)
def test_what_can_not_be_rolled_back(where: Fleet, code: str) -> None:
    assert said(asking(ROLLBACK), where) == ("refused", code)


def two(newest: str) -> Fleet:
    """A group of which asr-1 has succeeded, and asr-2 is newer."""
    first = activity("SUCCESSFUL", created=20, batches=batches("SUCCESSFUL"))
    then = activity(newest, created=25, activity_id="asr-2", batches=batches("SUCCESSFUL"))
    return fleet(names=NEW, activities=(then,), past={"asg-a": (first, then)})


@pytest.mark.parametrize(
    ("newest", "named", "end"),
    [
        ("SUCCESSFUL", "asr-2", "rollback"),
        ("SUCCESSFUL", "asr-1", ("refused", "NotRolledBack")),
        ("CANCELLED", None, ("refused", "NotRolledBack")),
        ("CANCELLED", "asr-1", "rollback"),
        ("AUTO_PAUSE", "asr-1", "busy"),
    ],
)
def test_a_rollback_of_what_lies_behind_another_must_name_it(
    newest: str, named: str | None, end: Any
) -> None:
    assert said(asking(ROLLBACK, activity_id=named), two(newest)) == end


@pytest.mark.parametrize(
    ("fields", "settings"),
    [
        ({}, {"RollingUpdateSettings": {"BatchNumber": 2}, "CheckInstanceTargetHealth": True}),
        (
            {"rolling": {"BatchNumber": 1, "BatchPause": "AUTOMATIC"}, "check_health": False},
            {
                "RollingUpdateSettings": {"BatchNumber": 1, "BatchPause": "AUTOMATIC"},
                "CheckInstanceTargetHealth": False,
            },
        ),
        (
            {"rolling": {"BatchNumber": 9}, "check_health_timeout": 60},
            {
                "RollingUpdateSettings": {"BatchNumber": 2},
                "CheckInstanceTargetHealth": True,
                "CheckInstanceTargetHealthTimeout": 60,
            },
        ),
    ],
)
def test_the_settings_of_a_rollback(fields: Any, settings: Any) -> None:
    """Two of four batches were begun; what the request leaves out is as the activity had it."""
    made = batches("SUCCESSFUL", "FAILED", "WAITING", "WAITING")
    where = seen("FAILED_PAUSE", batches=made, health={"CheckInstanceTargetHealth": True})
    found = action_of(member_of(asking(ROLLBACK, **fields), where))
    assert isinstance(found, Finding)
    assert found.action
    assert found.action.settings == settings


def test_a_rollback_takes_as_many_batches_as_were_begun_however_many_instances_they_had() -> None:
    where = seen("AUTO_PAUSE", batches=batches(*["SUCCESSFUL"] * 8))._replace(
        instances={"asg-a": tuple(instances("asg-a", 8, NEW))}
    )
    found = action_of(member_of(asking(ROLLBACK), where))
    assert isinstance(found, Finding)
    assert found.action
    assert found.action.settings == {"RollingUpdateSettings": {"BatchNumber": 8}}


def test_a_stop_says_where_the_schedule_goes_on_all_the_same() -> None:
    tags = group().tags
    for status, held, told in (
        ("AUTO_PAUSE", False, True),
        ("AUTO_PAUSE", True, False),
        ("MANUAL_PAUSE", False, False),
        ("SUCCESSFUL", False, True),
        (None, False, True),
    ):
        one = group(tags={**tags, "instance-refresh:hold": "freeze"} if held else tags)
        found = action_of(member_of(asking(STOP), seen(status), one))
        assert isinstance(found, Outcome)
        assert bool(found.remedy) is told


def test_what_was_not_read_yet_is_left_open() -> None:
    unread = fleet(looked=False, instances={})
    for verb in (RESUME, CANCEL, ROLLBACK):
        assert action_of(member_of(asking(verb), unread)) is None
    for where in (seen("AUTO_PAUSE"), rolled_back("SUCCESSFUL")):
        assert action_of(member_of(asking(ROLLBACK), where._replace(instances={}))) is None
    assert said(asking(ROLLBACK), rolled_back("RUNNING")._replace(instances={})) == "rolled_back"


@pytest.mark.parametrize(
    ("verb", "where", "end"),
    [
        (STOP, seen("RUNNING"), "stop"),
        (RESUME, seen("AUTO_PAUSE"), "resume"),
        (RESUME, seen("INIT", batches=()), ("refused", "NotPaused")),
        (CANCEL, seen("AUTO_PAUSE"), "cancel"),
        (ROLLBACK, seen("AUTO_PAUSE"), "rollback"),
        (ROLLBACK, rolled_back("RUNNING"), ("refused", "RollbackOfRollback")),
    ],
)
def test_without_a_time_it_is_done_to_what_is_there_now(verb: str, where: Fleet, end: Any) -> None:
    newest = where.activities["asg-a"]
    assert newest
    undated = where._replace(activities={"asg-a": newest._replace(created=None)})
    for request, one in ((asking(verb, asked_at=None), where), (asking(verb), undated)):
        assert said(request, one) == end


@pytest.mark.parametrize(
    ("tags", "hold", "release"),
    [
        ({}, "hold", "released"),
        ({"instance-refresh:hold": "freeze"}, "held", "release"),
        ({"instance-refresh:hold": "other"}, "hold", "release"),
    ],
)
def test_holding_and_releasing(tags: dict[str, str], hold: str, release: str) -> None:
    where = fleet(group(tags=tags))
    assert said(asking("Hold", reason="freeze"), where) == hold
    assert said(asking("Release"), where) == release


def of_many(verb: Any, *statuses: str, **fields: Any) -> list[str]:
    """Say which groups, one a status, are set going by tags that may set two going."""
    names = [f"asg-{number}" for number in range(len(statuses))]
    made = map(activity, statuses, names)
    where = fleet(*map(group, names), activities=tuple(made))
    request = asking(verb, **{"group_ids": (), "tags": (("a", "b"),), **fields})
    members = [member_of(request, where, one) for one in where.groups]
    found = asked(members, settings({"MAX_GROUPS": "2"}).limits).values()
    return [one.code if isinstance(one, Outcome) else "goes" for one in found]


@pytest.mark.parametrize("verb", [RESUME, CANCEL])
def test_a_limit_counts_the_groups_that_tags_set_going(verb: str) -> None:
    three = ["AUTO_PAUSE"] * 3
    assert of_many(verb, *three) == ["TooManyGroups"] * 3
    assert of_many(verb, *three, max_groups=3) == ["goes"] * 3
    assert of_many(verb, "AUTO_PAUSE", "AUTO_PAUSE", "FAILED")[:2] == ["goes"] * 2
    assert of_many(verb, "AUTO_PAUSE", max_groups=1) == ["goes"]
    assert of_many(verb, *three, tags=(), group_ids=("asg-0", "asg-1", "asg-2")) == ["goes"] * 3


def test_no_limit_is_put_on_a_stop() -> None:
    assert of_many(STOP, *["RUNNING"] * 3) == ["goes"] * 3


def test_no_action_is_ever_a_start() -> None:
    limits = settings({}).limits
    for verb in (STOP, RESUME, CANCEL, ROLLBACK, "Hold", "Release"):
        for status in ("INIT", "RUNNING", "AUTO_PAUSE", "SUCCESSFUL", None):
            (decision,) = asked([member_of(asking(verb), seen(status))], limits).values()
            assert isinstance(decision, (Finding, Outcome))


def test_the_activity_is_named_that_an_outcome_is_about() -> None:
    found = action_of(member_of(asking(STOP), seen("MANUAL_PAUSE")))
    assert isinstance(found, Outcome)
    made = seen("MANUAL_PAUSE").activities["asg-a"]
    assert isinstance(made, Activity)
    assert found.activity == made.activity_id
