"""Decide, for each group, whether a refresh starts, and if not why. Pure: values in, values out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.fleet import FAMILY_TAG
from ..model.outcome import Outcome, Refusal
from .preflight import EMPTY, refusal, refusal_fields, refused
from .start import Start, start_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..model.fleet import Activity, Fleet, Image
    from ..model.request import Request
    from .case import Case

    Rule = Callable[[Case], Outcome | None]


Decision = Start | Outcome


def in_progress(case: Case) -> Outcome | None:
    """A live activity is never disturbed, nor is its launch configuration."""
    activity = case.activity
    if activity is None or not activity.live:
        return None
    what = activity.description
    remedy = (
        "Resume, roll back or cancel it: a paused group doesn't scale." if activity.paused else ""
    )
    if not case.sets_image:
        if activity.kind == "ROLLBACK" and case.request.names_image:
            reason = f"the image is being rolled back here: {what}"
            return case.ends(
                "rejected", reason, activity=activity.activity_id, status=409, remedy=remedy
            )
        return case.ends("in_progress", what, activity=activity.activity_id, remedy=remedy)
    family = case.group.tags.get(FAMILY_TAG)
    if family and case.image and case.image.family == family:
        reason = f"{what}; the schedule starts the family's newest image after it"
        return case.ends("queued", reason, activity=activity.activity_id, status=202, remedy=remedy)
    remedy = remedy or "Send the request again when the activity has ended."
    reason = f"{what}, of another image; nothing was changed"
    return case.ends("busy", reason, activity=activity.activity_id, status=409, remedy=remedy)


def superseded(case: Case) -> Outcome | None:
    """An image older than what the group has, or what it is to follow, doesn't replace it.

    What the launch configuration alone names doesn't count once it is withdrawn.
    """
    image = case.image
    if case.request.force or not case.sets_image or image is None:
        return None
    known = [found for found in case.fleet.images.values() if _newer(found, image)]
    running = case.running_images
    has = [found for found in known if found.image_id in running]
    has += [found for found in known if not found.withdrawn and _named_or_followed(found, case)]
    if not has:
        return None
    reason = (
        f"image {image.image_id} ({image.created:%Y-%m-%d %H:%M:%SZ}) is older than"
        f" {has[0].image_id} ({has[0].created:%Y-%m-%d %H:%M:%SZ})"
    )
    remedy = "Set Force to go back to the older image."
    if FAMILY_TAG in case.group.tags:
        remedy = "To go back, deprecate the newer image, then set Force."
    return case.ends("superseded", reason, remedy=remedy)


def _newer(one: Image, other: Image) -> bool:
    return bool(one.created and other.created and one.created > other.created)


def _named_or_followed(image: Image, case: Case) -> bool:
    """Say whether the launch configuration names it, or it is of the family that is followed."""
    if image.image_id == case.configured_image_id:
        return True
    followed = case.request.image_family if case.request.for_followers else None
    return image.family == followed and image.usable and case.allows_creator(image)


def already_current(case: Case) -> Outcome | None:
    """Nothing to do where every instance runs the image that the configuration names."""
    if case.request.force or not case.all_on_image:
        return None
    reason = f"all {len(case.running)} instances in service run {case.image_id}"
    return case.ends("already_current", reason, remedy="Set Force to reinstall them all the same.")


def force_spent(case: Case) -> Outcome | None:
    """A Force counts once: not again for a late or second delivery of the same event."""
    asked, activity = case.request.asked_at, case.activity
    if not case.request.force or not asked or not activity or not activity.created:
        return None
    if activity.created < asked:
        return None
    done = f"refresh activity {activity.activity_id}, {activity.status}, began after this was asked"
    if case.all_on_image:
        return case.ends("already_current", done, activity=activity.activity_id)
    return case.ends(
        "rejected", done, activity=activity.activity_id, status=409, remedy="Send a new request."
    )


def rejected(case: Case) -> Outcome | None:
    """What failed, was rolled back or cancelled here is not tried again by itself."""
    activity, attempt, image = case.activity, case.failed_attempt, case.image
    if case.request.force or activity is None or attempt is None or image is None:
        return None
    if image.created and attempt.created and attempt.created < image.created:
        return None
    if _of_another_image(case, attempt):
        return None
    how = "was rolled back" if activity.kind == "ROLLBACK" else f"ended {activity.status}"
    reason = f"the last attempt here since image {image.image_id} was made {how}: "
    return case.ends(
        "rejected",
        reason + f"refresh activity {activity.activity_id}",
        activity=activity.activity_id,
        status=409,
        remedy="Publish a newer image, or set Force to try this one again.",
    )


def _of_another_image(case: Case, attempt: Activity) -> bool:
    """The configuration still names what the attempt brought, and that is another image."""
    updated = case.launch_configuration.updated if case.launch_configuration else None
    if not case.sets_image or updated is None or attempt.created is None:
        return False
    return updated <= attempt.created and case.running_images != {case.configured_image_id}


# The rules that can judge after each look at the cloud: at the groups with their configurations and
# live activities, then at their instances, then at their newest activities.
BY_GROUP: tuple[Rule, ...] = (in_progress, refused, superseded)
BY_INSTANCES = (*BY_GROUP, already_current)
BY_ACTIVITY = (*BY_INSTANCES, force_spent, rejected)


def settled(case: Case, rules: Iterable[Rule]) -> Outcome | None:
    """Give the outcome of the first of the rules that knows one, or None."""
    return next(filter(None, (rule(case) for rule in rules)), None)


def decide(cases: Sequence[Case]) -> dict[str, Decision]:
    """Decide every group, by its id, in the order of the cases."""
    decided = {case.group.group_id: settled(case, BY_ACTIVITY) or start_of(case) for case in cases}
    return keep_shared_together(cases, decided)


def keep_shared_together(
    cases: Iterable[Case], decided: Mapping[str, Decision]
) -> dict[str, Decision]:
    """Refuse each start whose launch configuration another group uses that must not move now."""
    return {case.group.group_id: _unless_shared(case, decided) for case in cases}


def absent(request: Request, fleet: Fleet) -> tuple[Outcome, ...]:
    """Give the outcomes of what the request names and the fleet doesn't have."""
    missing = {
        group: refusal("GroupNotFound", f"there is no scaling group {group}")
        for group in fleet.missing
    }
    if not fleet.groups and not missing:
        missing[""] = _no_group(request, fleet.region)
    return tuple(
        Outcome("refused", region=fleet.region, group=group, **refusal_fields([reason]))
        for group, reason in missing.items()
    )


