"""Find the groups of a pass, and the images that they are to be brought to."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import ApiError
from ..gateway.reading import side_by_side
from ..model.fleet import FAMILY_TAG, Fleet
from ..model.outcome import Outcome
from ..model.policy import NO_POLICY, Policy, policy, ring_of
from ..model.request import Request
from ..rules.decide import absent
from ..rules.preflight import allows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..gateway.actions import Cvm
    from ..gateway.cloud import Cloud
    from ..model.fleet import Activity, Group, Image
    from ..model.limits import Allowed
    from ..model.outcome import Ended
    from ..rules.edges import Between
    from .look import Asked

    # The groups with what is asked of each, what is known of them, and what could not be asked.
    Found = tuple[Asked, Fleet, tuple[Outcome, ...]]

INVALID_TAG = "InvalidTag"
# How long a refresh that just ended may have taken, and one that failed may be undone where no
# family is followed.
LOOK_BACK = timedelta(days=7)
_NEVER = datetime.min.replace(tzinfo=timezone.utc)


def requested(request: Request, allowed: Allowed, cloud: Cloud) -> Found:
    """Find the groups that a request is for, with its image and family resolved.

    Without a target it is for the groups that follow its image's family, each as its tags say.
    """
    images: list[Image] = []
    if request.image_family or request.for_followers:
        request, images = _resolve(request, allowed, cloud)
    groups = _groups(request, cloud)
    present = {group.group_id for group in groups}
    fleet = Fleet(
        request.region,
        groups=tuple(groups),
        missing=tuple(group for group in request.group_ids if group not in present),
        images={image.image_id: image for image in images},
    )
    outcomes = absent(request, fleet) if fleet.missing or not groups else ()
    if not request.for_followers:
        return [(group, request, NO_POLICY) for group in groups], fleet, outcomes
    followers, wrong = policies(groups, request.region)
    asked = [(group, by_policy(request, tags), tags) for group, tags in followers]
    fleet = fleet._replace(groups=tuple(group for group, _ in followers))
    return asked, fleet, (*outcomes, *wrong)


def followers(region: str, allowed: Allowed, cloud: Cloud) -> Found:
    """Find every group that follows an image family, with the family's newest good image."""
    return following(cloud.autoscaling(region).groups_with_tag(FAMILY_TAG), region, allowed, cloud)


def following(groups: Iterable[Group], region: str, allowed: Allowed, cloud: Cloud) -> Found:
    """Give these groups as ones that follow their families, with the newest good images."""
    found, wrong = policies(groups, region)
    names = sorted({tags.family for _, tags in found})
    read = side_by_side(partial(_newest_or_error, cloud.cvm(region), allowed), names)
    newest = dict(zip(names, read, strict=True))
    asked = []
    for group, tags in found:
        image = newest[tags.family]
        if isinstance(image, ApiError):
            why = f"its image family can't be looked up: {image}"
            wrong += (_left_alone(group, region, "failed", why, **image.fields),)
            continue
        wish = Request(region, image_id=image and image.image_id, image_family=tags.family)
        asked.append((group, by_policy(wish, tags), tags))
    images = {one.image_id: one for one in newest.values() if one and not isinstance(one, ApiError)}
    fleet = Fleet(region, groups=tuple(group for group, _, _ in asked), images=images)
    return asked, fleet, wrong


def with_activities(found: Found, seen: Sequence[Activity], *, are_all: bool) -> Found:
    """Give what was found with the region's activities: the newest of each group, and its past."""
    asked, fleet, wrong = found
    past: dict[str, tuple[Activity, ...]] = {group.group_id: () for group in fleet.groups}
    for one in sorted(seen, key=lambda one: (one.live, one.created or _NEVER)):
        past[one.group_id] = (*past.get(one.group_id, ()), one)
    by_id = {one.activity_id: one for one in seen}
    newest = {group: some[-1] for group, some in past.items() if some}
    undone = (by_id.get(one.origin_id) for one in newest.values())
    fleet = fleet._replace(
        activities={**(dict.fromkeys(past) if are_all else {}), **newest},
        past=past if are_all else {},
        recent=past,
        origins={one.activity_id: one for one in undone if one},
    )
    return asked, fleet, wrong


