"""Say where one group stands: what the next look does with it, what it waits for, and until when.

Pure: values in, values out.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from ..model.action import Finding, Start
from ..model.outcome import Outcome
from .rings import converged
from .watch import paused_action, platform_words

if TYPE_CHECKING:
    from datetime import datetime

    from ..model.fleet import Activity
    from ..model.limits import Limits
    from ..model.member import Member
    from .decide import Decision

_DONE = {"resume": "resumed", "cancel": "cancelled", "restore": "restored"}
_WAITS = {"RingWaits": "Ring", "WindowClosed": "Window", "CapReached": "Place", "Held": "Release"}
_PASSES = ("Bake", "Window", "Batch")
_NEEDS_SOMEONE = ("rejected", "refused", "failed", "attention", "busy")


class Standing(NamedTuple):
    """A group, what was decided of a start, and what the next look does or says.

    Both are None of a group that follows no family and is not refreshing: nothing looks after it.
    `unread` says why, where its instances can't be read.
    """

    member: Member
    decided: Decision | None
    todo: Decision | None
    unread: str = ""


def row(
    one: Standing, limits: Limits, now: datetime, ring_baked: datetime | None
) -> dict[str, Any]:
    """Give a group's row, without what is empty.

    `ring_baked` is when the rings above the one at work move, where only a bake is left of it.
    """
    member, activity = one.member, one.member.activity
    live = activity if activity and activity.live else None
    waits = _waits_for(one, limits, now, ring_baked)
    state = _state(one)
    shown = live and _activity(member, live, now)
    if waits and waits["For"] in _PASSES:
        state["Remedy"] = ""  # nobody need do anything
    if shown:
        said = shown.get("PlatformWords", ())
        state["Notes"] = [note for note in state.get("Notes", ()) if note not in said]
    fields = {
        "AutoScalingGroupId": member.group_id,
        "AutoScalingGroupName": member.group.name,
        "Family": member.policy.family,
        "Ring": member.policy.ring if member.policy.family else None,
        "Hold": member.policy.hold,
        **state,
        "NextLook": next_look(one),
        "Since": moment(_since(one)),
        "WaitsFor": waits,
        "ImageNow": [
            {"ImageId": image, "Instances": count, **age(member, image, now)}
            for image, count in images_now(member).most_common()
        ],
        "ImageToCome": _to_come(one, now),
        "Activity": shown,
        "Unread": one.unread,
    }
    return {name: value for name, value in fields.items() if value not in ("", [], None, {})}


def moment(time: datetime | None) -> str | None:
    """Write a time as the API does."""
    return f"{time.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}" if time else None


def images_now(member: Member) -> Counter[str]:
    """Count the instances by the image that each really runs."""
    return Counter(one.image_id for one in member.instances or () if one.image_id)


def age(member: Member, image: str, now: datetime) -> dict[str, Any]:
    """Say when an image was made, and how old it is."""
    found = member.fleet.images.get(image)
    if found is None or found.created is None:
        return {}
    seconds = max(0, round((now - found.created).total_seconds()))
    return {"CreatedTime": moment(found.created), "AgeSeconds": seconds}


def next_look(one: Standing) -> str:
    """Say what the next look at the groups does with it, as an outcome; "" for nothing."""
    todo, member = one.todo, one.member
    if isinstance(todo, Start):
        return "started" if todo.refreshes else "restored"
    if not isinstance(todo, Finding) or todo.action is None:
        return ""
    if todo.action.kind != "rollback":
        return _DONE[todo.action.kind]
    there = {instance.instance_id for instance in member.instances or ()}
    return "rolled_back" if member.activity and member.activity.touched(there) else "cancelled"


def _state(one: Standing) -> dict[str, Any]:
    todo, decided = one.todo, one.decided
    if todo is None:
        return {"State": "idle", "Reason": "it follows no image family, and no refresh is live"}
    if isinstance(todo, Start):
        return {"State": "due", "Reason": todo.description, "Notes": list(todo.notes)}
    state = getattr(decided, "outcome", "due") if isinstance(todo, Finding) else todo.outcome
    return {
        "State": state,
        "Code": todo.code,
        "Reason": todo.reason,
        "Remedy": todo.remedy,
        "Urgent": todo.urgent or None,
        "Notes": list(todo.notes) if todo.code not in _WAITS else [],
    }


def _since(one: Standing) -> datetime | None:
    """Give when it began to stand as it does, as far as the cloud knows."""
    member, activity = one.member, one.member.activity
    since = getattr(one.todo, "since", None)
    if since is not None:
        return since  # type: ignore[no-any-return]
    if activity and activity.live:
        return activity.paused_since if activity.paused else activity.created
    state = getattr(one.todo, "outcome", "due" if one.todo else "")
    if activity and state in ("already_current", "rejected", "superseded"):
        return activity.ended or activity.created
    waits = state in ("due", "queued", "refused", "attention") and not member.all_run_it
    return member.image.created if waits and member.image else None


def _waits_for(
    one: Standing, limits: Limits, now: datetime, ring_baked: datetime | None
) -> dict[str, Any] | None:
    activity = one.member.activity
    if next_look(one):
        return {"For": "NextLook"}
    if activity and activity.live:
        return _of_live(one.member, activity, limits, now)
    todo, policy = one.todo, one.member.policy
    if todo is None or isinstance(todo, Start):
        return None
    if converged(todo):
        over = bake_ends(one.member)
        return {"For": "Bake", "Until": moment(over)} if over and over > now else None
    what = _WAITS.get(todo.code)
    if what == "Window" and policy.window:
        return {"For": what, "Until": moment(policy.window.opens_after(now))}
    if what == "Ring" and ring_baked:
        return {"For": what, "Until": moment(ring_baked)}
    return {"For": what or ("Person" if _needs_someone(todo) else "NextLook")}


def _needs_someone(todo: Outcome | Finding) -> bool:
    """Say whether nothing goes on here until somebody acts."""
    return isinstance(todo, Outcome) and todo.outcome in _NEEDS_SOMEONE and not todo.retryable


def _of_live(
    member: Member, activity: Activity, limits: Limits, now: datetime
) -> dict[str, Any] | None:
    since, policy = activity.paused_since, member.policy
    if not activity.paused:
        return {"For": "Batch"}
    if policy.hold:
        return {"For": "Release"}
    if since is None or activity.status == "MANUAL_PAUSE":
        return {"For": "Person"}
    automatic = activity.status == "AUTO_PAUSE"
    if automatic and policy.bake and now < since + policy.bake:
        return {"For": "Bake", "Until": moment(since + policy.bake)}
    if automatic and policy.window and not policy.window.open_at(now):
        return {"For": "Window", "Until": moment(policy.window.opens_after(now))}
    limit = limits.paused + policy.bake if automatic else limits.failed
    if now <= since + limit:
        then = paused_action(member, limits)
        return {"For": "PauseLimit", "Until": moment(since + limit), "Then": then}
    return {"For": "Person"}


def bake_ends(member: Member) -> datetime | None:
    """Give when a group that is done has been watched for its bake time."""
    activity, bake = member.activity, member.policy.bake
    if not bake or activity is None or activity.live or activity.ended is None:
        return None
    return activity.ended + bake


def _to_come(one: Standing, now: datetime) -> dict[str, Any] | None:
    """Give the image that the group is being brought to, or is to be."""
    member, activity = one.member, one.member.activity
    if activity and activity.live:
        image = member.configured if activity.kind == "NORMAL" else ""
    elif member.request.watched or (member.all_run_it and not member.sets_image):
        return None
    else:
        image = member.image_id
    if not image or getattr(one.todo, "outcome", "") == "superseded":
        return None
    return {"ImageId": image, **age(member, image, now)}


def _activity(member: Member, activity: Activity, now: datetime) -> dict[str, Any]:
    failed = activity.failed_instances
    seen = [instance for batch in activity.batches for instance in batch.instances]
    fields = {
        "RefreshActivityId": activity.activity_id,
        "ActivityType": activity.kind,
        "Status": activity.status,
        "CreatedTime": moment(activity.created),
        "Batch": activity.batch,
        "Batches": [
            {"Number": b.number, "Status": b.status, "Instances": len(b.instances)}
            for b in activity.batches
        ],
        "Done": sum(one.status == "SUCCESSFUL" for one in seen),
        "Of": len(seen),
        "FailedInstances": list(failed),
        "PlatformWords": list(platform_words(member, failed or activity.unfinished_instances)),
        "EndsAt": moment(_ends_at(member, activity, now)),
    }
    return {name: value for name, value in fields.items() if value not in ("", [], None)}


def _ends_at(member: Member, activity: Activity, now: datetime) -> datetime | None:
    """Give when it ends if its batches go on as fast as until now, None if nothing says so.

    Between two batches lies the bake, where each batch is followed by a pause.
    """
    took = [b.ended - b.started for b in activity.batches if b.started and b.ended]
    left = [batch for batch in activity.batches if not batch.ended]
    if not took or not left or activity.status not in ("RUNNING", "AUTO_PAUSE"):
        return None
    pace, policy = sum(took, timedelta()) / len(took), member.policy
    each = policy.rolling.get("BatchPause") == "BATCH_INTERVAL_PAUSE"
    between = policy.bake if each else timedelta()
    rest = len(left) * pace + (len(left) - 1) * between
    if activity.status == "RUNNING":
        begun = [batch.started for batch in left if batch.started]
        return max(now, min(begun, default=now) + rest)
    since = activity.paused_since
    return max(now, since + policy.bake) + rest if since and policy.bake else None
