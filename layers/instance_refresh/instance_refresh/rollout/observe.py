"""See what is true of the groups that a request is for, with no read that no decision needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ApiError
from ..gateway.autoscaling import FILTER_VALUES
from ..model.fleet import FAMILY_TAG, Fleet
from ..rules.decide import BY_GROUP, BY_INSTANCES, settled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..gateway.cloud import Cloud
    from ..model.fleet import Group, Image, Instance, Machine
    from ..model.request import Request
    from ..rules.case import Case
    from ..rules.decide import Rule

_MOST_NOTES = 20


def find(request: Request, cloud: Cloud) -> tuple[Request, Fleet]:
    """Find a request's groups; give it with its image and family resolved, and the groups alone."""
    request, images = _resolve(request, cloud)
    groups = _groups(request, cloud)
    present = {group.group_id for group in groups}
    missing = tuple(group for group in request.group_ids if group not in present)
    seen = {image.image_id: image for image in images}
    return request, Fleet(request.region, groups=tuple(groups), missing=missing, images=seen)


def _resolve(request: Request, cloud: Cloud) -> tuple[Request, list[Image]]:
    """Pin a family to its newest image, and find the family whose followers an image is for.

    Its newest image is read too: an event of an older one may come late.
    """
    cvm, images = cloud.cvm(request.region), []
    if request.image_id and request.for_followers:
        images = cvm.images([request.image_id])
        request = request._replace(image_family=images[0].family if images else None)
    if request.image_family:
        newest = cvm.newest_of_family(request.image_family)
        images += [newest] if newest else []
        pinned = request.image_id or (newest.image_id if newest else None)
        request = request._replace(image_id=pinned)
    return request, images


def _groups(request: Request, cloud: Cloud) -> list[Group]:
    autoscaling = cloud.autoscaling(request.region)
    if request.group_ids:
        found = {group.group_id: group for group in autoscaling.groups(request.group_ids)}
        return [found[group] for group in request.group_ids if group in found]
    family = request.image_family
    tags = request.tags or (((FAMILY_TAG, family),) if family else ())
    return autoscaling.groups_with_tags(tags) if tags else []


def look(cases: Sequence[Case], cloud: Cloud) -> list[Case]:
    """Look at the cases' groups closer and closer; the cases have one fleet, and are given another.

    A group that the rules can settle is not looked at any closer.
    """
    if not cases:
        return []
    fleet, groups = cases[0].fleet, [case.group for case in cases]
    few = len(groups) <= FILTER_VALUES  # their newest activities are one call, the live ones too
    if few:
        fleet = with_newest_activities(fleet, cloud, groups)
    else:
        activities = cloud.autoscaling(fleet.region).live_activities()
        fleet = fleet._replace(activities={live.group_id: live for live in activities})
    fleet = _with_launch_configurations(fleet, cloud, groups)
    asked = (case.request.image_id or "" for case in cases)
    named = (found.image_id for found in fleet.launch_configurations.values())
    fleet = _with_images(fleet, cloud, {*asked, *named})

    def unsettled(rules: Iterable[Rule]) -> list[Group]:
        return [case.group for case in seen_in(fleet, cases) if settled(case, rules) is None]

    fleet = with_instances(fleet, cloud, unsettled(BY_GROUP))
    if not few:
        idle = unsettled(BY_INSTANCES)
        fleet = with_newest_activities(fleet, cloud, idle)
        known = {group.group_id for group in idle}
        live = [case.group for case in seen_in(fleet, cases) if case.is_live]
        begun = [group for group in live if group.group_id in known]
        fleet = _with_launch_configurations(fleet, cloud, begun)
    return seen_in(fleet, cases)


def seen_in(fleet: Fleet, cases: Iterable[Case]) -> list[Case]:
    """Give the cases with what is seen of them now."""
    return [case._replace(fleet=fleet) for case in cases]


