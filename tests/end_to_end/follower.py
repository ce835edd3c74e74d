"""A group that follows an image family, for tests of what may happen to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.end_to_end.harness import tags

if TYPE_CHECKING:
    from tests.end_to_end.harness import World

A, B, C = "img-0000000a", "img-0000000b", "img-0000000c"
GROUP = "asg-one00001"


def one_image(it: World) -> None:
    """Make image A, that the groups run."""
    it.region.add_image(A, family="web", created=it.cloud.clock.now())


def follower(it: World, count: int = 4, group: str = GROUP, **policy: object) -> None:
    it.region.add_group(group, image=A, instances=count, tags=tags(**policy))
    it.advance(3600)


def rolled(it: World) -> None:
    it.tick()
    it.finish()


def ticks(it: World, count: int, step: float = 700) -> list[dict[str, Any]]:
    """Tick a few times, each activity in between to its end or pause; give the last outcomes."""
    last: list[dict[str, Any]] = []
    for _ in range(count):
        last = it.tick()["Outcomes"]
        it.finish()
        it.advance(step)
    return last


def newest(it: World, group: str = GROUP) -> Any:
    return it.region.activities_of(it.region.groups[group])[-1]
