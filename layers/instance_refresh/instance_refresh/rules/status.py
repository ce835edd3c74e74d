"""Say where all stands: the pass without its writes, as a document.

Pure: values in, values out. `standing` has a group's row; here are families, images and counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .rings import converged, unfinished
from .standing import Standing, age, bake_ends, images_now, moment, row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from ..model.fleet import Image
    from ..model.limits import Limits
    from ..model.outcome import Outcome

_MOST_NAMED = 20
RUNS, CONFIGURED, NEWEST, BEFORE = "runs", "configured", "newest", "before"


class Surveyed(NamedTuple):
    """What was seen: groups, and outcomes of those that can't be looked at.

    `images` are the images of the families; `shown` the ids of the groups asked for, None for all.
    """

    region: str
    standings: tuple[Standing, ...]
    unread: tuple[Outcome, ...] = ()
    images: tuple[Image, ...] = ()
    shown: Collection[str] | None = None


def document(seen: Surveyed, limits: Limits, now: datetime) -> dict[str, Any]:
    """Give the status of the groups asked for, of their families, and of the images."""
    shown = [one for one in seen.standings if _is_shown(one.member.group_id, seen)]
    families = _families(seen.standings)
    at_work = {name: _at_work(some, now) for name, some in families.items()}
    rows = {
        one.member.group_id: row(one, limits, now, _baked_at(at_work.get(one.member.policy.family)))
        for one in seen.standings
    }
    groups = [rows[one.member.group_id] for one in shown]
    groups += [_unread(outcome) for outcome in seen.unread if _is_shown(outcome.group, seen)]
    states: dict[str, int] = {}
    for group in groups:
        states[group["State"]] = states.get(group["State"], 0) + 1
    return {
        "Time": moment(now),
        "Region": seen.region,
        "States": states,
        "NeedSomeone": sum(group.get("WaitsFor") == {"For": "Person"} for group in groups),
        "Families": [_family(name, families[name], at_work[name], rows, now) for name in families],
        "Groups": groups,
        "Images": _images(shown, seen.images),
        "ImagesOfAllGroups": seen.shown is None and not seen.unread,
    }


def _is_shown(group: str, seen: Surveyed) -> bool:
    return seen.shown is None or group in seen.shown


def _unread(outcome: Outcome) -> dict[str, Any]:
    fields = {
        "AutoScalingGroupId": outcome.group,
        "AutoScalingGroupName": outcome.group_name,
        "State": outcome.outcome,
        "Code": outcome.code,
        "Reason": outcome.reason,
        "Remedy": outcome.remedy,
        "WaitsFor": {"For": "NextLook" if outcome.retryable else "Person"},
    }
    return {name: value for name, value in fields.items() if value}


def _families(standings: Iterable[Standing]) -> dict[str, list[Standing]]:
    by_name: dict[str, list[Standing]] = {}
    for one in standings:
        if one.member.policy.family:
            by_name.setdefault(one.member.policy.family, []).append(one)
    return dict(sorted(by_name.items()))


def _at_work(family: Sequence[Standing], now: datetime) -> list[Standing]:
    """Give those of the lowest ring that is not done who are not done."""
    decided = {one.member.group_id: one.decided for one in family if one.decided is not None}
    names = {m.group_id for m in unfinished([one.member for one in family], decided, now)}
    return [one for one in family if one.member.group_id in names]


def _baked_at(at_work: Sequence[Standing] | None) -> datetime | None:
    """Give when the next ring's turn comes, where nothing but a bake is left to wait for."""
    over = [
        bake_ends(one.member) if one.decided is not None and converged(one.decided) else None
        for one in at_work or ()
    ]
    ends = [time for time in over if time]
    return max(ends) if ends and len(ends) == len(over) else None


def _family(
    name: str,
    family: Sequence[Standing],
    at_work: Sequence[Standing],
    rows: Mapping[str, dict[str, Any]],
    now: datetime,
) -> dict[str, Any]:
    """Say how far a family's newest image has come, which ring is at work, and what holds it."""
    first = family[0].member
    counts = [images_now(one.member) for one in family]
    instances = sum(sum(images.values()) for images in counts)
    on_it = sum(images[first.image_id] for images in counts)
    held = [_held_by(rows[one.member.group_id]) for one in at_work]
    newest = {"ImageId": first.image_id, **age(first, first.image_id, now)}
    fields = {
        "Family": name,
        "NewestImage": newest if first.image_id else None,
        "Groups": len(family),
        "Instances": instances,
        "InstancesOnNewest": on_it,
        "Share": round(on_it / instances, 3) if instances else 1,
        "Ring": at_work[0].member.policy.ring if at_work else None,
        "HeldBy": held[:_MOST_NAMED],
        "HeldByMore": len(held) - _MOST_NAMED if len(held) > _MOST_NAMED else None,
    }
    return {field: value for field, value in fields.items() if value not in (None, [])}


def _held_by(group: Mapping[str, Any]) -> dict[str, Any]:
    """Name a group of the ring at work that is not done, and what it waits for."""
    fields = ("AutoScalingGroupId", "AutoScalingGroupName", "State", "Code", "WaitsFor")
    return {field: group[field] for field in fields if field in group}


def _images(standings: Sequence[Standing], known: Sequence[Image]) -> list[dict[str, Any]]:
    """List the images that these groups need, each with why: a clean-up of images spares them.

    An activity doesn't name the image that it replaced. What a rollback would put back is on the
    instances that are not refreshed yet; after the last one it is taken to be the newest image of
    the family that is older than what they run.
    """
    uses: dict[str, set[str]] = {}
    members = [one.member for one in standings]
    for member in members:
        newest = member.image_id if member.policy.family else ""
        for image, why in ((member.configured, CONFIGURED), (newest, NEWEST)):
            uses.setdefault(image, set()).add(why)
        for image in images_now(member):
            uses.setdefault(image, set()).add(RUNS)
    found = {image.image_id: image for image in known}
    for member in members:
        found |= member.fleet.images
    for image in [name for name, why in uses.items() if RUNS in why or CONFIGURED in why]:
        before = _before(found.get(image), known)
        if before:
            uses.setdefault(before, set()).add(BEFORE)
    return [
        {
            "ImageId": name,
            "Family": found[name].family if name in found else "",
            "CreatedTime": moment(found[name].created if name in found else None) or "",
            "Why": [reason for reason in (RUNS, CONFIGURED, NEWEST, BEFORE) if reason in why],
        }
        for name, why in sorted(uses.items())
        if name
    ]


def _before(image: Image | None, known: Sequence[Image]) -> str:
    """Give the newest image of a family that is older than this one; `known` is newest first."""
    if image is None or image.created is None or not image.family:
        return ""
    older = (
        one.image_id
        for one in known
        if one.family == image.family and one.created and one.created < image.created
    )
    return next(older, "")
