"""Every reason why StartInstanceRefresh is refused, each with the platform's code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.local_cloud import Fleet, fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BAD_IMAGE = "ResourceUnavailable.InquiryPriceResetInstanceFailed"


@pytest.fixture
def it() -> Iterator[Fleet]:
    with fleet(instances=4) as made:
        yield made


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"AutoScalingGroupId": "web"}, "InvalidParameterValue.InvalidAutoScalingGroupId"),
        ({"AutoScalingGroupId": "asg-00000000"}, "ResourceNotFound.AutoScalingGroupIdNotFound"),
        ({"RefreshMode": "ROLLING_UPDATE"}, "InvalidParameterValue"),
    ],
)
def test_a_bad_group_or_mode(it: Fleet, change: dict[str, str], code: str) -> None:
    assert it.call.code("StartInstanceRefresh", **{**it.parameters(), **change}) == code
    assert it.region.activities == {}


@pytest.mark.parametrize(
    ("rolling", "code"),
    [
        ({"batches": 5}, "InvalidParameterValue.BatchNumberTooLarge"),
        ({"batches": 0}, "InvalidParameterValue.Range"),
        ({"batches": 2, "MaxSurge": 3}, "InvalidParameterValue.MaxSurgeTooLarge"),
        ({"batches": 2, "MaxSurge": -1}, "InvalidParameterValue.Range"),
        ({"batches": 2, "BatchPause": "SOMETIMES"}, "InvalidParameterValue"),
        ({"batches": 2, "FailProcess": "NONE"}, "InvalidParameterValue"),
        (
            {"batches": 2, "health": {"CheckInstanceTargetHealthTimeout": 59}},
            "InvalidParameterValue.Range",
        ),
    ],
)
def test_bad_settings(it: Fleet, rolling: dict[str, Any], code: str) -> None:
    assert it.call.code("StartInstanceRefresh", **it.parameters(**rolling)) == code
    assert it.region.activities == {}


def disable_image(it: Fleet) -> None:
    it.region.images[it.old].image_state = "SYNCING"


def remove_image(it: Fleet) -> None:
    del it.region.images[it.old]


def enlarge_image(it: Fleet) -> None:
    it.region.images[it.old].image_size = 51


def port_image(it: Fleet) -> None:
    it.region.images[it.old].architecture = "arm"


@pytest.mark.parametrize("change", [disable_image, remove_image, enlarge_image, port_image])
def test_an_image_that_does_not_fit(it: Fleet, change: Callable[[Fleet], None]) -> None:
    change(it)
    assert it.call.code("StartInstanceRefresh", **it.parameters()) == BAD_IMAGE


def test_an_arm_image_fits_an_arm_instance_type(it: Fleet) -> None:
    port_image(it)
    source = it.region.launch_configurations[it.group.launch_configuration_id]
    source.instance_types = ["SR1.MEDIUM4"]
    assert it.start().status == "INIT"


def test_a_group_that_is_busy_abnormal_or_empty(it: Fleet) -> None:
    it.group.auto_scaling_group_status = "LB_ABNORMAL"
    code = it.call.code("StartInstanceRefresh", **it.parameters())
    assert code == "ResourceUnavailable.AutoScalingGroupAbnormalStatus"
    it.group.auto_scaling_group_status = "NORMAL"
    it.group.in_activity_status = "IN_ACTIVITY"
    code = it.call.code("StartInstanceRefresh", **it.parameters())
    assert code == "ResourceUnavailable.AutoScalingGroupInActivity"
    it.group.in_activity_status = "NOT_IN_ACTIVITY"
    for instance in it.instances:
        instance.life_cycle_state = "STOPPED"
    code = it.call.code("StartInstanceRefresh", **it.parameters())
    assert code == "ResourceUnavailable.NoInstanceCanRefresh"


@pytest.mark.parametrize("status", ["INIT", "RUNNING", "AUTO_PAUSE"])
def test_one_refresh_at_a_time(it: Fleet, status: str) -> None:
    activity = it.start(BatchPause="FIRST_BATCH_PAUSE")
    it.until(lambda: activity.status == status)
    code = it.call.code("StartInstanceRefresh", **it.parameters())
    assert code == "ResourceUnavailable.AutoScalingGroupInRefreshActivity"
    assert list(it.region.activities.values()) == [activity]


def test_only_running_instances_are_refreshed(it: Fleet) -> None:
    it.instances[0].life_cycle_state = "STOPPED"
    it.instances[1].instance_state = "STOPPED"
    activity = it.start(batches=1)
    ids = [item.instance_id for item in activity.instances()]
    assert ids == [instance.instance_id for instance in it.instances[2:]]
