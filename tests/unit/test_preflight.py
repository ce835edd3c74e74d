"""What speaks against a refresh, and what of it passes by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from instance_refresh.model.limits import ALL, Allowed
from instance_refresh.model.request import Request
from instance_refresh.rules.preflight import (
    REFUSALS,
    may_follow,
    passes,
    refusal,
    refused,
    region_refused,
)
from tests.unit.fleets import NEW, OLD, fleet, group, image, instances, member_of

if TYPE_CHECKING:
    from instance_refresh.model.fleet import Fleet, Group
    from instance_refresh.model.outcome import Outcome

ASKED = Request(region="ap-guangzhou", group_ids=("asg-a",), image_id=NEW)


def codes(where: Fleet, asked: Request = ASKED, allowed: Allowed = ALL) -> set[str]:
    outcome = refused(member_of(asked, where, allowed=allowed))
    return {one.code for one in outcome.refusals} if outcome else set()


def told(where: Fleet, asked: Request = ASKED) -> Outcome:
    outcome = refused(member_of(asked, where))
    assert outcome
    return outcome


def with_new(*groups: Group, **fields: Any) -> Fleet:
    images = {OLD: image(OLD, architecture=fields.pop("before", "x86_64")), NEW: image(NEW, 10)}
    return fleet(*groups, images={**images, NEW: images[NEW]._replace(**fields)})


STATUSES = {
    "GroupNotFound": 404, "NoGroupMatches": 404, "NoFollower": 404,
    "GroupNotAllowed": 403, "RegionNotAllowed": 403, "ActivityNotFound": 404,
}  # fmt: skip


@pytest.mark.parametrize("code", REFUSALS)
def test_each_refusal_has_a_remedy_and_a_status(code: str) -> None:
    rule = REFUSALS[code]
    assert rule.remedy.endswith(".")
    assert rule.status == STATUSES.get(code, 409)
    by_itself = {"GroupInActivity", "NoneInService", "InstanceChanging", "ImageNotNormal"}
    assert rule.retryable is (code in by_itself)
    assert passes(refusal(code, "no")) is (code in {*by_itself, "GroupEmpty"})


def test_a_refusal_may_be_tried_again_only_if_every_reason_passes() -> None:
    both = told(with_new(group(in_activity=True), state="SYNCING"))
    assert (both.code, both.status, both.retryable) == ("ImageNotNormal", 409, True)
    assert both.remedy.split(".")[:2] == [
        "Wait until the image is NORMAL", " Wait until the group's scaling activity ends",
    ]  # fmt: skip
    lasting = told(with_new(group(in_activity=True), state="SYNCING", deprecated=True))
    assert not lasting.retryable
    first = refused(member_of(ASKED, with_new(state="SYNCING"), allowed=Allowed(groups=("asg-b",))))
    assert first
    assert [one.code for one in first.refusals] == ["ImageNotNormal", "GroupNotAllowed"]
    assert (first.code, first.status, first.retryable) == ("ImageNotNormal", 409, False)


def test_the_state_of_an_image_is_said_with_how_far_it_is() -> None:
    assert told(with_new(state="SYNCING", progress=40)).reason == "image img-new is SYNCING (40%)"
    assert told(with_new(state="SYNCING", progress=0)).reason == "image img-new is SYNCING (0%)"
    assert told(with_new(state="CREATING", progress=None)).reason == "image img-new is CREATING"


def test_an_image_that_is_not_there_is_named() -> None:
    gone = fleet(images={OLD: image(OLD)})
    assert told(gone).reason == "image img-new is not in ap-guangzhou"
    nothing = ASKED._replace(image_id=None, image_family="web")
    assert told(gone, nothing).reason == "family web has no usable image"
    assert codes(gone, ASKED._replace(image_family="web")) == {"ImageNotFound"}
    command = ASKED._replace(image_id=None)
    assert told(fleet(launch_configurations={}), command).reason.startswith("image (none) is not")


@pytest.mark.parametrize(
    ("before", "architecture", "fits"),
    [
        ("x86_64", "x86_64", True),
        ("x86_64", "arm64", False),
        ("", "arm64", True),
        ("x86_64", "", True),
    ],
)
def test_an_architecture_that_is_not_known_speaks_against_nothing(
    before: str, architecture: str, *, fits: bool
) -> None:
    seen = codes(with_new(before=before, architecture=architecture))
    assert seen == (set() if fits else {"ImageArchitecture"})
    gone = fleet(images={NEW: image(NEW, 10, architecture=architecture)})
    assert codes(gone) == set()


@pytest.mark.parametrize(("size", "fits"), [(50, True), (51, False)])
def test_an_image_fits_the_smallest_disk_that_is_known(size: int, *, fits: bool) -> None:
    assert codes(with_new(size=size)) == (set() if fits else {"ImageTooLarge"})
    where = with_new(size=size)
    unknown = where.launch_configurations["asc-a"]._replace(system_disk=0)
    some = tuple(one._replace(system_disk=0) for one in where.instances["asg-a"])
    blind = where._replace(launch_configurations={"asc-a": unknown}, instances={"asg-a": some})
    assert codes(blind) == set()
    one_known = blind._replace(instances={"asg-a": (*some, *instances("asg-a", 1, OLD))})
    assert codes(one_known) == (set() if fits else {"ImageTooLarge"})


def test_groups_and_regions_that_are_not_allowed() -> None:
    here = Allowed(groups=("asg-a",), regions=("ap-guangzhou",))
    elsewhere = Allowed(groups=("asg-b",), regions=("ap-shanghai",))
    assert codes(fleet(), allowed=here) == set()
    assert codes(fleet(), allowed=elsewhere) == {"GroupNotAllowed"}
    outcome = region_refused("ap-guangzhou")
    assert (outcome.code, outcome.status, outcome.region) == (
        "RegionNotAllowed", 403, "ap-guangzhou",
    )  # fmt: skip


@pytest.mark.parametrize("state", ["PENDING", "STARTING", "STOPPING", "REBOOTING", "RUNNING"])
def test_an_instance_that_changes_is_waited_for_where_it_is_to_be_reinstalled(state: str) -> None:
    steady = instances("asg-a", 3, OLD)

    def with_one(image_id: str, life: str = "IN_SERVICE") -> set[str]:
        (one,) = instances("asg-a", 1, image_id, life)
        one = one._replace(instance_id="ins-x", machine_state=state)
        return codes(fleet(instances={"asg-a": (*steady, one)}))

    assert with_one(OLD) == (set() if state == "RUNNING" else {"InstanceChanging"})
    assert with_one(NEW) == with_one("") == with_one(OLD, "STANDBY") == set()


def test_a_group_that_has_nothing_in_service_is_waited_for() -> None:
    unread = fleet(group(in_service=0), instances={})
    assert codes(unread) == {"NoneInService"}
    assert codes(fleet(group(in_service=1), instances={})) == set()
    stopped = tuple(one._replace(machine_state="STOPPED") for one in instances("asg-a", 2, OLD))
    assert codes(fleet(instances={"asg-a": stopped})) == {"NoneInService"}


def broken(group_status: str, status: str, names: str = OLD) -> Fleet:
    where = fleet(group(status=group_status), names=names)
    one = where.launch_configurations["asc-a"]._replace(status=status)
    return where._replace(launch_configurations={"asc-a": one})


def test_only_a_new_image_mends_what_the_image_broke() -> None:
    assert codes(broken("CVM_ABNORMAL", "IMAGE_ABNORMAL")) == set()
    both = {"GroupAbnormal", "LaunchConfigurationAbnormal"}
    assert codes(broken("CVM_ABNORMAL", "IMAGE_ABNORMAL", names=NEW)) == both
    assert codes(broken("CVM_ABNORMAL", "SNAPSHOT_ABNORMAL")) == both
    assert codes(broken("CVM_ABNORMAL", "NORMAL")) == {"GroupAbnormal"}
    assert codes(broken("LB_ABNORMAL", "IMAGE_ABNORMAL")) == {"GroupAbnormal"}
    assert codes(broken("", "")) == set()
    gone = broken("CVM_ABNORMAL", "IMAGE_ABNORMAL")._replace(images={})
    assert codes(gone) == both | {"ImageNotFound"}


def test_a_configuration_that_others_use_stays_where_it_is() -> None:
    def shared(names: str) -> set[str]:
        where = fleet(names=names)
        one = where.launch_configurations["asc-a"]._replace(group_ids=("asg-a", "asg-z"))
        return codes(where._replace(launch_configurations={"asc-a": one}))

    assert shared(OLD) == {"LaunchConfigurationShared"}
    assert shared(NEW) == set()


def test_an_image_may_follow_a_live_activity_where_only_what_passes_is_in_its_way() -> None:
    assert may_follow(member_of(ASKED, fleet()))
    assert may_follow(member_of(ASKED, fleet(group(in_activity=True))))
    assert may_follow(member_of(ASKED, fleet(group(count=0))))
    assert not may_follow(member_of(ASKED, fleet(group(status="LB_ABNORMAL"))))
    assert not may_follow(member_of(ASKED, fleet(launch_configurations={})))
    assert not may_follow(member_of(ASKED, with_new(state="SYNCING")))
