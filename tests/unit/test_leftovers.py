from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.request import Request
from instance_refresh.rules.leftovers import leftovers
from tests.unit.fleets import LIMITS, NEW, OLD, fleet, group, hours, image, instances, member_of

if TYPE_CHECKING:
    from instance_refresh.model.action import Finding
    from instance_refresh.model.fleet import Fleet

ASKED = Request(region="ap-guangzhou", image_id=NEW, image_family="web")
BOTH = (*instances("asg-a", 2, OLD), *instances("asg-a", 1, NEW, "IN_SERVICE"))


def left(where: Fleet, now: float = 12, *, comes: bool = False) -> Finding | None:
    return leftovers(member_of(ASKED, where), LIMITS, hours(now), start_comes=comes)


def code(where: Fleet, now: float = 12, *, comes: bool = False) -> str:
    found = left(where, now, comes=comes)
    return found.code if found else ""


def runs(*some: Any, **fields: Any) -> Fleet:
    return fleet(instances={"asg-a": some}, **fields)


@pytest.mark.parametrize("state", ["CREATING", "SYNCING", "CREATEFAILED"])
def test_a_configuration_whose_image_launches_nothing_is_urgent(state: str) -> None:
    for images in ({NEW: image(NEW)}, {OLD: image(OLD, state=state)}):
        found = left(fleet(images=images))
        assert found is not None
        assert (found.code, found.urgent) == ("ImageGone", True)
        assert found.reason.startswith("asc-a names image img-old")
    deprecated = left(fleet(images={OLD: image(OLD, deprecated=True)}))
    assert deprecated is not None
    assert (deprecated.code, deprecated.urgent) == ("ImageWithdrawn", False)


def test_several_images_are_said_unless_a_start_comes() -> None:
    found = left(runs(*BOTH))
    assert found is not None
    assert found.reason == "the instances run several images: img-new, img-old"
    assert code(runs(*BOTH), comes=True) == ""


def test_a_configuration_that_no_instance_runs_is_said() -> None:
    found = left(fleet(names=NEW))
    assert found is not None
    assert found.reason == "the instances run img-old, but asc-a names img-new"
    assert found.since == hours(1)
    assert code(fleet(names=NEW, instances={})) == ""  # nothing was read
    three = {**fleet().images, "img-mid": image("img-mid", 5)}
    ahead = left(runs(*BOTH, names="img-mid", images=three), comes=True)
    assert ahead is not None
    assert ahead.reason == "the instances run img-new, but asc-a names img-mid"


@pytest.mark.parametrize(("now", "said"), [(3, False), (3 + 1 / 3600, True)])
def test_one_that_is_ahead_of_a_start_that_comes_is_said_after_a_pauses_limit(
    now: float, *, said: bool
) -> None:
    """It was changed at hour 1."""
    assert bool(code(fleet(names=NEW), now, comes=True)) is said
    assert code(fleet(names=NEW), now) == "ConfigurationDiffers"
    found = left(fleet(names=NEW), 4, comes=True), left(fleet(names=NEW), 4)
    assert [one and one.since for one in found] == [hours(3), hours(1)]
    unknown = fleet(names=NEW)
    one = unknown.launch_configurations["asc-a"]._replace(updated=None)
    assert code(unknown._replace(launch_configurations={"asc-a": one}), now, comes=True) == ""


@pytest.mark.parametrize(("now", "late"), [(34, False), (34 + 1 / 3600, True)])
def test_an_image_that_is_out_for_a_day_and_not_everywhere_is_said(
    now: float, *, late: bool
) -> None:
    """It was made at hour 10."""
    expected = "NotDeployed" if late else ""
    assert code(fleet(), now) == expected
    assert code(runs(*BOTH, names=NEW), now, comes=True) == expected
    assert code(runs(*instances("asg-a", 1, OLD), names=NEW), 2, comes=True) == ""
    for done in (
        fleet(names=NEW, runs=NEW),
        fleet(group(count=0)),
        fleet(images={OLD: image(OLD, 20), NEW: image(NEW, 10)}),
        fleet(names=NEW, instances={}),
    ):
        assert code(done, now) == ""


def test_half_a_group_that_waits_with_its_configuration_set_is_said_in_time() -> None:
    old = runs(*instances("asg-a", 4, OLD), names=NEW)
    one = old.launch_configurations["asc-a"]._replace(updated=None)
    waits = old._replace(launch_configurations={"asc-a": one})
    assert code(waits, 30, comes=True) == ""
    late = left(waits, 35, comes=True)
    assert late is not None
    assert (late.code, late.since) == ("NotDeployed", hours(34))
