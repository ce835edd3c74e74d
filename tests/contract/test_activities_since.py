"""What a tick reads of a region's refresh activities: nothing missed, and few calls."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, get_args

import pytest

from instance_refresh.clock import Deadline
from instance_refresh.gateway.actions import AutoScaling
from instance_refresh.gateway.client import Api
from instance_refresh.gateway.cloud import Credentials
from local.autoscaling.activity import RefreshActivity
from local.clock import ManualClock
from local.cloud import Cloud
from local.region import Order
from tests.contract.local_cloud import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.calls import Call

DAY = timedelta(days=1)
ORDERS = get_args(Order)
ORDERED = [order for order in ORDERS if order != "unordered"]
PAGE = 100
# Before a list in no order is read whole: both its ends, and what is live.
WHOLE = 3


class Past:
    """A region whose activities are a minute apart, the newest of them now."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.region, self.role = cloud, cloud.region(REGION), cloud.role()
        self.now = cloud.clock.now()

    def add(self, created: datetime, status: str = "SUCCESSFUL") -> str:
        made = RefreshActivity(
            self.region.identifiers.new("asr"), "asg-00000001", {}, created, [], status=status
        )
        self.region.activities[made.refresh_activity_id] = made
        return made.refresh_activity_id

    def fill(self, count: int) -> None:
        for number in reversed(range(count)):
            self.add(self.now - timedelta(minutes=number))

    def since(self, created: datetime) -> tuple[set[str], bool, int]:
        """Give the ids that are read, whether they are all, and how many calls that took."""
        keys = Credentials(self.role.secret_id, self.role.secret_key, self.role.token or "")
        api = Api("as", "2018-04-19", self.cloud.endpoint, REGION, keys)
        before = len(self.cloud.calls)
        seen, are_all = AutoScaling(api, Deadline(60_000)).activities_since(created)
        ids = [one.activity_id for one in seen]
        assert len(ids) == len(set(ids))
        return set(ids), are_all, len(self.cloud.calls) - before

    def wanted(self, created: datetime) -> set[str]:
        return {
            name
            for name, one in self.region.activities.items()
            if one.live or one.created_time >= created
        }


@pytest.fixture
def past() -> Iterator[Past]:
    with Cloud(clock=ManualClock()) as cloud:
        cloud.limits.clear()
        yield Past(cloud)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("count", [0, 1, PAGE])
def test_a_list_of_one_page_is_one_call_and_all(past: Past, order: Order, count: int) -> None:
    past.region.activities_listed = order
    past.fill(count)
    assert past.since(past.now - DAY) == (set(past.region.activities), True, 1)


@pytest.mark.parametrize("order", ORDERS)
def test_two_pages_are_read_whole(past: Past, order: Order) -> None:
    past.region.activities_listed = order
    past.fill(2 * PAGE)
    seen, are_all, _ = past.since(past.now - timedelta(minutes=10))
    assert (seen, are_all) == (set(past.region.activities), True)


# Of 1,030 activities, so many are newer; the last page has 30, where the oldest come first.
@pytest.mark.parametrize("newer", [0, 1, 29, 30, 31, 99, 100, 101, 450])
@pytest.mark.parametrize("order", ORDERED)
def test_a_long_list_is_read_from_its_newer_end(past: Past, order: Order, newer: int) -> None:
    past.region.activities_listed = order
    past.fill(1030)
    since = past.now - timedelta(minutes=newer) + timedelta(seconds=1)
    seen, are_all, calls = past.since(since)
    assert len(past.wanted(since)) == newer
    assert seen == past.wanted(since)  # what is older may hide one between that was not read
    assert not are_all
    assert calls <= 3 + -(-newer // PAGE)


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_live_is_read_however_old_it_is(past: Past, order: Order) -> None:
    past.region.activities_listed = order
    old = [past.add(past.now - 90 * DAY, status) for status in ("FAILED_PAUSE", "RUNNING")]
    past.fill(500)
    seen, _, calls = past.since(past.now - timedelta(minutes=10))
    assert seen >= {*old, *past.wanted(past.now - timedelta(minutes=10))}
    assert calls <= (WHOLE + 6 if order == "unordered" else 4)


def test_a_list_in_no_order_is_read_whole(past: Past) -> None:
    past.region.activities_listed = "unordered"
    past.fill(1030)
    seen, are_all, calls = past.since(past.now - timedelta(minutes=10))
    assert (seen, are_all) == (set(past.region.activities), True)
    assert calls <= WHOLE + 11


@pytest.mark.parametrize("order", ORDERS)
def test_what_begins_while_it_is_read_hides_nothing(past: Past, order: Order) -> None:
    past.region.activities_listed = order
    past.fill(1030)
    since = past.now - timedelta(minutes=450)
    wanted = past.wanted(since)

    def begin(_: Call) -> None:
        if len(past.region.activities) < 1040:
            past.add(past.now, "RUNNING")

    past.cloud.on_call = begin
    assert past.since(since)[0] >= wanted
