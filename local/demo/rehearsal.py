"""The rehearsal: each act is begun, watched to its end and checked against the cloud."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

from local.demo import screen
from local.demo.acts import ACTS, Act
from local.demo.progress import Progress, differences, progress
from local.demo.rings import add_rings
from local.scf import project
from local.seed import seed
from local.stage import Stage, on_stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from local.cloud import Cloud
    from local.scf.invocation import Invocation

# In real seconds.
LONGEST_ACT_S = 90.0
LOOK_EVERY_S = 0.1


def rehearse(console: Console, cloud: Cloud, log: TextIO, acts: Sequence[Act] = ACTS) -> list[str]:
    """Seed a cloud that is served, play the acts on it, and say what is not as it should be.

    What the functions log goes to `log`, as it comes.
    """
    project.import_layer()
    console.print(f"A cloud of its own is at {cloud.endpoint}; nothing real is touched.")
    rows: list[tuple[str, ...]] = []
    different: list[str] = []
    seeded = seed(cloud)
    seeded.groups.update(add_rings(seeded.region))
    with on_stage(cloud, seeded) as stage:
        stage.platform.on_invocation = partial(write, log)
        for act in acts:
            done, ends = play(console, stage, act)
            for end in ends:
                rows.append(row(act, end, done))
                different += differences(cloud, stage.seed.region, end)
    screen.summary(console, rows)
    return different


def write(log: TextIO, done: Invocation) -> None:
    """Write a function's lines, so that who follows the file sees them."""
    log.write(done.told())
    log.flush()


def play(console: Console, stage: Stage, act: Act) -> tuple[list[Invocation], list[Progress]]:
    """Publish an image, begin the act, and watch until its groups stand still."""
    region, platform = stage.seed.region, stage.platform
    before, first = set(region.activities), len(platform.invocations)
    image = region.add_image(family=act.family)
    console.print(f"\n[bold]{act.trigger}[/]: {image.image_id} is published")
    groups = [stage.group(name) for name in act.groups]
    screen.line(console, act.begin(stage, image))
    deadline = time.monotonic() + LONGEST_ACT_S
    shown = 0
    with screen.Bars(console) as bars:
        while True:
            done = platform.invocations[first:]
            for invocation in filter(did_something, done[shown:]):
                screen.line(console, screen.ran(invocation))
            shown = len(done)
            seen = [progress(stage.cloud, region, one, image.image_id, before) for one in groups]
            for one in seen:
                bars.show(one)
            served = any(invocation.status == 200 for invocation in done)
            stands = all(one.over if act.turns else one.ended or not one.activity for one in seen)
            if (served and stands) or time.monotonic() > deadline:
                return done, seen
            time.sleep(LOOK_EVERY_S)


def row(act: Act, end: Progress, done: list[Invocation]) -> tuple[str, ...]:
    """Give a group's line of the summary; outcome and reason are the function's own words."""
    own = [o for o in outcomes(done) if o.get("AutoScalingGroupId") == end.group]
    outcome = next((o for o in own if o["Outcome"] == "started"), own[0] if own else {})
    return (
        act.trigger,
        end.name,
        end.image,
        end.activity or "-",
        screen.status(end.status),
        str(outcome.get("Outcome", "-")),
        str(outcome.get("Reason", "-")),
    )


def did_something(invocation: Invocation) -> bool:
    """Leave out the ticks that found nothing to do."""
    return bool(outcomes([invocation])) or invocation.status != 200


def outcomes(done: list[Invocation]) -> list[dict[str, Any]]:
    """Read the outcomes that a function returned, over HTTP or not; the newest first."""
    found: list[dict[str, Any]] = []
    for invocation in reversed(done):
        result = invocation.result or {}
        answer = json.loads(result["body"]) if "statusCode" in result else result
        found += answer.get("Outcomes", [])
    return found
