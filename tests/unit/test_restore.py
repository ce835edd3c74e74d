from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.action import Action
from instance_refresh.model.request import Request
from instance_refresh.rules.restore import ended_badly, may_need_it, restore
from tests.unit.fleets import NEW, OLD, activity, fleet, group, hours, image, instances, member_of

if TYPE_CHECKING:
    from instance_refresh.model.fleet import Activity, Instance
    from instance_refresh.model.member import Member

ASKED = Request(region="ap-guangzhou", image_id=NEW, image_family="web")
PLAIN = Request(region="ap-guangzhou", group_ids=("asg-a",))
FAILED = activity("FAILED", created=20, ended=hours(21))
MID = "img-mid"


def after(
    *seen: Instance, attempt: Activity = FAILED, asked: Request = ASKED, **configuration: Any
) -> Member:
    """A group whose launch configuration names the new image, after an attempt at hour 20."""
    images = {OLD: image(OLD, 0), MID: image(MID, 5), NEW: image(NEW, 10)}
    where = fleet(names=NEW, activities=(attempt,), images=images)
    if seen:
        where = where._replace(instances={"asg-a": seen})
    changed = where.launch_configurations["asc-a"]._replace(**configuration)
    return member_of(asked, where._replace(launch_configurations={"asc-a": changed}))


def back(member: Member) -> str:
    """Give what the launch configuration goes back to, "" if it stays."""
    found = restore(member)
    return found.action.image if found and found.action else ""


def test_it_goes_back_to_what_the_instances_run() -> None:
    found = restore(after())
    assert found is not None
    assert (found.code, found.action) == ("Restored", Action("restore", image=OLD))
    assert found.since == hours(21)
    assert found.reason == (
        "refresh activity asr-1 brought its image to no instance: asc-a goes from img-new back to"
        " img-old, which the instances run"
    )


def test_what_any_instance_runs_stays() -> None:
    assert back(after(*instances("asg-a", 3, OLD), *instances("asg-a", 1, NEW))) == ""


def test_of_several_images_the_newest_that_is_known_counts() -> None:
    some = (*instances("asg-a", 1, MID), *instances("asg-a", 2, OLD))
    assert back(after(*some)) == MID
    assert back(after(*some, *instances("asg-a", 1, "img-unknown"))) == MID
    undated = after(*instances("asg-a", 1, OLD))
    images = {OLD: image(OLD)._replace(created=None), NEW: image(NEW, 10)}
    assert back(member_of(ASKED, undated.fleet._replace(images=images))) == ""


def test_what_is_out_of_service_counts_only_where_nothing_is_in_service() -> None:
    out = instances("asg-a", 1, NEW, "STANDBY")
    assert back(after(*instances("asg-a", 2, OLD), *out)) == OLD
    assert back(after(*instances("asg-a", 2, MID, "STANDBY"))) == MID
    assert back(after(*out)) == ""


def test_nothing_is_undone_of_what_did_not_end_badly() -> None:
    assert back(after(attempt=activity("SUCCESSFUL"))) == ""
    assert back(after(attempt=activity("RUNNING"))) == ""
    assert back(after(attempt=activity("FAILED", kind="ROLLBACK", origin_id="asr-0"))) == ""
    live = activity("RUNNING", kind="ROLLBACK", origin_id="asr-0")
    where = after().fleet._replace(activities={"asg-a": live}, origins={"asr-0": FAILED})
    assert back(member_of(ASKED, where)) == ""
    assert back(member_of(ASKED, after().fleet._replace(launch_configurations={}))) == ""


@pytest.mark.parametrize(
    ("asked", "updated", "bad"),
    [
        (PLAIN, hours(20), True),
        (PLAIN, hours(20) + timedelta(seconds=1), False),
        (ASKED, hours(20) + timedelta(minutes=15), True),
        (ASKED, hours(20) + timedelta(minutes=15, seconds=1), False),
        (ASKED._replace(image_id=OLD), hours(20), True),
        (ASKED._replace(image_id=OLD), hours(20) + timedelta(seconds=1), False),
        (ASKED, None, False),
    ],
)
def test_what_someone_has_changed_since_is_left(
    asked: Request, updated: datetime | None, *, bad: bool
) -> None:
    """A second function may put the same image in again, as long as it runs: 15 minutes."""
    member = after(asked=asked, updated=updated)
    assert ended_badly(member) is bad
    assert bool(back(member)) is bad


def test_without_an_attempt_or_its_time_nothing_has_ended_badly() -> None:
    assert not ended_badly(after(attempt=activity("SUCCESSFUL")))
    assert not ended_badly(after(attempt=FAILED._replace(created=None)))
    assert not ended_badly(member_of(ASKED, after().fleet._replace(launch_configurations={})))


def sharing(*activities: Activity, read: bool = True, count: int = 4) -> Member:
    groups = [
        group("asg-a", launch_configuration_id="asc-s"),
        group("asg-b", count, launch_configuration_id="asc-s"),
    ]
    where = fleet(*groups, names=NEW, activities=(FAILED, *activities))
    if not read:
        where = where._replace(instances={"asg-a": where.instances["asg-a"]})
    return member_of(ASKED, where)


def test_a_sharing_group_that_needs_it_keeps_it_as_it_is() -> None:
    assert back(sharing()) == OLD
    assert back(sharing(activity("SUCCESSFUL", "asg-b"))) == OLD
    assert back(sharing(read=False, count=0)) == OLD
    for needs in (sharing(activity("RUNNING", "asg-b")), sharing(read=False, count=1)):
        assert may_need_it(needs, "asg-b")
        found = restore(needs)
        assert found is not None
        assert (found.code, found.action) == ("LaunchConfigurationShared", None)
        assert found.since == hours(21)
        assert found.reason.endswith("still names img-new, which failed, and is also used by asg-b")
        assert "asg-a" not in found.reason
    assert may_need_it(sharing(), "asg-unknown")


def test_what_a_sharing_groups_instances_run_stays() -> None:
    one = sharing()
    runs = {**one.fleet.instances, "asg-b": tuple(instances("asg-b", 1, NEW))}
    assert back(member_of(ASKED, one.fleet._replace(instances=runs))) == ""
