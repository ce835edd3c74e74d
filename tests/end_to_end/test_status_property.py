"""What the status says that the next look does, the next look does: random fleets, group by group.

EXAMPLES=400 tries as many random histories instead of the few fixed ones.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.end_to_end.harness import World, world
from tests.end_to_end.invariants import Invariants
from tests.end_to_end.person import steer
from tests.end_to_end.seams import quick

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = int(os.environ.get("EXAMPLES") or "0")
# What the look says of what has happened already, not of what it does.
TOLD_ONCE = ("WaveHeld", "Begun", "PauseOver", "RolledBack", "RefreshEnded")
GROUPS = [f"asg-web0000{number}" for number in range(6)]
FAMILIES = ("web", "api")

policies = st.fixed_dictionaries(
    {"image-family": st.sampled_from(FAMILIES)},
    optional={
        "ring": st.sampled_from(["0", "0", "0", "1", "1", "2", "first"]),
        "bake": st.sampled_from(["10m", "1h"]),
        "batch-size": st.sampled_from(["1", "50pct"]),
        "batch-pause": st.sampled_from(["FIRST_BATCH_PAUSE", "BATCH_INTERVAL_PAUSE"]),
        "fail-process": st.sampled_from(["AUTO_ROLLBACK", "AUTO_CANCEL"]),
        "paused-action": st.sampled_from(["retry", "continue", "rollback", "cancel"]),
        "window": st.sampled_from(["Mon-Sun 00:00-06:00 UTC", "Mon-Fri 08:00-20:00 Asia/Shanghai"]),
        "hold": st.sampled_from(["", "", "", "freeze"]),
    },
)
groups = st.sampled_from(GROUPS)
waits = st.sampled_from([30, 100, 300, 900, 4000, 9000, 50_000])
steps = st.one_of(
    st.tuples(st.just("publish"), st.sampled_from(FAMILIES), st.booleans()),
    st.tuples(st.just("wait"), st.sampled_from([30, 100, 300, 900, 4000, 9000, 50_000]), st.none()),
    st.tuples(st.just("instance fails"), groups, st.none()),
    st.tuples(st.just("steer"), groups, st.sampled_from(["Stop", "RETRY", "Cancel", "Rollback"])),
    st.tuples(st.just("deprecate"), st.sampled_from(FAMILIES), st.none()),
    st.tuples(st.just("scale in"), groups, st.none()),
)
members = st.tuples(policies, st.sampled_from([0, 2, 2, 3, 4]), st.booleans())
fleets = st.lists(members, min_size=2, max_size=len(GROUPS))


def examples(fixed: int) -> settings:
    """Try so many fixed ones, or EXAMPLES random ones."""
    return settings(
        max_examples=EXAMPLES or fixed,
        derandomize=not EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@examples(25)
@given(
    fleet=fleets, history=st.lists(steps, min_size=3, max_size=12), most=st.sampled_from([0, 1, 5])
)
def test_the_next_look_does_what_the_status_says(
    fleet: list[tuple[dict[str, str], int, bool]], history: list[Any], most: int
) -> None:
    with world(MAX_REFRESHING=str(most)) as it, quick(waits=False):
        for _ in lived(it, fleet, history):
            agree(it)
            it.advance(70)
            agree(it)


def lived(
    it: World, fleet: list[tuple[dict[str, str], int, bool]], history: list[Any]
) -> Iterator[None]:
    """Found a fleet, and stop after each step of its history."""
    images = found(it, fleet)
    people = Invariants(it)
    for step in (("publish", "web", False), ("publish", "api", True), *history):
        happen(it, people, images, step)
        yield


def found(it: World, fleet: list[tuple[dict[str, str], int, bool]]) -> dict[str, list[str]]:
    """Found the groups of a fleet; gives the images of each family."""
    images = {family: [publish(it, family, 0)] for family in FAMILIES}
    shared = it.region.add_launch_configuration(image=images["web"][0])
    for name, (policy, count, shares) in zip(GROUPS, fleet, strict=False):
        family = policy["image-family"]
        own = {f"instance-refresh:{key}": value for key, value in policy.items() if value}
        one = shared.launch_configuration_id if shares and family == "web" else None
        it.region.add_group(
            name,
            image=images[family][0],
            instances=count,
            tags=own,
            launch_configuration=one,
        )
    return images


def publish(it: World, family: str, number: int) -> str:
    name = f"img-{family}{number:05}"
    it.region.add_image(name, family=family, created=it.cloud.clock.now())
    it.advance(60)
    return name


def happen(it: World, people: Invariants, images: dict[str, list[str]], step: Any) -> None:
    kind, what, how = step
    if kind == "wait":
        it.advance(what)
    elif kind == "publish":
        name = publish(it, what, len(images[what]))
        images[what].append(name)
        if how:
            it.cloud.faults.fail_image(name)
    elif kind == "deprecate":
        if len(images[what]) > 1:
            it.region.images[images[what][-1]].image_deprecated = True
    elif what in it.region.groups:
        members = it.members(what)
        if kind == "steer":
            steer(people, what, how)
        elif members and kind == "instance fails":
            it.cloud.faults.fail_instance(members[0].instance_id)
        elif members and kind == "scale in" and not it.region.activities_of(it.region.groups[what]):
            it.region.remove_instance(members[0].instance_id)


def expected(row: dict[str, Any]) -> str:
    """Give the outcome that the status foretells."""
    return str(row.get("NextLook", row["State"]))


def agree(it: World) -> None:
    """Compare the status with the look that follows it, group by group and in numbers."""
    writes = len(it.cloud.writes())
    rows = [group for group in it.status()["Groups"] if "AutoScalingGroupId" in group]
    assert len(it.cloud.writes()) == writes
    done = it.tick()
    said = [(row["AutoScalingGroupId"], expected(row), row.get("Code")) for row in rows]
    for outcome in done["Outcomes"]:
        if outcome["Outcome"] == "succeeded" or outcome.get("Code") in TOLD_ONCE:
            continue
        line = (outcome["AutoScalingGroupId"], outcome["Outcome"], outcome.get("Code"))
        assert line in said, (outcome, rows)
    counts: dict[str, int] = {}
    for row in rows:
        if not {"Family", "Activity"} & row.keys() and row["State"] != "refused":
            continue  # it is only watched, and not refreshing: the look doesn't count it
        state = expected(row)
        state = row["Code"] if state == "queued" and "Code" in row else state
        counts[state] = counts.get(state, 0) + 1
    assert counts == done.get("States", {}), (rows, done)


@examples(8)
@given(
    fleet=fleets, history=st.lists(steps, min_size=3, max_size=8), most=st.sampled_from([0, 1, 2])
)
def test_a_row_is_the_same_however_it_is_asked_for(
    fleet: list[tuple[dict[str, str], int, bool]], history: list[Any], most: int
) -> None:
    with world(MAX_REFRESHING=str(most)) as it, quick(waits=False):
        for _ in lived(it, fleet, history):
            rows_agree(it)
            it.tick()
            it.advance(70)
            rows_agree(it)


def rows_agree(it: World) -> None:
    """Compare the rows of the status of all with those that families and ids give."""
    rows = {row["AutoScalingGroupId"]: row for row in it.status()["Groups"]}
    families = sorted({row["Family"] for row in rows.values() if "Family" in row})
    some = list(rows) if EXAMPLES else list(rows)[:1]
    for pair in [*(("family", name) for name in families), *(("group", name) for name in some)]:
        for row in it.status(pair)["Groups"]:
            assert row == rows[row["AutoScalingGroupId"]] or place_is_taken(row, rows), pair


def place_is_taken(row: dict[str, Any], rows: dict[str, dict[str, Any]]) -> bool:
    """Say whether a due group of another family comes first, which only the status of all sees."""
    due = {one["Family"] for one in rows.values() if one["State"] == "due" and "Family" in one}
    last = rows[row["AutoScalingGroupId"]].get("Code") == "CapReached"
    return last and row["State"] == "due" and bool(due - {row["Family"]})
