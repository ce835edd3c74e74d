"""What is true of one group, before anything is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from instance_refresh.model.member import attempt_of
from instance_refresh.model.request import Request
from tests.unit.fleets import NEW, OLD, activity, fleet, group, image, instances, member_of

if TYPE_CHECKING:
    from instance_refresh.model.fleet import Image

WISH = Request("ap-guangzhou", image_id=NEW, image_family="web")
UNDATED_OLD, UNDATED_NEW = (image(name)._replace(created=None) for name in (OLD, NEW))


@pytest.mark.parametrize(
    ("images", "newer"),
    [
        ((image(OLD, 0), image(NEW, 10)), True),
        ((image(OLD, 10), image(NEW, 10)), False),
        ((image(OLD, 11), image(NEW, 10)), False),
        ((image(NEW, 10),), True),
        ((UNDATED_OLD, image(NEW, 10)), True),
        ((image(OLD, 11), UNDATED_NEW), True),
        ((image(OLD, 0),), False),
    ],
)
def test_an_image_is_newer_unless_the_dates_say_otherwise(
    images: tuple[Image, ...], *, newer: bool
) -> None:
    seen = fleet(images={one.image_id: one for one in images})
    assert member_of(WISH, seen).is_newer is newer


def test_what_is_configured_is_no_newer_than_itself() -> None:
    assert not member_of(WISH, fleet(names=NEW, images={NEW: UNDATED_NEW})).is_newer


def test_a_command_brings_what_is_configured_and_a_family_without_an_image_nothing() -> None:
    command = member_of(Request("ap-guangzhou"), fleet())
    assert (command.image_id, command.sets_image) == (OLD, False)
    wish = member_of(WISH, fleet())
    assert (wish.image_id, wish.configured, wish.sets_image) == (NEW, OLD, True)
    empty = member_of(Request("ap-guangzhou", image_family="web"), fleet())
    assert (empty.image_id, empty.sets_image) == ("", False)


def test_all_run_it_where_the_instances_were_read_and_every_running_one_does() -> None:
    def all_run_it(*some: str) -> bool:
        seen = [one for name in some for one in instances("asg-a", 1, name)]
        off = instances("asg-a", 1, OLD)[0]._replace(machine_state="STOPPED")
        return member_of(WISH, fleet(instances={"asg-a": (*seen, off)})).all_run_it

    assert all_run_it(NEW)
    assert all_run_it()
    assert not all_run_it(NEW, OLD)
    unread = member_of(WISH, fleet(names=NEW, instances={}))
    assert (unread.instances, unread.all_run_it) == (None, False)


def test_who_shares_the_launch_configuration_are_the_others() -> None:
    where = fleet(*(group(f"asg-{n}", launch_configuration_id="asc-s") for n in range(3)))
    assert member_of(WISH, where, where.groups[1]).shared_with == ("asg-0", "asg-2")
    assert member_of(WISH, where._replace(launch_configurations={})).shared_with == ()


def test_what_ended_badly_is_the_attempt_and_of_a_rollback_what_it_undid() -> None:
    for status in ("FAILED", "CANCELLED"):
        assert attempt_of(activity(status), {}) == activity(status)
    for status in ("SUCCESSFUL", "RUNNING", "FAILED_PAUSE"):
        assert attempt_of(activity(status), {}) is None
    undone = activity("FAILED", activity_id="asr-0")
    back = activity("SUCCESSFUL", kind="ROLLBACK", origin_id="asr-0")
    assert attempt_of(back, {"asr-0": undone}) == undone
    assert attempt_of(back, {}) == back
