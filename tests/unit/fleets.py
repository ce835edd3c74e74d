"""Fleets as values, for tests of what is pure."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from instance_refresh.model.fleet import (
    FAMILY_TAG,
    Activity,
    Fleet,
    Group,
    Image,
    Instance,
    LaunchConfiguration,
)
from instance_refresh.model.limits import ALL, Allowed, Limits
from instance_refresh.model.member import Member, member
from instance_refresh.model.policy import NO_POLICY, Policy

if TYPE_CHECKING:
    from instance_refresh.model.request import Request

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
OLD, NEW = "img-old", "img-new"
LIMITS = Limits(
    paused=timedelta(hours=2),
    failed=timedelta(minutes=15),
    stuck=timedelta(hours=1),
    undeployed=timedelta(days=1),
    paused_action="alert",
)


def hours(count: float) -> datetime:
    return START + timedelta(hours=count)


def image(image_id: str, created: float = 0, **fields: Any) -> Image:
    base = Image(image_id, "web", hours(created), "NORMAL", 100, False, "x86_64", 50, "100000")
    return base._replace(**{"kind": "PRIVATE_IMAGE", **fields})


def activity(status: str, group: str = "asg-a", created: float = 20, **fields: Any) -> Activity:
    base = Activity(
        activity_id="asr-1",
        group_id=group,
        origin_id="",
        kind="NORMAL",
        mode="ROLLING_UPDATE_RESET",
        status=status,
        created=hours(created),
        ended=None,
        batch=1,
        batches=(),
    )
    return base._replace(**fields)


def instances(group: str, count: int, image_id: str, state: str = "IN_SERVICE") -> list[Instance]:
    return [
        Instance(f"ins-{group[4:]}{state[0]}{number}", group, state, "HEALTHY", image_id, 50)
        for number in range(count)
    ]


def group(group_id: str = "asg-a", count: int = 4, **fields: Any) -> Group:
    base = Group(
        group_id=group_id,
        status="NORMAL",
        in_activity=False,
        in_service=count,
        instances=count,
        launch_configuration_id=f"asc-{group_id[4:]}",
        has_load_balancer=False,
        tags={FAMILY_TAG: "web"},
    )
    return base._replace(**fields)


def fleet(
    *groups: Group,
    names: str = OLD,
    runs: str = OLD,
    activities: tuple[Activity, ...] = (),
    looked: bool = True,
    **fields: Any,
) -> Fleet:
    """Groups whose launch configurations name one image and whose instances run one.

    Unless it was `looked` for activities, only those that are given are known.
    """
    groups = groups or (group(),)
    configurations: dict[str, LaunchConfiguration] = {}
    for item in groups:
        name = item.launch_configuration_id
        known = configurations.get(name)
        sharing = (*(known.group_ids if known else ()), item.group_id)
        configurations[name] = LaunchConfiguration(name, names, "NORMAL", 50, hours(1), sharing)
    base = Fleet(
        region="ap-guangzhou",
        groups=groups,
        images={OLD: image(OLD, 0), NEW: image(NEW, 10)},
        launch_configurations=configurations,
        instances={g.group_id: tuple(instances(g.group_id, g.in_service, runs)) for g in groups},
        activities={
            **dict.fromkeys((g.group_id for g in groups) if looked else ()),
            **{item.group_id: item for item in activities},
        },
    )
    return base._replace(**fields)


def member_of(
    request: Request,
    where: Fleet,
    one: Group | None = None,
    policy: Policy = NO_POLICY,
    allowed: Allowed = ALL,
) -> Member:
    """Give a group, the first one, as the rules see it."""
    return member(request, policy, allowed, where, one or where.groups[0])
