"""See what is true of the groups that a request is for, with no read that no decision needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .case import Case
from .decide import settled
from .fleet import FAMILY_TAG, Activity, Fleet, Group, Image, Instance, instance_from

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .gateway.cloud import Cloud
    from .request import Request


def observe(request: Request, cloud: Cloud, creators: tuple[str, ...] = ()) -> Fleet:
    """Look tier by tier; a group that the rules can settle is not looked at any closer."""
    fleet = _groups(request, cloud)
    groups = _unsettled(request, fleet, creators, tier=0)
    fleet = replace(fleet, instances=_instances(cloud, fleet.region, groups))
    fleet = replace(fleet, images={**fleet.images, **_running_images(cloud, fleet)})
    groups = _unsettled(request, fleet, creators, tier=1)
    return _with_newest_activities(cloud, fleet, groups)


def _unsettled(
    request: Request, fleet: Fleet, creators: tuple[str, ...], *, tier: int
) -> list[Group]:
    return [
        group
        for group in fleet.groups
        if settled(Case(request, fleet, group, creators), tier) is None
    ]


def _groups(request: Request, cloud: Cloud) -> Fleet:
    """See the groups, their launch configurations, images and live activities."""
    region = request.region
    autoscaling, cvm = cloud.autoscaling(region), cloud.cvm(region)
    images: dict[str, Image] = {}
    image_id = request.image_id or ""
    if request.image_family:
        newest = cvm.newest_of_family(request.image_family)
        image_id = newest.image_id if newest else ""
        images = {image_id: newest} if newest else {}
    elif image_id and not request.group_ids and not request.tags:
        images = {image.image_id: image for image in cvm.images([image_id])}

    if request.group_ids:
        found = {group.group_id: group for group in autoscaling.groups(request.group_ids)}
        groups = [found[group] for group in request.group_ids if group in found]
    elif request.tags:
        groups = autoscaling.groups_with_tags(request.tags)
    else:
        family = images[image_id].family if image_id in images else request.image_family
        groups = autoscaling.groups_with_tags([(FAMILY_TAG, family)]) if family else []

    present = {group.group_id for group in groups}
    configurations = autoscaling.launch_configurations(
        group.launch_configuration_id for group in groups if group.launch_configuration_id
    )
    wanted = {image_id, *(configuration.image_id for configuration in configurations)}
    images |= {image.image_id: image for image in cvm.images(sorted(wanted - images.keys() - {""}))}
    live = autoscaling.live_activities() if groups else []
    return Fleet(
        region=region,
        image_id=image_id,
        groups=tuple(groups),
        missing=tuple(group for group in request.group_ids if group not in present),
        images=images,
        launch_configurations={c.launch_configuration_id: c for c in configurations},
        activities={activity.group_id: activity for activity in live},
    )


def _instances(cloud: Cloud, region: str, groups: list[Group]) -> dict[str, tuple[Instance, ...]]:
    if not groups:
        return {}
    items = cloud.autoscaling(region).instances(groups)
    machines = cloud.cvm(region).machines(item["InstanceId"] for item in items)
    instances: dict[str, list[Instance]] = {group.group_id: [] for group in groups}
    for item in items:
        instance = instance_from(item, machines.get(item["InstanceId"]))
        instances[instance.group_id].append(instance)
    return {group: tuple(seen) for group, seen in instances.items()}


def _running_images(cloud: Cloud, fleet: Fleet) -> dict[str, Image]:
    """See the images that a rollback would put back."""
    running: Iterable[str] = {
        instance.image_id for seen in fleet.instances.values() for instance in seen
    }
    unknown = sorted(set(running) - fleet.images.keys() - {""})
    return {image.image_id: image for image in cloud.cvm(fleet.region).images(unknown)}


def _with_newest_activities(cloud: Cloud, fleet: Fleet, groups: list[Group]) -> Fleet:
    autoscaling = cloud.autoscaling(fleet.region)
    newest = autoscaling.newest_activities(group.group_id for group in groups)
    activities: dict[str, Activity] = {activity.group_id: activity for activity in newest}
    origins = autoscaling.activities(
        sorted(activity.origin_id for activity in newest if activity.origin_id)
    )
    return replace(
        fleet,
        activities={**fleet.activities, **activities},
        origins={origin.activity_id: origin for origin in origins},
    )
