"""Whatever happens, in whatever order: nothing is done twice, and every group ends up right.

EXAMPLES=400 tries as many random histories instead of the few fixed ones.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from instance_refresh.invocation import TryAgain
from instance_refresh.model.fleet import FAMILY_TAG
from local.faults import AFTER, BEFORE
from tests.end_to_end.harness import allowed, world
from tests.end_to_end.invariants import Invariants, check_document
from tests.end_to_end.meanwhile import after
from tests.end_to_end.person import configure, operate, steer
from tests.end_to_end.seams import quick

FOLLOWERS = ["asg-web00001", "asg-web00002", "asg-web00003"]
BYSTANDER = "asg-other001"
FAULTS = sorted((BEFORE | AFTER) - {"delay", "slow_after"})
EXAMPLES = int(os.environ.get("EXAMPLES") or "0")
ROUNDS = 60

policies = st.fixed_dictionaries(
    {},
    optional={
        "instance-refresh:ring": st.sampled_from(["0", "1"]),
        "instance-refresh:bake": st.just("10m"),
        "instance-refresh:fail-process": st.sampled_from(["AUTO_ROLLBACK", "AUTO_CANCEL"]),
        "instance-refresh:paused-action": st.sampled_from(
            ["retry", "continue", "rollback", "cancel"]
        ),
    },
)
groups = st.sampled_from(FOLLOWERS)
some_groups = st.lists(groups, min_size=1, max_size=3, unique=True)
seconds = st.sampled_from([0, 20, 70, 300, 1200, 10000])
back = st.sampled_from([0, 0, 0, 1, 2, 5])  # how far, from the newest


class Histories(RuleBasedStateMachine):
    """Publishes, deliveries, failures, people and time, on groups that follow a family."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.it = self.stack.enter_context(world())
        self.stack.enter_context(quick(waits=False, workers=1))
        self.images: list[str] = []
        self.bad: set[str] = set()
        self.events: list[tuple[str, dict[str, Any]]] = []

    @initialize(policy=st.tuples(policies, policies, policies), shared=st.sampled_from([0, 0, 2]))
    def groups_follow(self, policy: tuple[dict[str, str], ...], shared: int) -> None:
        """Let groups follow; the first of them share a launch configuration."""
        self.new_image(works=True)
        one = self.it.region.add_launch_configuration(image=self.images[0])
        for number, name in enumerate(FOLLOWERS):
            self.it.region.add_group(
                name,
                image=self.images[0],
                instances=2,
                tags={FAMILY_TAG: "web", **policy[number]},
                launch_configuration=one.launch_configuration_id if number < shared else None,
            )
        self.it.region.add_group(BYSTANDER, image=self.images[0], instances=2, tags={"a": "b"})
        self.watch = Invariants(self.it)
        self.untouched = self.state_of_the_bystander()

    def state_of_the_bystander(self) -> Any:
        group = self.it.region.groups[BYSTANDER]
        configuration = self.it.region.launch_configurations[group.launch_configuration_id]
        machines = [(m.instance_id, m.image_id) for m in self.it.members(BYSTANDER)]
        return repr(group), repr(configuration), machines

    def new_image(self, *, works: bool) -> str:
        name = f"img-{len(self.images):08}"
        self.it.region.add_image(name, family="web", created=self.it.cloud.clock.now())
        self.it.advance(60)
        self.images.append(name)
        if not works:
            self.bad.add(name)
            self.it.cloud.faults.fail_image(name)
        return name

    def image(self, ago: int) -> str:
        return self.images[max(0, len(self.images) - 1 - ago)]

    @rule(works=st.booleans(), at_once=st.booleans(), then=seconds)
    def image_published(self, works: bool, at_once: bool, then: int) -> None:
        self.upload({"ImageId": self.new_image(works=works)})
        if at_once:
            self.deliver(*self.events[-1])
            self.it.advance(then)

    @rule(to=st.none() | some_groups)
    def stranger_shares_an_image(self, to: list[str] | None) -> None:
        """Newer than any, of the family's name; and somebody is talked into asking for it."""
        name = f"img-{len(self.watch.strangers):04}evil"
        shared = {"image_type": "SHARED_IMAGE", "image_creator": "200000000002"}
        now = self.it.cloud.clock.now()
        self.it.region.add_image(name, family="web", created=now, **shared)
        self.watch.strangers.add(name)
        self.it.advance(60)
        self.upload({"ImageId": name, **({"AutoScalingGroupIds": to, "Force": True} if to else {})})
        self.deliver(*self.events[-1])

    @rule(ago=back, to=some_groups)
    def manifest_with_a_target(self, ago: int, to: list[str]) -> None:
        self.upload({"ImageId": self.image(ago), "AutoScalingGroupIds": to})

    def upload(self, manifest: dict[str, Any]) -> None:
        event = self.it.publish(f"images/{len(self.events)}.json", manifest)
        self.events.append(("image_published", event))

    @rule(to=some_groups, force=st.booleans(), ago=st.none() | back, ahead=st.integers(-5, 5))
    def timer_with_a_request(self, to: list[str], force: bool, ago: int | None, ahead: int) -> None:
        """Of a clock that is some seconds ahead of the platform's, or behind."""
        request: dict[str, Any] = {"AutoScalingGroupIds": to, "Force": force}
        if ago is not None:
            request["ImageId"] = self.image(ago)
        self.events.append(("schedule", self.tick_event(json.dumps(request), ahead)))
        self.deliver(*self.events[-1])

    def tick_event(self, message: str = "", ahead: int = 0) -> dict[str, Any]:
        now = f"{self.it.cloud.clock.now() + timedelta(seconds=ahead):%Y-%m-%dT%H:%M:%SZ}"
        return {"Type": "Timer", "TriggerName": "tick", "Time": now, "Message": message}

    @precondition(lambda self: self.events)
    @rule(ago=back, then=seconds)
    def delivery(self, ago: int, then: int) -> None:
        """Of any event: late, out of order, or once more."""
        self.deliver(*self.events[max(0, len(self.events) - 1 - ago)])
        self.it.advance(then)

    @precondition(lambda self: self.events)
    @rule(ago=back, nth=st.integers(1, 25), then=seconds)
    def delivery_that_dies(self, ago: int, nth: int, then: int) -> None:
        """After some call it makes no other."""
        function, event = self.events[max(0, len(self.events) - 1 - ago)]

        def die() -> None:
            self.it.cloud.revoke(self.it.roles[function])

        with after(self.it, lambda _: True, die, nth, must=False):
            self.deliver(function, event)
        may = [action.rpartition(":")[2] for action in allowed(function)]
        self.it.roles[function] = self.it.cloud.role(allow=may)
        self.it.advance(then)

    @precondition(lambda self: self.events)
    @rule(ago=back, nth=st.integers(1, 25), ticks=st.booleans(), then=seconds)
    def deliveries_that_overlap(self, ago: int, nth: int, ticks: bool, then: int) -> None:
        """Between two calls of the one comes all of the other: the same event again, or a tick."""
        event = self.events[max(0, len(self.events) - 1 - ago)]
        other = ("schedule", self.tick_event()) if ticks else event
        with after(self.it, lambda _: True, lambda: self.deliver(*other), nth, must=False):
            self.deliver(*event)
        self.it.advance(then)

    def deliver(self, function: str, event: dict[str, Any]) -> bool:
        message, outer = event.get("Message", ""), self.watch.forced
        once = '"Force": true' in message or (message and "ImageId" not in message)
        self.watch.forced = f"{event['Time']} {message}" if once else ""
        try:
            self.it.call(function, event)
        except TryAgain:
            return False
        finally:
            self.watch.forced = outer
        return True

    @rule(to=some_groups, dry=st.booleans(), ago=st.none() | back, then=seconds)
    def webhook(self, to: list[str], dry: bool, ago: int | None, then: int) -> None:
        image = {"ImageFamily": "web"} if ago is None else {"ImageId": self.image(ago)}
        writes = len(self.it.cloud.writes())
        check_document(*self.it.post(AutoScalingGroupIds=to, DryRun=dry, **image))
        assert not dry or len(self.it.cloud.writes()) == writes
        self.it.advance(then)

    @rule(to=some_groups, then=seconds)
    def webhook_with_a_command(self, to: list[str], then: int) -> None:
        """The body of the API's page: no image, and pauses between the batches."""
        self.watch.forced = f"webhook {self.it.cloud.clock.now()}"
        pauses = {"RollingUpdateSettings": {"BatchPause": "BATCH_INTERVAL_PAUSE"}}
        check_document(*self.it.post(AutoScalingGroupIds=to, RefreshSettings=pauses))
        self.watch.forced = ""
        self.it.advance(then)

    @rule(most=st.integers(1, 3), ago=back, then=seconds)
    def webhook_by_tags(self, most: int, ago: int, then: int) -> None:
        """No more groups are started than are meant."""
        began = len(self.it.region.activities)
        tags = [{"Key": FAMILY_TAG, "Value": "web"}]
        check_document(*self.it.post(Tags=tags, ImageId=self.image(ago), MaxGroups=most))
        assert len(self.it.region.activities) - began <= most
        self.it.advance(then)

    @rule(passing=st.lists(seconds, min_size=2, max_size=6))
    def ticks(self, passing: list[int]) -> None:
        for some in passing:
            self.deliver("schedule", self.tick_event())
            self.it.advance(some)
            self.holds()

    @rule(group=groups, first=st.booleans())
    def instance_will_fail(self, group: str, first: bool) -> None:
        self.it.cloud.faults.fail_instance(self.it.members(group)[0 if first else -1].instance_id)

    @rule(kinds=st.lists(st.sampled_from(FAULTS), max_size=3), seed=st.integers(0, 9))
    def api_goes_wrong(self, kinds: list[str], seed: int) -> None:
        """Let calls fail by chance from now on; without a kind, no more."""
        faults = self.it.cloud.faults
        faults.clear()
        for image in self.bad:
            faults.fail_image(image)
        for kind in kinds:
            faults.rate(kind, 0.15, seed=seed)

    @rule(group=groups)
    def scale_out(self, group: str) -> None:
        found = self.it.region.groups[group]
        if found.enabled_status == "ENABLED" and self.it.configured(group) not in self.bad:
            self.it.region.add_instance(found)

    @rule(group=groups, ago=back)
    def operator_changes_the_image(self, group: str, ago: int) -> None:
        if not any(a.live for a in self.it.region.activities.values()):
            configure(self.watch, group, self.image(ago))

    @rule(group=groups, action=st.sampled_from(["RETRY", "CONTINUE", "Cancel", "Stop", "Rollback"]))
    def operator_steers(self, group: str, action: str) -> None:
        steer(self.watch, group, action)

    @rule(group=groups, enabled=st.booleans())
    def operator_enables_or_disables(self, group: str, enabled: bool) -> None:
        action = f"{'Enable' if enabled else 'Disable'}AutoScalingGroup"
        operate(self.watch, action, AutoScalingGroupId=group)

    @rule(group=groups)
    def operator_takes_out_of_standby(self, group: str) -> None:
        out = [i.instance_id for i in self.it.members(group) if i.life_cycle_state == "STANDBY"]
        if out:
            operate(self.watch, "ExitStandby", AutoScalingGroupId=group, InstanceIds=out)

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "watch"):
            self.watch.check()
            assert self.state_of_the_bystander() == self.untouched

    def teardown(self) -> None:
        with self.stack:
            if sys.exc_info()[0] is None and hasattr(self, "watch"):
                self.everything_is_delivered()

    def everything_is_delivered(self) -> None:
        self.api_goes_wrong(kinds=[], seed=0)
        for group in FOLLOWERS:
            operate(self.watch, "EnableAutoScalingGroup", AutoScalingGroupId=group)
            tags = self.it.region.groups[group].tags
            tags["instance-refresh:paused-action"] = "rollback"
        for event in self.events:
            if not self.deliver(*event):
                self.it.advance(60)
                self.deliver(*event)
            self.holds()
        self.watch.check_settled(self.last_tick())

    def last_tick(self) -> dict[str, Any]:
        """Tick until nothing changes, nor after a pause's limit; give what is said then."""
        quiet = 0
        for _ in range(ROUNDS):
            self.it.advance(3 * 3600 if quiet else 1200)
            for activity in self.it.region.activities.values():
                if activity.status == "MANUAL_PAUSE":
                    steer(self.watch, activity.auto_scaling_group_id, "RETRY")
            writes = len(self.it.cloud.writes())
            said = self.it.tick()
            self.holds()
            live = any(a.live for a in self.it.region.activities.values())
            quiet = quiet + 1 if not live and len(self.it.cloud.writes()) == writes else 0
            if quiet > 1:
                return said
        message = f"there is no end to it: {said}"
        raise AssertionError(message)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=EXAMPLES or 15,
    stateful_step_count=25,
    derandomize=not EXAMPLES,
    suppress_health_check=list(HealthCheck),
)
