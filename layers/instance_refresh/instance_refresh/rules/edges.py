"""What began, ended or passed its limit between two ticks, by the time stamps of the cloud.

Pure: values in, values out. Nothing remembers what was told: the tick before is computed.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from ..model.outcome import Outcome
from .preflight import EMPTY, passes
from .restore import unchanged_since
from .rings import converged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ..model.action import Code
    from ..model.fleet import Activity
    from ..model.limits import Limits
    from ..model.member import Member
    from ..model.outcome import Ended
    from .decide import Decision
    from .rings import Decisions

# The API may show late what has happened: so long ago it has happened for us.
LATE = timedelta(minutes=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# What began at no time that the cloud knows is told at these times of the day.
_UNDATED = timedelta(hours=1)
_LASTING = ("attention", "rejected", "refused", "failed", "queued", "planned")
_ENDED = ("SUCCESSFUL", "FAILED", "CANCELLED")
_REMEDY = "See why; then publish a newer image, or set Force to try this one again."


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


def is_due(outcome: Outcome, between: Between, limits: Limits, begun: frozenset[str]) -> bool:
    """Say whether an outcome that lasts is told by this tick; what was done now always is.

    What failed fails again at the next tick, unless it passes. `begun` are the groups and families
    of which what nothing dates may have begun since the tick before.
    """
    if outcome.outcome not in _LASTING:
        return True
    since = outcome.since
    needs = since is None and outcome.outcome != "planned"
    if needs and (outcome.group or outcome.family) in begun:
        return True
    if since:  # a limit that we have computed is passed a second later; the API shows a stamp late
        computed = outcome.urgent or outcome.code == "PausedByPerson"
        since += timedelta(seconds=1) if computed else LATE
    return between.reminds(since, limits.remind_every)


def may_have_begun(families: Iterable[Sequence[Member]], between: Between) -> frozenset[str]:
    """Give groups whose turn may have come between the ticks, and the families that they are of.

    It comes with a new image, when a window opens, and after a refresh of their own or below.
    """
    begun: set[str] = set()
    for family in families:
        ended = {m.group_id: m.policy.ring for m in family if any(map(between.saw, _ends(m)))}
        lowest = min(ended.values(), default=None)
        turns = {
            m.group_id
            for m in family
            if m.group_id in ended
            or (lowest is not None and m.policy.ring > lowest)
            or (m.image and between.saw(m.image.created))
            or _opened(m, between)
        }
        begun |= turns | ({family[0].policy.family} if turns else set())
    return frozenset(begun)


def _ends(member: Member) -> Iterator[datetime]:
    """Give when each refresh, and a pause that was meant, had baked."""
    past = (one.ended for one in member.fleet.recent.get(member.group_id, ()))
    live = member.activity
    for one in (*past, live.paused_since if live and live.paused else None):
        if one:
            yield one + member.policy.bake


def _opened(member: Member, between: Between) -> bool:
    window = member.policy.window
    return bool(window and not window.open_at(between.since) and window.open_at(between.until))


def edges(
    members: Sequence[Member], between: Between, limits: Limits, to_go: Mapping[str, str]
) -> Iterator[Outcome]:
    """Tell what became of each refresh activity between the ticks, whoever began it.

    `to_go` says of each family what is still to be done.
    """
    for member in members:
        for activity in member.fleet.recent.get(member.group_id, ()):
            if activity.status in _ENDED and between.saw(activity.ended):
                end, left = _end(member, activity), to_go.get(member.policy.family)
                yield end._replace(notes=(left,)) if left else end
        live = member.activity
        if live is None or not live.live:
            continue
        if member.request.watched and between.saw(live.created):
            reason = f"{live.description}; it is watched to its end"
            known = {"code": "Begun", "since": live.created, "image": _brought(member, live)}
            yield _told(member, live, "in_progress", reason, **known)
        over = _over(member, live, between, limits)
        if over:
            code, reason = over
            known = {"code": code, "image": _brought(member, live)}
            yield _told(member, live, "in_progress", f"{live.description}: {reason}", **known)


def _told(
    member: Member, activity: Activity, outcome: Ended, reason: str, **fields: Any
) -> Outcome:
    status = 409 if outcome == "attention" else 200
    return member.ends(outcome, reason, activity=activity.activity_id, status=status, **fields)


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
    name, ended, status = activity.activity_id, activity.ended, activity.status
    how, image = _how(activity), _brought(member, activity)
    of = f" of {image}" if image else ""
    if activity.kind == "NORMAL" and status == "SUCCESSFUL":
        reason = f"refresh activity {name} {f'brought {image}' if image else 'succeeded'}: {how}"
        return _told(member, activity, "succeeded", reason, since=ended, image=image)
    known: dict[str, Any] = {"since": ended, "image": image}
    if member.running_images and not member.is_live:
        how += f"; the instances run {', '.join(sorted(member.running_images))}"
    if activity.kind == "ROLLBACK":
        reason = f"refresh activity {activity.origin_id}{of} was rolled back by {name}"
        reason += f", which ended {status}: {how}"
        known |= {"code": "RolledBack", "remedy": _REMEDY}
        return _told(member, activity, "attention", reason, **known)
    reason = f"refresh activity {name}{of} ended {status}: {how}"
    known["code"] = "RefreshEnded"
    if status == "CANCELLED" and not activity.failed_instances:  # as was meant: nothing had failed
        return _told(member, activity, "cancelled", reason, **known)
    return _told(member, activity, "attention", reason, remedy=_REMEDY, **known)


def _how(activity: Activity) -> str:
    """Say how far it came, in how many batches, and how long that took."""
    done = sum(one.status == "SUCCESSFUL" for b in activity.batches for one in b.instances)
    taken = activity.ended - activity.created if activity.ended and activity.created else None
    how = f"{done} of {activity.size} instances in {len(activity.batches)} batches"
    how += f", {_words(taken)}" if taken else ""
    if activity.failed_instances:
        how += f"; failed: {', '.join(activity.failed_instances)}"
    return how


def _over(
    member: Member, activity: Activity, between: Between, limits: Limits
) -> tuple[Code, str] | None:
    """Say that a pause beyond its limit is over, or that what seemed stuck has gone on."""
    ends = {one.ended for one in activity.batches}
    stamps = {activity.created, *ends, *(one.started for one in activity.batches)}
    for before, after in pairwise(sorted(one for one in stamps if one)):
        if not between.saw(after):
            continue
        lasted = _words(after - before)
        if before not in ends and after - before > limits.stuck:
            return "StuckOver", f"it went on after {lasted} without progress"
        pause = min(limits.failed, limits.paused) + member.policy.bake
        if before in ends and after - before > pause and not activity.paused:
            return "PauseOver", f"it goes on after a pause of {lasted}"
    return None


def family_done(family: Sequence[Member], decided: Decisions, between: Between) -> Outcome | None:
    """Say once that every group of a family runs its image, and how long that took."""
    first = family[0]
    out = first.image.created if first.image else None
    firsts = {m.group_id: _first_success(m, out) for m in family}
    if not all(_has_it(m, decided[m.group_id], firsts[m.group_id]) for m in family):
        return None
    done = [m for m in family if not _does_without(decided[m.group_id])]
    rolled = [
        activity
        for m in done
        for activity in m.fleet.recent.get(m.group_id, ())
        if activity.kind == "NORMAL" and activity.created and out and activity.created >= out
    ]
    ended = [one.ended for m in done if (one := firsts[m.group_id]) and one.ended]
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


def _has_it(member: Member, decision: Decision, success: Activity | None) -> bool:
    """Say whether a group has converged, or would have but for what passes.

    That is a scaling activity, or that it is being reinstalled; no other tick would say it.
    """
    if converged(decision) and not member.is_live:
        return True
    if success is None or member.sets_image or not isinstance(decision, Outcome):
        return False
    passing = decision.refusals and all(map(passes, decision.refusals))
    return decision.outcome == "in_progress" or bool(passing)


def _does_without(decision: Decision) -> bool:
    """Say whether a group runs a newer image, or has no instance."""
    outcome, code = getattr(decision, "outcome", ""), getattr(decision, "code", "")
    return outcome == "superseded" or code == EMPTY


def _first_success(member: Member, since: datetime | None) -> Activity | None:
    """Give the first activity that succeeded since then, or since another was undone or failed.

    Those after it have reinstalled what was there, as does one that is live.
    """
    first = None
    for one in member.fleet.recent.get(member.group_id, ()):
        if since and one.created and one.created >= since and not (first and one.live):
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
