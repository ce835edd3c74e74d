"""What began, ended or passed its limit between two ticks, by the time stamps of the cloud.

Pure: values in, values out. Nothing remembers what was told: the tick before is computed.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from ..model.outcome import Outcome
from .restore import unchanged_since
from .rings import converged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..model.fleet import Activity
    from ..model.limits import Limits
    from ..model.member import Member
    from ..model.outcome import Ended
    from .rings import Decisions

# The API may show late what has happened: so long ago it has happened for us.
LATE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# What began at no time that the cloud knows is told at these times of the day.
_UNDATED = timedelta(hours=1)
_LASTING = ("attention", "rejected", "refused", "failed", "queued", "planned")
_ENDED = ("SUCCESSFUL", "FAILED", "CANCELLED")


class Between(NamedTuple):
    """After the tick before, until this one."""

    since: datetime
    until: datetime

    def saw(self, moment: datetime | None) -> bool:
        """Say whether the API has shown a moment between the two ticks."""
        return moment is not None and self.since < moment + LATE <= self.until

    def reminds(self, since: datetime | None, every: timedelta) -> bool:
        """Say whether what began then is told now: when it began, and again and again."""
        if since is None:
            since, every = _EPOCH, min(every, _UNDATED)
        if since > self.until:
            return False
        every = max(every, timedelta(seconds=1))
        return since + (self.until - since) // every * every > self.since


def is_due(outcome: Outcome, between: Between, limits: Limits) -> bool:
    """Say whether an outcome that lasts is told by this tick; what was done now always is.

    What failed fails again at the next tick, unless it passes.
    """
    if outcome.outcome not in _LASTING:
        return True
    since = outcome.since
    if since:  # a limit that we have computed is passed a second later; the API shows a stamp late
        computed = outcome.urgent or outcome.code == "PausedByPerson"
        since += timedelta(seconds=1) if computed else LATE
    return between.reminds(since, limits.remind_every)


def edges(members: Sequence[Member], between: Between, limits: Limits) -> Iterator[Outcome]:
    """Tell what became of each refresh activity between the ticks, whoever began it."""
    for member in members:
        for activity in member.fleet.recent.get(member.group_id, ()):
            if activity.status in _ENDED and between.saw(activity.ended):
                yield _end(member, activity)
        live = member.activity
        if live is None or not live.live:
            continue
        if member.request.watched and between.saw(live.created):
            reason = f"{live.description}; it is watched to its end"
            yield _told(member, live, "in_progress", reason, code="Begun", since=live.created)
        over = _pause_over(member, live, between, limits)
        if over:
            yield _told(member, live, "in_progress", over, code="PauseOver")


def _told(
    member: Member, activity: Activity, outcome: Ended, reason: str, **fields: Any
) -> Outcome:
    status = 409 if outcome == "attention" else 200
    image = _brought(member, activity)
    known = {"activity": activity.activity_id, "image": image, "status": status}
    return member.ends(outcome, reason, **known, **fields)


def _brought(member: Member, activity: Activity) -> str:
    """Give the image that an activity brought, "" where the configuration was changed since.

    An activity names none.
    """
    of = (activity.origin_id, activity.activity_id)
    began = next(
        (one for one in member.fleet.recent.get(member.group_id, ()) if one.activity_id in of),
        activity,
    )
    return member.configured if unchanged_since(member, began) else ""


def _end(member: Member, activity: Activity) -> Outcome:
    done = sum(one.status == "SUCCESSFUL" for b in activity.batches for one in b.instances)
    taken = activity.ended - activity.created if activity.ended and activity.created else None
    how = f"{done} of {activity.size} instances in {len(activity.batches)} batches"
    how += f", {_words(taken)}" if taken else ""
    if activity.failed_instances:
        how += f"; failed: {', '.join(activity.failed_instances)}"
    name, ended = activity.activity_id, activity.ended
    if activity.kind == "ROLLBACK":
        reason = f"refresh activity {activity.origin_id} was rolled back by {name}"
        reason += f", which ended {activity.status}: {how}"
        return _told(member, activity, "attention", reason, code="RolledBack", since=ended)
    if activity.status != "SUCCESSFUL":
        reason = f"refresh activity {name} ended {activity.status}: {how}"
        return _told(member, activity, "attention", reason, code="RefreshEnded", since=ended)
    image = _brought(member, activity)
    reason = f"refresh activity {name} {f'brought {image}' if image else 'succeeded'}: {how}"
    return _told(member, activity, "succeeded", reason, since=ended)


def _pause_over(member: Member, activity: Activity, between: Between, limits: Limits) -> str:
    """Say that a pause beyond its limit is over, where a batch has begun after it."""
    least = min(limits.failed, limits.paused) + member.policy.bake
    for batch in activity.batches if not activity.paused else ():
        if batch.started is None or not between.saw(batch.started):
            continue
        ended = [one.ended for one in activity.batches if one.ended and one.ended <= batch.started]
        if ended and batch.started - max(ended) > least:
            lasted = _words(batch.started - max(ended))
            return f"{activity.description}: it goes on after a pause of {lasted}"
    return ""


def family_done(family: Sequence[Member], decided: Decisions, between: Between) -> Outcome | None:
    """Say once that every group of a family runs its image, and how long that took."""
    first = family[0]
    done = [m for m in family if getattr(decided[m.group_id], "outcome", "") == "already_current"]
    if not done or not all(converged(decided[m.group_id]) and not m.is_live for m in family):
        return None
    out = first.image.created if first.image else None
    rolled = [
        activity
        for m in done
        for activity in m.fleet.recent.get(m.group_id, ())
        if activity.kind == "NORMAL" and activity.created and out and activity.created >= out
    ]
    firsts = (_first_success(m, out) for m in done)
    ended = [one.ended for one in firsts if one and one.ended]
    if not ended or not between.saw(max(ended)):
        return None
    taken = _words(max(ended) - min(one.created for one in rolled if one.created))
    return Outcome(
        "succeeded",
        f"{first.policy.family}: {len(done)} of {len(family)} groups on {first.image_id}, {taken}",
        first.fleet.region,
        image=first.image_id,
        code="FamilyDone",
        family=first.policy.family,
        since=max(ended),
    )


def _first_success(member: Member, since: datetime | None) -> Activity | None:
    """Give the first activity that succeeded since then, or since another was undone or failed.

    Those after it have reinstalled what was there.
    """
    first = None
    for one in member.fleet.recent.get(member.group_id, ()):
        if since and one.created and one.created >= since:
            succeeded = one.kind == "NORMAL" and one.status == "SUCCESSFUL"
            first = (first or one) if succeeded else None
    return first


def _words(taken: timedelta) -> str:
    """Write how long something took: `3 h 12 min`."""
    minutes, seconds = divmod(round(taken.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"
