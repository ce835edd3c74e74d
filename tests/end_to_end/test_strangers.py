"""Any account can share an image with this one, unasked, under the name of a family."""

from __future__ import annotations

from typing import Any

import pytest

from tests.end_to_end.harness import World, tags

GROUP, ELSEWHERE = "asg-web00001", "200000000002"
FIRST, SECOND, THEIRS = "img-00000001", "img-00000002", "img-0000evil"


def fill(it: World) -> None:
    """A group that follows `web`; the newest image of that name is a stranger's."""
    it.make_image(FIRST)
    it.region.add_group(GROUP, image=FIRST, instances=2, tags=tags())
    it.make_image(SECOND)
    shared: Any = {"image_type": "SHARED_IMAGE", "image_creator": ELSEWHERE}
    it.region.add_image(THEIRS, family="web", created=it.cloud.clock.now(), **shared)
    it.advance(60)


pytestmark = pytest.mark.world(fill=fill)


def rolled(it: World) -> set[str]:
    """Tick until nothing goes on any more; gives what the group runs."""
    for _ in range(3):
        it.tick()
        it.finish()
    assert it.runs(GROUP) == {it.configured(GROUP)}
    return it.runs(GROUP)


def test_a_strangers_image_is_not_rolled_and_stops_no_image_of_ours(it: World) -> None:
    assert rolled(it) == {SECOND}


@pytest.mark.world(fill=fill, IMAGE_CREATORS="300000000003")
def test_another_account_that_is_listed_lets_no_third_one_in(it: World) -> None:
    assert rolled(it) == {SECOND}


@pytest.mark.parametrize("creators", [ELSEWHERE, "*"])
def test_what_a_listed_account_shares_is_rolled(it: World, creators: str) -> None:
    it.environ["IMAGE_CREATORS"] = creators
    assert rolled(it) == {THEIRS}


@pytest.mark.parametrize(
    "target", [{}, {"AutoScalingGroupId": GROUP}, {"AutoScalingGroupId": GROUP, "Force": True}]
)
def test_who_asks_for_a_strangers_image_is_refused(it: World, target: dict[str, Any]) -> None:
    event = it.publish("images/web.json", {"ImageId": THEIRS, **target})
    (refused,) = it.call("image_published", event)["Outcomes"]
    assert (refused["Outcome"], refused["Code"]) == ("refused", "ImageCreatorNotAllowed")
    assert it.cloud.writes() == []
    if target:
        status, document = it.post(ImageId=THEIRS, **target)
        assert (status, document["code"]) == (409, "ImageCreatorNotAllowed")
        status, document = it.post(ImageFamily="web", **target)
        assert document["Outcomes"][0]["ImageId"] == SECOND
