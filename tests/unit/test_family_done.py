"""A family is said to be done once: when its last group has the image, and how long that took."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.policy import Policy
from instance_refresh.model.request import Request
from instance_refresh.rules.edges import Between, family_done
from instance_refresh.rules.preflight import EMPTY, refusal
from tests.unit.fleets import NEW, OLD, activity, fleet, group, hours, member_of

if TYPE_CHECKING:
    from instance_refresh.model.fleet import Activity
    from instance_refresh.model.member import Member
    from instance_refresh.model.outcome import Outcome

WISH = Request("ap-guangzhou", image_id=NEW, image_family="web")
SCALES = {"outcome": "refused", "refusals": (refusal("GroupInActivity", ""),)}
LACKS = {"outcome": "refused", "refusals": (refusal("GroupAbnormal", ""),)}


def at(minutes: float) -> datetime:
    """Count from eleven; the image was made at ten."""
    return hours(11) + timedelta(minutes=minutes)


def brought(
    name: str, began: float, ended: float | None, status: str = "SUCCESSFUL", **fields: Any
) -> Activity:
    one = activity(status, activity_id=name, **fields)
    return one._replace(created=at(began), ended=None if ended is None else at(ended))


def of(group_id: str, *past: Activity, names: str = NEW) -> Member:
    """Give a group whose instances all run the image."""
    mine = tuple(one._replace(group_id=group_id) for one in past)
    where = fleet(
        group(group_id), names=names, runs=NEW, activities=mine[-1:], recent={group_id: mine}
    )
    return member_of(WISH, where, policy=Policy("web"))


def told(*members: Member, since: float = 0, **outcomes: dict[str, Any]) -> Outcome | None:
    """Give what one tick says, five minutes after the last; all are current but for `outcomes`."""
    decided = {m.group_id: m.ends("already_current", "") for m in members}
    for letter, fields in outcomes.items():
        decided[f"asg-{letter}"] = decided[f"asg-{letter}"]._replace(**fields)
    return family_done(members, decided, Between(at(since), at(since + 5)))


def test_a_family_is_done_once_and_a_reinstall_does_not_say_so_again() -> None:
    first, again = brought("asr-1", 0, 2), brought("asr-2", 60, 62)
    found = told(of("asg-a", first))
    assert found
    assert (found.outcome, found.code, found.since) == ("succeeded", "FamilyDone", at(2))
    assert found.reason == f"web: 1 of 1 groups on {NEW}, 2 min"
    assert told(of("asg-a", first, again), since=60) is None
    undone = brought("asr-2", 30, 40, kind="ROLLBACK", origin_id="asr-1")
    assert told(of("asg-a", first, undone, brought("asr-3", 60, 62)), since=60)


@pytest.mark.parametrize(
    ("past", "taken"),
    [
        # It began in the second in which the image was made.
        ((brought("asr-1", -60, 2),), "1 h 2 min"),
        # Another image's refresh is none of this one's, nor is a rollback.
        ((brought("asr-0", -61, -60.5), brought("asr-1", 0, 2)), "2 min"),
        ((brought("asr-0", -40, -30, kind="ROLLBACK"), brought("asr-1", 0, 2)), "2 min"),
        ((brought("asr-0", -50, -40, "FAILED"), brought("asr-1", 0, 2)), "52 min"),
    ],
)
def test_it_took_as_long_as_from_the_first_refresh_since_the_image_was_made(
    past: tuple[Activity, ...], taken: str
) -> None:
    found = told(of("asg-a", *past))
    assert found
    assert found.reason == f"web: 1 of 1 groups on {NEW}, {taken}"


@pytest.mark.parametrize(
    ("meanwhile", "said"),
    [
        ({}, True),
        (SCALES, True),
        ({"outcome": "in_progress"}, True),
        (LACKS, False),
        ({"outcome": "rejected"}, False),
        ({"outcome": "queued"}, False),
    ],
)
def test_a_family_is_done_though_another_group_scales_just_now(
    meanwhile: dict[str, Any], *, said: bool
) -> None:
    earlier, last = of("asg-a", brought("asr-1", 0, 2)), of("asg-b", brought("asr-2", 60, 62))
    found = told(earlier, last, since=60, a=meanwhile)
    assert bool(found) is said
    if found:
        assert found.reason.startswith("web: 2 of 2 groups on")


def test_a_family_is_not_done_while_a_launch_configuration_names_another_image() -> None:
    changed = of("asg-a", brought("asr-1", 0, 2), names=OLD)
    assert told(changed, of("asg-b", brought("asr-2", 0, 2)), a=SCALES) is None


def test_a_family_is_done_though_another_group_is_being_reinstalled() -> None:
    again = brought("asr-3", 61, None, "RUNNING")
    earlier, last = of("asg-a", brought("asr-1", 0, 2), again), of("asg-b", brought("asr-2", 9, 62))
    assert told(earlier, last, since=60, a={"outcome": "in_progress"})
    assert not told(of("asg-a", again), last, since=60, a={"outcome": "in_progress"})


@pytest.mark.parametrize(
    ("meanwhile", "count"),
    [({}, 2), ({"outcome": "superseded"}, 1), ({"outcome": "refused", "code": EMPTY}, 1)],
)
def test_a_group_that_needed_no_refresh_counts_where_it_runs_the_image(
    meanwhile: dict[str, Any], count: int
) -> None:
    found = told(of("asg-a"), of("asg-b", brought("asr-1", 0, 2)), a=meanwhile)
    assert found
    assert found.reason.startswith(f"web: {count} of 2 groups on")
    assert told(of("asg-a"), a=meanwhile) is None
