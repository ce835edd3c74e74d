"""What must hold whatever happens to a cloud: watched call by call, as the calls take effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from instance_refresh.model.fleet import FAMILY_TAG, IN_SERVICE

if TYPE_CHECKING:
    from local.cloud import Call
    from tests.end_to_end.harness import World

OUTCOMES = {
    "started", "planned", "already_current", "in_progress", "busy", "queued", "superseded",
    "rejected", "refused", "failed", "resumed", "stopped", "rolled_back", "cancelled", "restored",
    "held", "released", "attention",
}  # fmt: skip
STATUSES = {200, 202, 207, 400, 403, 404, 409, 429, 502, 504}


class Invariants:
    """Hears of every call; `wrong` says what should not have happened.

    `by` is who calls now, a function or an operator; `forced` is the event that asks for a Force.
    `by_hand` holds the launch configurations that a person has changed, or whose refresh a person
    has cancelled, since a function last moved them. `strangers` are images that another account
    shares.
    """

    def __init__(self, it: World) -> None:
        self.it, self.region = it, it.region
        self.by, self.forced = "function", ""
        self.by_hand: set[str] = set()
        self.strangers: set[str] = set()
        self.wrong: list[str] = []
        self._brings: dict[str, str] = {}
        self._named = self._names()
        self._moved_from: dict[str, str] = {}
        self._spent: set[tuple[str, str]] = set()
        self._seen = 0
        it.cloud.on_call = self._called

    def check(self) -> None:
        """Look at what the cloud has done since the last look."""
        for done in self.region.reinstalls[self._seen :]:
            activity = self.region.activities[done.activity_id]
            brings = self._brings.get(done.activity_id)
            if activity.activity_type == "NORMAL" and done.to_image != brings:
                self.wrong.append(f"{done}: its activity was started to bring {brings}")
        self._seen = len(self.region.reinstalls)
        for group in self.region.groups.values():
            live = [a.refresh_activity_id for a in self.region.activities_of(group) if a.live]
            if len(live) > 1:
                self.wrong.append(f"{group.auto_scaling_group_id} has two live activities: {live}")
        assert not self.wrong, self.wrong

    def _names(self) -> dict[str, str]:
        return {name: c.image_id for name, c in self.region.launch_configurations.items()}

    def _called(self, call: Call) -> None:
        if call.code:
            return
        if call.action == "StartInstanceRefresh":
            self._started(call.params["AutoScalingGroupId"])
        elif call.action == "CancelInstanceRefresh" and self.by == "operator":
            group = self.region.groups[call.params["AutoScalingGroupId"]]
            self.by_hand.add(group.launch_configuration_id)
        elif call.action == "ModifyLaunchConfigurationAttributes":
            self._set_image(call.params["LaunchConfigurationId"], call.params["ImageId"])

    def _started(self, name: str) -> None:
        """No instance gets the image that it runs, nor an older one."""
        group = self.region.groups[name]
        configuration = group.launch_configuration_id
        image = self.region.image_to_install(group)
        activity = self.region.activities_of(group)[-1]
        self._brings[activity.refresh_activity_id] = image
        before = {item.from_image for item in activity.instances()}
        if image in self.strangers:
            self.wrong.append(f"{name} was refreshed onto a stranger's image {image}")
        if self.forced:
            if (self.forced, name) in self._spent:
                self.wrong.append(f"{name} was forced twice by {self.forced}")
            self._spent.add((self.forced, name))
            return
        if before == {image}:
            self.wrong.append(f"{name} runs {image} and was refreshed onto it")
        older = [found for found in before if self._newer(found, image)]
        if older and configuration not in self.by_hand:
            self.wrong.append(f"{name} was moved from {older} back to {image}")

    def _set_image(self, configuration: str, image: str) -> None:
        """A function moves a launch configuration on, or back to what it was or what is run."""
        before = self._named[configuration]
        self._named[configuration] = image
        if self.by == "operator":
            self.by_hand.add(configuration)
            return
        if image in self.strangers:
            self.wrong.append(f"{configuration} was given a stranger's image {image}")
        users = [
            group
            for group in self.region.groups.values()
            if group.launch_configuration_id == configuration
        ]
        live = [a for group in users for a in self.region.activities_of(group) if a.live]
        if live and before != image:
            self.wrong.append(f"{configuration} moved to {image} under {live}")
        run = self._run(configuration)
        back = image == self._moved_from.get(configuration) or (image in run and before not in run)
        back = back or (self._failed(before, users) and not any(self._newer(r, image) for r in run))
        if self._newer(before, image) and not back and not self.forced:
            self.wrong.append(f"{configuration} was moved from {before} back to {image}")
        if before != image:
            self._moved_from[configuration] = before
            self.by_hand.discard(configuration)

    def _failed(self, image: str, users: list[Any]) -> bool:
        """Say whether an image ended badly at a group and runs at none: it has no say then."""
        ended = {
            activity.status
            for group in users
            for activity in self.region.activities_of(group)
            if self._brings.get(activity.refresh_activity_id) == image
        }
        runs = {i.image_id for group in users for i in self.region.instances_of(group)}
        return image not in runs and not ended.isdisjoint(("FAILED", "CANCELLED"))

    def _newer(self, image: str, other: str) -> bool:
        images = self.region.images
        return bool(images[image].created_time > images[other].created_time)

    def check_settled(self, last_tick: dict[str, Any]) -> None:
        """Every follower is on the newest image, or the schedule says why not."""
        ours = (i for name, i in self.region.images.items() if name not in self.strangers)
        newest = max(ours, key=lambda image: image.created_time)
        held = any(outcome.get("Code") == "WaveHeld" for outcome in last_tick["Outcomes"])
        told = {outcome.get("AutoScalingGroupId") for outcome in last_tick["Outcomes"]}
        for name, group in self.region.groups.items():
            if FAMILY_TAG not in group.tags:
                continue
            members = self.region.instances_of(group)
            serve = {i.image_id for i in members if i.life_cycle_state == IN_SERVICE}
            configuration = group.launch_configuration_id
            named = self._named[configuration]
            what = (name, serve, named, last_tick)
            well = all(i.life_cycle_state == IN_SERVICE for i in members)
            converged = serve == {named} == {newest.image_id} and well
            assert converged or name in told or held, what
            excused = configuration in self.by_hand or not serve  # then there is nothing to go by
            assert named in self._run(configuration) or (excused and name in told), what

    def _run(self, configuration: str) -> set[str]:
        """Give what the instances run of all groups that use a launch configuration."""
        return {
            instance.image_id
            for group in self.region.groups.values()
            if group.launch_configuration_id == configuration
            for instance in self.region.instances_of(group)
        }


def check_document(status: int, document: dict[str, Any]) -> None:
    """Check what the webhook answers: outcomes, or a problem (RFC 9457)."""
    assert status in STATUSES, document
    assert document["RequestId"]
    if status >= 400:
        assert {"type", "title", "status", "detail", "code", "remedy"} <= document.keys()
        assert document["status"] == status
    else:
        assert document["Outcomes"]
    for outcome in document.get("Outcomes", []):
        assert outcome["Outcome"] in OUTCOMES
        assert outcome["Reason"]