def with_others(
    found: Found, seen: Sequence[Activity], between: Between, allowed: Allowed, cloud: Cloud
) -> Found:
    """Add the other groups that are or were refreshed: they are only watched.

    They follow no family, or a wrong tag leaves them alone.
    """
    asked, fleet, wrong = found
    region = fleet.region
    newest = {one.group_id: one for one in sorted(seen, key=lambda one: one.created or _NEVER)}
    ids = {one.group_id for one in seen if one.live or between.saw(one.ended)}
    oldest = between.since - LOOK_BACK
    left = (one for one in newest.values() if one.may_have_left_something)
    ids |= {one.group_id for one in left if (one.ended or one.created or _NEVER) >= oldest}
    ids -= {group.group_id for group in fleet.groups}
    if allowed.groups:
        ids &= {*allowed.groups}
    try:
        others = cloud.autoscaling(region).groups(sorted(ids))
    except ApiError as error:  # those that follow are looked after all the same
        why = f"the groups that are only watched can't be read: {error}"
        return asked, fleet, (*wrong, Outcome("failed", why, region, **error.fields))
    alone = {one.group for one in wrong}
    more = [
        (
            group,
            Request(region, group_ids=(group.group_id,), watched=True),
            _left_alone_policy(group) if group.group_id in alone else NO_POLICY,
        )
        for group in others
    ]
    return [*asked, *more], fleet._replace(groups=(*fleet.groups, *others)), wrong


def _left_alone_policy(group: Group) -> Policy:
    """Hold a follower whose tags are wrong, or whose family can't be looked up."""
    tags = policy(group.tags)
    if isinstance(tags, Policy):
        return tags._replace(family="", hold=f"{FAMILY_TAG}, which can't be looked up")
    return NO_POLICY._replace(hold="it is wrong")


def _resolve(request: Request, allowed: Allowed, cloud: Cloud) -> tuple[Request, list[Image]]:
    """Pin a family to its newest image, and find the family whose followers an image is for.

    Its newest image is read too: an event of an older one may come late.
    """
    cvm, images = cloud.cvm(request.region), []
    if request.image_id and request.for_followers:
        images = cvm.images([request.image_id])
        request = request._replace(image_family=images[0].family if images else None)
    if request.image_family:
        newest = newest_of_family(cvm, request.image_family, allowed)
        images += [newest] if newest else []
        pinned = request.image_id or (newest.image_id if newest else None)
        request = request._replace(image_id=pinned)
    return request, images


def newest_of_family(cvm: Cvm, family: str, allowed: Allowed) -> Image | None:
    """Give a family's newest image that is good and allowed, None if it has none.

    The platform gives the family's usable image, which may be one that a stranger shares: then the
    images are listed.
    """
    image = cvm.newest_of_family(family)
    if image is None or allows(image, allowed):
        return image
    good = (one for one in cvm.of_family(family) if one.usable and allows(one, allowed))
    return next(good, None)


def _newest_or_error(cvm: Cvm, allowed: Allowed, family: str) -> Image | ApiError | None:
    """Give a family's newest image; one family's error doesn't stop the others."""
    try:
        return newest_of_family(cvm, family, allowed)
    except ApiError as error:
        return error


def _groups(request: Request, cloud: Cloud) -> list[Group]:
    autoscaling = cloud.autoscaling(request.region)
    if request.group_ids:
        found = {group.group_id: group for group in autoscaling.groups(request.group_ids)}
        return [found[group] for group in request.group_ids if group in found]
    family = request.image_family
    tags = request.tags or (((FAMILY_TAG, family),) if family else ())
    return autoscaling.groups_with_tags(tags) if tags else []


def policies(
    groups: Iterable[Group], region: str
) -> tuple[list[tuple[Group, Policy]], tuple[Outcome, ...]]:
    """Read every group's tags; a group with a wrong one is left alone and named.

    The rings above it wait: a canary that a slip of the pen leaves out has proven nothing.
    """
    valid: list[tuple[Group, Policy]] = []
    wrong: list[Outcome] = []
    lowest: dict[str, tuple[int, str]] = {}
    for group in groups:
        read = policy(group.tags)
        if isinstance(read, Policy):
            valid.append((group, read))
            continue
        family = group.tags.get(FAMILY_TAG, "").strip()
        unread = (ring_of(group.tags), group.group_id)
        lowest[family] = min(unread, lowest.get(family, unread))
        why = "; ".join(map(str, read))
        remedy = "Correct the tags; until then the group is left alone, and higher rings wait."
        wrong.append(
            _left_alone(group, region, "refused", why, status=409, code=INVALID_TAG, remedy=remedy)
        )
    return [
        (group, _waiting(tags, *lowest.get(tags.family, (0, "")))) for group, tags in valid
    ], tuple(wrong)


def _waiting(tags: Policy, ring: int, unread: str) -> Policy:
    return tags._replace(unread_below=unread) if tags.ring > ring else tags


def _left_alone(group: Group, region: str, outcome: Ended, why: str, **fields: Any) -> Outcome:
    return Outcome(outcome, why, region, group=group.group_id, group_name=group.name, **fields)


def by_policy(request: Request, tags: Policy) -> Request:
    """Give the request for one group: what its tags say, where the request says nothing."""
    said = dict(request.rolling)
    rolling = tags.rolling | said
    if "BatchNumber" in said:
        rolling.pop("BatchSize", None)
    return request._replace(rolling=rolling)