def _no_group(request: Request, region: str) -> Refusal:
    if request.tags:
        wanted = ", ".join(f"{key}={value}" for key, value in request.tags)
        return refusal("NoGroupMatches", f"no scaling group has the tags {wanted}")
    if request.image_family:
        reason = f"no scaling group follows the image family {request.image_family}"
        return refusal("NoFollower", reason)
    reason = f"image {request.image_id} is not in {region}, or belongs to no family to follow"
    return refusal("ImageWithoutFamily", reason)


def _unless_shared(case: Case, decided: Mapping[str, Decision]) -> Decision:
    decision = decided[case.group.group_id]
    if isinstance(decision, Outcome) or not decision.sets_image:
        return decision
    held = [group for group in case.shared_with if _must_not_move(decided.get(group))]
    if not held:
        return decision
    reason = (
        f"launch configuration {decision.launch_configuration} is also used by"
        f" {', '.join(held)}, which must not move now"
    )
    why = refusal("LaunchConfigurationShared", reason)
    if all(group in decided for group in held):  # asked for together already
        why = why._replace(
            remedy="See why those groups must not move, or give the group one of its own."
        )
    return case.ends("refused", **refusal_fields([why]))


def _must_not_move(other: Decision | None) -> bool:
    """Say whether a group must not move; one without instances has nothing to move."""
    return not isinstance(other, Start) and (other is None or other.code != EMPTY)
