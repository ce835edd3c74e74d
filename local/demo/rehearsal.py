"""The rehearsal: each act is begun, watched to its end and checked against the cloud."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

from local.chat.server import Chat
from local.demo import screen
from local.demo.acts import ACTS, Act
from local.demo.chats import Chats
from local.demo.progress import Progress, differences, left_by_failure, progress
from local.demo.rings import FAMILY, add_rings
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
CRON = "*/30 * * * * * *"
# What a function did, of all the outcomes that it gives.
DID = ("started", "resumed", "rolled_back", "cancelled", "restored", "succeeded")


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
    with (
        Chat(now=lambda: cloud.clock.now().timestamp()) as chat,
        on_stage(cloud, seeded, cron=CRON, notify=(chats := Chats(chat)).setting) as stage,
    ):
        stage.platform.on_invocation = partial(write, log)
        for act in acts:
            done, ends = play(console, stage, act, chats)
            found = compare(stage, act, ends)
            if act.fails and not found:
                screen.paragraph(console, undone(ends[0]))
            different += found
            rows += [row(act, end, done) for end in ends if end.activity or not act.fails]
    screen.summary(console, rows)
    return different


def write(log: TextIO, done: Invocation) -> None:
    """Write a function's lines, so that who follows the file sees them."""
    log.write(done.told())
    log.flush()


def play(
    console: Console, stage: Stage, act: Act, chats: Chats
) -> tuple[list[Invocation], list[Progress]]:
    """Publish an image, begin the act, and watch until it is over."""
    region, platform = stage.seed.region, stage.platform
    old, first = set(region.activities), len(platform.invocations)
    before = {name: region.image_to_install(stage.seed.groups[name]) for name in act.groups}
    image = region.add_image(family=act.family)
    console.print(f"\n[bold]{act.trigger}[/]: {image.image_id} is published")
    screen.paragraph(console, act.begin(stage, image))
    deadline = time.monotonic() + LONGEST_ACT_S
    shown = 0
    with screen.Bars(console) as bars:
        while True:
            done = platform.invocations[first:]
            for invocation in done[shown:]:
                did = what(invocation)
                if did or invocation.status != 200:
                    screen.paragraph(console, screen.ran(invocation, did))
            if done[shown:]:
                chats.show(console)
            shown = len(done)
            seen = [
                progress(
                    stage.cloud,
                    region,
                    stage.group(name),
                    image=image.image_id,
                    before=was,
                    old=old,
                )
                for name, was in before.items()
            ]
            for one in seen:
                bars.show(one)
            if over(act, seen, done) or time.monotonic() > deadline:
                return done, seen
            time.sleep(LOOK_EVERY_S)


def over(act: Act, seen: list[Progress], done: list[Invocation]) -> bool:
    """Tell whether the groups stand still, and whether it was said that one was rolled back."""
    if act.fails:
        return any(outcome.get("Code") == "RolledBack" for outcome in outcomes(done))
    stands = all(one.over if act.turns else one.ended or not one.activity for one in seen)
    return stands and any(invocation.status == 200 for invocation in done)


def compare(stage: Stage, act: Act, ends: list[Progress]) -> list[str]:
    """Say what is not as it should be after an act."""
    region = stage.seed.region
    if act.fails:
        return left_by_failure(stage.cloud, region, ends)
    return [text for end in ends for text in differences(stage.cloud, region, end)]


def undone(first: Progress) -> str:
    """Say what a bad image has left, where that is as it should be."""
    configured = f"its launch configuration names it, and no other group of {FAMILY} has moved"
    return f"{first.name} runs {first.before} again, {configured}"


def row(act: Act, end: Progress, done: list[Invocation]) -> tuple[str, ...]:
    """Give a group's line of the summary; outcome and reason are the function's own words."""
    own = [o for o in outcomes(done) if o.get("AutoScalingGroupId") == end.group]
    outcome = next((o for o in own if o["Outcome"] == "started"), own[0] if own else {})
    return (
        act.trigger,
        end.name,
        end.image,
        end.activity or "-",
        screen.status(end.stands),
        str(outcome.get("Outcome", "-")),
        str(outcome.get("Reason", "-")),
    )


def what(invocation: Invocation) -> str:
    """Say what a function did, "" where it found nothing to do."""
    found = [o for o in outcomes([invocation]) if o["Outcome"] in DID]
    return ", ".join(
        f"{o['AutoScalingGroupName']} {o['Outcome']}" if "AutoScalingGroupId" in o else o["Reason"]
        for o in found
    )


def outcomes(done: list[Invocation]) -> list[dict[str, Any]]:
    """Read the outcomes that a function returned, over HTTP or not; the newest first."""
    found: list[dict[str, Any]] = []
    for invocation in reversed(done):
        result = invocation.result or {}
        answer = json.loads(result["body"]) if "statusCode" in result else result
        found += answer.get("Outcomes", [])
    return found