def _with_launch_configurations(fleet: Fleet, cloud: Cloud, groups: Iterable[Group]) -> Fleet:
    """Read them after the activities: what a live one brings was put in before it began."""
    ids = (group.launch_configuration_id for group in groups if group.launch_configuration_id)
    found = cloud.autoscaling(fleet.region).launch_configurations(ids)
    by_id = {configuration.launch_configuration_id: configuration for configuration in found}
    return fleet._replace(launch_configurations={**fleet.launch_configurations, **by_id})


def _with_images(fleet: Fleet, cloud: Cloud, wanted: set[str]) -> Fleet:
    unknown = sorted(wanted - fleet.images.keys() - {""})
    images = cloud.cvm(fleet.region).images(unknown)
    return fleet._replace(images={**fleet.images, **{image.image_id: image for image in images}})


def with_instances(fleet: Fleet, cloud: Cloud, groups: list[Group]) -> Fleet:
    """Look at the groups' instances, with the image that each really runs."""
    if not groups:
        return fleet
    listed = cloud.autoscaling(fleet.region).instances(groups)
    machines = cloud.cvm(fleet.region).machines(instance.instance_id for instance in listed)
    instances: dict[str, list[Instance]] = {group.group_id: [] for group in groups}
    for instance in listed:
        machine = machines.get(instance.instance_id)
        instances.setdefault(instance.group_id, []).append(_joined(instance, machine))
    seen = {group: tuple(some) for group, some in instances.items()}
    fleet = fleet._replace(instances={**fleet.instances, **seen})
    running = {instance.image_id for some in seen.values() for instance in some}
    return _with_images(fleet, cloud, running)  # those that a rollback would put back


def _joined(instance: Instance, machine: Machine | None) -> Instance:
    """Join Auto Scaling's view of an instance with CVM's, which knows its image."""
    if machine is None:
        return instance
    return instance._replace(
        image_id=machine.image_id, system_disk=machine.system_disk, machine_state=machine.state
    )


def with_newest_activities(fleet: Fleet, cloud: Cloud, groups: Iterable[Group]) -> Fleet:
    """Look up each group's newest activity, and the activity that it undid."""
    autoscaling, ids = cloud.autoscaling(fleet.region), [group.group_id for group in groups]
    newest = autoscaling.newest_activities(ids)
    origins = autoscaling.activities(
        sorted(activity.origin_id for activity in newest if activity.origin_id)
    )
    return fleet._replace(
        activities={
            **fleet.activities,
            **dict.fromkeys(ids),
            **{activity.group_id: activity for activity in newest},
        },
        origins={**fleet.origins, **{origin.activity_id: origin for origin in origins}},
    )


def platform_says(instances: Sequence[str], case: Case, cloud: Cloud) -> tuple[str, ...]:
    """Give the platform's own words on instances of a group, or why they can't be had."""
    try:
        return _words(instances, case, cloud)
    except ApiError as error:
        return (f"what the platform says of it could not be read: {error}",)


def _words(instances: Sequence[str], case: Case, cloud: Cloud) -> tuple[str, ...]:
    """Collect what the activity, its scaling activities and CVM say of the instances."""
    activity = case.activity
    if activity is None or not instances:
        return ()
    seen = [i for b in activity.batches for i in b.instances if i.instance_id in instances]
    said = [f"{i.instance_id}: {i.message}" for i in seen if i.message]
    region = case.fleet.region
    said += cloud.autoscaling(region).messages(
        sorted({i.scaling_activity_id for i in seen if i.scaling_activity_id})
    )
    for machine in cloud.cvm(region).machines(instances).values():
        if machine.operation and machine.operation_state != "SUCCESS":
            state = f"{machine.operation} {machine.operation_state} {machine.operation_message}"
            said.append(f"{machine.instance_id}: {state.strip()}")
    more = len(said) - _MOST_NOTES
    return (*said[:_MOST_NOTES], f"and {more} more") if more > 0 else tuple(said)
