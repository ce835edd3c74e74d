"""What holds in every state that any sequence of calls, failures and losses can lead to."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from local.autoscaling.actions import ACTIONS
from local.clock import ManualClock
from local.cloud import Cloud
from local.refused import Refused
from tests.contract.local_cloud import REGION

if TYPE_CHECKING:
    from local.autoscaling.models import Group
    from local.region import Region

ROLLING = st.fixed_dictionaries(
    {"BatchNumber": st.integers(1, 4)},
    optional={
        "BatchPause": st.sampled_from(["AUTOMATIC", "FIRST_BATCH_PAUSE", "BATCH_INTERVAL_PAUSE"]),
        "FailProcess": st.sampled_from(["AUTO_PAUSE", "AUTO_ROLLBACK", "AUTO_CANCEL"]),
        "MaxSurge": st.integers(0, 2),
    },
)
STEPS = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 300)),
    st.tuples(st.just("fail"), st.integers(0, 5)),
    st.tuples(st.just("lose"), st.integers(0, 5)),
    st.tuples(st.just("sicken")),
    st.tuples(st.just("start"), ROLLING, st.sampled_from(["RESET", "REPLACE"]), st.booleans()),
    st.tuples(st.just("rollback"), ROLLING),
    st.tuples(st.just("Resume"), st.sampled_from(["RETRY", "CONTINUE"])),
    st.tuples(st.sampled_from(["Stop", "Cancel"])),
)
WAITS = st.tuples(st.just("wait"), st.integers(30, 300))


@settings(max_examples=150)
@given(st.lists(st.one_of(STEPS, WAITS), max_size=25))
def test_any_sequence(steps: list[tuple[Any, ...]]) -> None:
    cloud = Cloud(clock=ManualClock())
    region = cloud.region(REGION)
    group = region.add_group(image=region.add_image(), instances=4, load_balancer=True)
    for step in steps:
        with suppress(Refused):
            take(cloud, region, group, step)
        cloud.settle()
        check(region, group)


def take(cloud: Cloud, region: Region, group: Group, step: tuple[Any, ...]) -> None:
    verb, *more = step
    newest = next(reversed(region.activities), "asr-00000000")
    names = {"AutoScalingGroupId": group.auto_scaling_group_id}
    if verb == "wait":
        cloud.clock.advance(more[0])
    elif verb in ("fail", "lose"):
        instances = region.instances_of(group)[more[0] : more[0] + 1]
        for instance in instances:
            if verb == "fail":
                cloud.faults.fail_instance(instance.instance_id)
            else:
                region.remove_instance(instance.instance_id)
    elif verb == "sicken":
        cloud.faults.fail_target_health(region.image_to_install(group))
    elif verb == "start":
        health = {"CheckInstanceTargetHealth": more[2], "CheckInstanceTargetHealthTimeout": 60}
        rolling = {"RefreshSettings": {"RollingUpdateSettings": more[0], **health}}
        mode = f"ROLLING_UPDATE_{more[1]}"
        ACTIONS["StartInstanceRefresh"](region, {**names, **rolling, "RefreshMode": mode})
    elif verb == "rollback":
        rolling = {"RefreshSettings": {"RollingUpdateSettings": more[0]}}
        origin = {"OriginRefreshActivityId": newest}
        ACTIONS["RollbackInstanceRefresh"](region, {**names, **rolling, **origin})
    else:
        resume = {"ResumeMode": more[0]} if more else {}
        ACTIONS[f"{verb}InstanceRefresh"](region, {**names, **resume, "RefreshActivityId": newest})


def check(region: Region, group: Group) -> None:
    live = [activity for activity in region.activities.values() if activity.live]
    assert len(live) <= 1
    assert group.enabled_status == ("DISABLED" if live else "ENABLED")
    running = [s for s in region.scaling_activities.values() if s.end_time is None]
    assert group.in_activity_status == ("IN_ACTIVITY" if running else "NOT_IN_ACTIVITY")
    assert len(running) <= (1 if live and live[0].status == "RUNNING" else 0)
    for activity in region.activities.values():
        statuses = {item.instance_status for item in activity.instances()}
        if not activity.live:
            assert activity.end_time is not None
            assert not statuses & {"WAITING", "INIT", "RUNNING"}
            assert not set(activity.surge_instance_ids) & set(region.instances)
        if activity.paused:
            assert not statuses & {"INIT", "RUNNING"}
            assert not activity.stop_requested
    touched = {i.instance_id for a in live for i in a.instances() if i.instance_status == "RUNNING"}
    for instance in region.instances_of(group):
        if instance.life_cycle_state == "IN_SERVICE" and instance.instance_id in touched:
            assert live[0].refresh_mode == "ROLLING_UPDATE_REPLACE"
