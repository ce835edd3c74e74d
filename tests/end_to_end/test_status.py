"""Where everything stands: what the status says, who may look, and what it costs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from instance_refresh.contract import check
from instance_refresh.link import status_link
from local.webhook import signature
from tests.end_to_end.harness import SECRET, World, answering, tags, world

OLD, NEW, BAD = "img-00000001", "img-00000002", "img-00000003"
GROUP = "asg-web00001"


def group_of(document: dict[str, Any], name: str = GROUP) -> dict[str, Any]:
    (found,) = [one for one in document["Groups"] if one.get("AutoScalingGroupId") == name]
    return found  # type: ignore[no-any-return]


def one_group(it: World, **policy: object) -> None:
    it.make_image(OLD)
    it.region.add_group(GROUP, image=OLD, instances=4, tags=tags(**policy))


pytestmark = pytest.mark.world(fill=one_group)


def test_a_group_that_is_due_then_refreshes_then_is_done(it: World) -> None:
    it.make_image(NEW)
    row = group_of(it.status())
    assert (row["State"], row["NextLook"], row["WaitsFor"]) == (
        "due",
        "started",
        {"For": "NextLook"},
    )
    assert [(one["ImageId"], one["Instances"]) for one in row["ImageNow"]] == [(OLD, 4)]
    assert row["ImageToCome"]["ImageId"] == NEW
    assert it.cloud.writes() == []
    it.tick()
    it.advance(100)
    document = it.status()
    row, (family,) = group_of(document), document["Families"]
    assert (row["State"], row["WaitsFor"]) == ("in_progress", {"For": "Batch"})
    assert row["Activity"]["Status"] == "RUNNING"
    assert 0 < row["Activity"]["Done"] < row["Activity"]["Of"] == 4
    assert row["Activity"]["EndsAt"] > document["Time"]
    assert {one["ImageId"] for one in row["ImageNow"]} == {OLD, NEW}
    assert family["InstancesOnNewest"] == row["Activity"]["Done"]
    assert [held["AutoScalingGroupId"] for held in family["HeldBy"]] == [GROUP]
    it.finish()
    document = it.status()
    row, (family,) = group_of(document), document["Families"]
    assert (row["State"], document["NeedSomeone"]) == ("already_current", 0)
    assert "WaitsFor" not in row
    assert (family["Share"], family.get("HeldBy")) == (1, None)


def test_what_failed_is_said_in_the_platforms_words_with_what_happens_then(it: World) -> None:
    it.make_image(NEW)
    it.cloud.faults.fail_image(NEW)
    it.tick()
    it.finish()
    row = group_of(it.status())
    assert row["Activity"]["Status"] == "FAILED_PAUSE"
    assert row["Activity"]["FailedInstances"]
    assert row["Activity"]["FailedInstances"][0] in row["Activity"]["PlatformWords"][0]
    assert (row["WaitsFor"]["For"], row["WaitsFor"]["Then"]) == ("PauseLimit", "alert")
    it.advance(3600)
    document = it.status()
    row = group_of(document)
    assert (row["State"], row["Code"], row["Urgent"]) == ("attention", "RefreshPaused", True)
    assert (row["WaitsFor"], document["NeedSomeone"]) == ({"For": "Person"}, 1)
    assert row["Remedy"]


@pytest.mark.world(fill=lambda it: one_group(it, bake="10m", batch_size=1))
def test_a_bake_is_waited_for_until_it_ends(it: World) -> None:
    it.make_image(NEW)
    it.tick()
    it.finish()
    row = group_of(it.status())
    assert row["Activity"]["Status"] == "AUTO_PAUSE"
    assert row["WaitsFor"]["For"] == "Bake"
    assert row["WaitsFor"]["Until"] > row["Since"]
    assert row["Activity"]["EndsAt"] > row["WaitsFor"]["Until"]
    it.advance(700)
    assert group_of(it.status())["NextLook"] == "resumed"


@pytest.mark.world(fill=lambda it: one_group(it, window="Mon-Sun 02:00-03:00 UTC"))
def test_a_window_is_waited_for_until_it_opens(it: World) -> None:
    it.make_image(NEW)
    document = it.status()
    row = group_of(document)
    assert (row["State"], row["Code"], row["WaitsFor"]["For"]) == (
        "queued",
        "WindowClosed",
        "Window",
    )
    assert row["WaitsFor"]["Until"].endswith("T02:00:00Z")


def two_rings(it: World) -> None:
    one_group(it, bake="10m")
    it.region.add_group("asg-web00002", image=OLD, instances=2, tags=tags(ring=1))
    it.region.add_group("asg-web00003", image=OLD, instances=2, tags=tags(hold="freeze (ops)"))


@pytest.mark.world(fill=two_rings)
def test_a_ring_waits_for_the_one_below_and_a_hold_for_its_release(it: World) -> None:
    it.make_image(NEW)
    document = it.status()
    assert group_of(document, "asg-web00002")["WaitsFor"] == {"For": "Ring"}
    assert group_of(document, "asg-web00003")["WaitsFor"] == {"For": "Release"}
    (family,) = document["Families"]
    assert (family["Ring"], family["Groups"], family["Share"]) == (0, 3, 0)
    assert {h["AutoScalingGroupId"] for h in family["HeldBy"]} == {GROUP, "asg-web00003"}


def test_images_to_keep_are_listed_with_why(it: World) -> None:
    it.make_image(NEW)
    it.tick()
    it.finish()
    images = {one["ImageId"]: one["Why"] for one in it.status()["Images"]}
    assert images == {OLD: ["before"], NEW: ["runs", "configured", "newest"]}


def test_a_group_that_follows_nothing_is_shown_while_it_refreshes_or_when_named(it: World) -> None:
    it.region.add_group("asg-other001", image=OLD, instances=2, tags={"app": "shop"})
    assert [one["AutoScalingGroupId"] for one in it.status()["Groups"]] == [GROUP]
    row = group_of(it.status(("group", "asg-other001")), "asg-other001")
    assert (row["State"], "NextLook" in row, "WaitsFor" in row) == ("idle", False, False)
    assert it.post(AutoScalingGroupId="asg-other001", ImageId=OLD, Force=True)[0] == 202
    row = group_of(it.status(), "asg-other001")
    assert (row["State"], row["Activity"]["Status"]) == ("in_progress", "INIT")


def test_groups_are_found_by_family_id_and_tag(it: World) -> None:
    it.region.add_image("img-0000000a", family="api")
    more = {**tags(image_family="api"), "app": "shop"}
    it.region.add_group("asg-api00001", image="img-0000000a", instances=2, tags=more)
    it.region.add_group(
        "asg-api00002", image="img-0000000a", instances=2, tags=tags(image_family="api")
    )

    def shown(*pairs: tuple[str, str]) -> list[str]:
        return [one["AutoScalingGroupId"] for one in it.status(*pairs)["Groups"]]

    assert shown(("family", "web")) == [GROUP]
    assert shown(("family", "api")) == ["asg-api00001", "asg-api00002"]
    assert shown(("tag", "app=shop")) == ["asg-api00001"]
    assert shown(("group", "asg-api00002"), ("group", GROUP)) == ["asg-api00002", GROUP]
    document = it.status(("group", GROUP), ("group", "asg-nosuch01"))
    assert group_of(document, "asg-nosuch01")["Code"] == "GroupNotFound"
    assert document["ImagesOfAllGroups"] is False


@pytest.mark.parametrize(("follows", "code"), [(True, "CapReached"), (False, None)])
def test_a_refresh_of_another_family_takes_a_place_and_one_of_none_does_not(
    it: World, follows: bool, code: str | None
) -> None:
    it.environ["MAX_REFRESHING"] = "1"
    it.region.add_image("img-0000000a", family="api")
    own = tags(image_family="api") if follows else {}
    it.region.add_group("asg-api00001", image=OLD, instances=2, tags=own)
    assert it.post(AutoScalingGroupId="asg-api00001", ImageId="img-0000000a")[0] == 202
    it.make_image(NEW)
    rows = [group_of(it.status(*pairs)) for pairs in ((), (("family", "web"),))]
    assert [row.get("Code") for row in rows] == [code, code]


def test_a_group_that_is_done_says_since_when_however_it_is_asked_for(it: World) -> None:
    it.make_image(NEW)
    it.tick()
    it.finish()
    whole = group_of(it.status())
    assert whole["Since"]
    assert group_of(it.status(("family", "web"))) == whole == group_of(it.status(("group", GROUP)))


@pytest.mark.parametrize(
    ("pair", "status", "code", "said"),
    [
        (("famly", "web"), 400, "InvalidInput", "family, group, region, tag"),
        (("tag", "app"), 400, "InvalidInput", "key=value"),
        (("group", "web"), 400, "InvalidInput", "asg-"),
        (("region", "the moon"), 400, "InvalidInput", "ap-guangzhou"),
        (("region", "ap-shanghai"), 403, "RegionNotAllowed", "not one that is served"),
        (("family", "nobody"), 404, "NoFollower", "nobody"),
        (("tag", "app=none"), 404, "NoGroupMatches", "app=none"),
        (("group", "asg-nosuch01"), 404, "GroupNotFound", "asg-nosuch01"),
    ],
)
def test_what_can_not_be_answered_says_why(
    it: World, pair: tuple[str, str], status: int, code: str, said: str
) -> None:
    it.environ["ALLOWED_REGIONS"] = "ap-guangzhou"
    answer = it.look(pair)
    document = json.loads(answer["body"])
    assert (answer["statusCode"], document["code"]) == (status, code)
    assert said in answer["body"]
    assert document["remedy"]


def test_a_tag_that_can_not_be_read_is_a_row(it: World) -> None:
    it.region.add_group("asg-web00002", image=OLD, instances=2, tags=tags(ring="first"))
    document = it.status()
    row = group_of(document, "asg-web00002")
    assert (row["State"], row["Code"], row["WaitsFor"]) == (
        "refused",
        "InvalidTag",
        {"For": "Person"},
    )
    assert group_of(document)["State"] == "already_current"


@pytest.mark.parametrize(
    ("action", "objects", "names"),
    [
        ("DescribeLaunchConfigurations", "LaunchConfigurationSet", "asc-"),
        ("DescribeAutoScalingInstances", "AutoScalingInstanceSet", "asg-web00002"),
    ],
)
def test_a_group_that_can_not_be_read_is_a_row_and_the_others_are_shown(
    it: World, action: str, objects: str, names: str
) -> None:
    for number in (2, 3):
        it.region.add_group(f"asg-web0000{number}", image=OLD, instances=2, tags=tags())
    broken = it.region.groups["asg-web00002"].launch_configuration_id

    def changed(answer: Any, region: Any, parameters: Any) -> dict[str, Any]:
        whole: dict[str, Any] = answer(region, parameters)
        spoiled = [
            {**item, "ImageId": 7, "InstanceId": None}
            if broken in str(item) or "asg-web00002" in str(item)
            else item
            for item in whole[objects]
        ]
        return whole | {objects: spoiled}

    with answering(action, changed):
        document = it.status()
    row = group_of(document, "asg-web00002")
    assert (row["State"], row["Code"]) == ("failed", "InvalidAnswer")
    assert names
    assert {group_of(document, n)["State"] for n in (GROUP, "asg-web00003")} == {"already_current"}
    assert document["ImagesOfAllGroups"] is False


def event(url: str, **headers: str) -> dict[str, Any]:
    parts = urlsplit(url)
    query = {n: v[0] for n, v in parse_qs(parts.query, keep_blank_values=True).items()}
    return {"httpMethod": "GET", "path": parts.path, "headers": headers, "queryString": query}


BASE = "https://status.example/"
OTHER = "whsec_" + 8 * "AAAA"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _: BASE, id="unsigned"),
        pytest.param(lambda url: url.replace("family=web", "family=api"), id="other family"),
        pytest.param(lambda url: url.replace("family=web", ""), id="no family"),
        pytest.param(lambda url: url + "&tag=a%3Db", id="more"),
        pytest.param(lambda url: url.replace("expires=", "expires=9"), id="longer"),
        pytest.param(lambda url: url.replace("example/", "example/other"), id="other path"),
        pytest.param(lambda url: url[:-1] + ("A" if url[-1] != "A" else "Q"), id="other signature"),
        pytest.param(lambda url: url.partition("&signature")[0], id="no signature"),
        pytest.param(lambda url: url.partition("?")[0] + "?signature=", id="empty signature"),
    ],
)
def test_a_link_that_was_altered_is_worth_nothing(it: World, change: Any) -> None:
    ends = it.cloud.clock.now().replace(year=2030)
    url = status_link(BASE, SECRET, ends, [("family", "web")])
    assert it.call("status", event(url))["statusCode"] == 200
    calls = len(it.cloud.calls)
    answer = it.call("status", event(change(url)))
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (401, "Unauthorized")
    assert len(it.cloud.calls) == calls


@pytest.mark.parametrize("lasts", [0, -1, -86400])
def test_a_link_that_has_ended_is_worth_nothing(it: World, lasts: float) -> None:
    assert it.look(lasts=lasts)["statusCode"] == 401
    assert it.look(secret=OTHER)["statusCode"] == 401
    assert it.cloud.calls == []


def test_a_signature_given_twice_is_worth_nothing(it: World) -> None:
    url = status_link(BASE, SECRET, it.cloud.clock.now().replace(year=2030))
    twice = event(url)
    twice["queryString"]["signature"] = [twice["queryString"]["signature"], "x"]
    assert it.call("status", twice)["statusCode"] == 401


def test_without_a_secret_nobody_may_look(it: World) -> None:
    for secret in ("", "whsec_short"):
        it.environ["STATUS_SECRET"] = secret
        assert it.look()["statusCode"] == 401
    assert it.cloud.calls == []


def test_whom_cam_lets_through_may_look(it: World) -> None:
    it.environ |= {"STATUS_SECRET": "", "STATUS_AUTH": "cam"}
    assert it.call("status", event(BASE))["statusCode"] == 200
    it.environ["STATUS_SECRET"] = SECRET  # the URL may still be open
    assert it.call("status", event(BASE))["statusCode"] == 401


def test_a_signed_call_may_look_for_five_minutes(it: World) -> None:
    now = it.cloud.clock.now()
    signed = signature(SECRET, "family=web&tag=app%3Dshop", now)
    call = event(BASE + "?tag=app%3Dshop&family=web", **signed)
    assert it.call("status", call)["statusCode"] == 200
    for other in ("", "?family=web", "?tag=app%3Dshop&family=api", "?tag=app%3Dweb&family=web"):
        assert it.call("status", event(BASE + other, **signed))["statusCode"] == 401
    assert it.call("status", event(BASE, **signature(SECRET, "", now)))["statusCode"] == 200
    it.advance(301)
    assert it.call("status", call)["statusCode"] == 401
    stranger = signature(OTHER, "", it.cloud.clock.now())
    assert it.call("status", event(BASE, **stranger))["statusCode"] == 401


def test_only_get_is_served(it: World) -> None:
    answer = it.call("status", {**event(BASE), "httpMethod": "POST"})
    assert (answer["statusCode"], answer["headers"]["Allow"]) == (405, "GET")
    assert it.cloud.calls == []


def test_an_api_that_fails_is_a_problem_with_a_remedy(it: World) -> None:
    it.cloud.faults.inject("DescribeAutoScalingGroups", "denied", times=None)
    answer = it.look(accept="text/html")
    assert answer["statusCode"] == 502
    assert json.loads(answer["body"])["remedy"]


def test_a_family_costs_what_it_needs() -> None:
    groups, families = 40, 4
    with world() as it:
        for number in range(families):
            it.region.add_image(f"img-0000000{number}", family=f"f{number}")
        for number in range(groups):
            family = number % families
            it.region.add_group(
                f"asg-{number:08}",
                image=f"img-0000000{family}",
                instances=30,
                tags=tags(image_family=f"f{family}"),
            )
        it.status(("family", "f0"))
        asked = json.dumps([call.params for call in it.cloud.calls])
        for number, name in enumerate(sorted(it.region.groups)):
            assert (name in asked) is (number % families == 0)
        own = {i.instance_id for g in list(it.region.groups)[::families] for i in it.members(g)}
        read = [
            c.params.get("InstanceIds", [])
            for c in it.cloud.calls
            if c.action == "DescribeInstances"
        ]
        assert {name for some in read for name in some} == own


FAR = "ap-shanghai"


def two_regions(it: World) -> None:
    far = it.cloud.region(FAR)
    far.add_image(NEW, family="far", created=it.cloud.clock.now() - timedelta(hours=1))
    far.add_group("asg-far00001", image=NEW, instances=2, tags=tags(image_family="far"))
    one_group(it)


def regions_of(it: World, *pairs: tuple[str, str]) -> dict[str, Any]:
    answer = it.look(*pairs)
    assert answer["statusCode"] == 200, answer
    document = check("status", json.loads(answer["body"]), "the status")
    return {one["Region"]: one for one in document["Regions"]}


@pytest.mark.world(fill=two_regions, REGIONS=f"ap-guangzhou,{FAR}")
def test_every_region_that_the_schedule_looks_after_is_shown(it: World) -> None:
    found = regions_of(it)
    assert list(found) == ["ap-guangzhou", FAR]
    assert group_of(found[FAR], "asg-far00001")["State"] == "already_current"
    assert group_of(found["ap-guangzhou"])
    assert list(regions_of(it, ("family", "far"))) == [FAR]
    assert list(regions_of(it, ("region", FAR))) == [FAR]
    assert list(regions_of(it, ("group", GROUP))) == ["ap-guangzhou"]
    page = it.look(accept="text/html")["body"]
    assert "Rollouts in ap-guangzhou, ap-shanghai" in page
    assert all(name in page for name in (GROUP, "asg-far00001"))


@pytest.mark.world(
    fill=two_regions, REGIONS=f"ap-nowhere,{FAR}", ALLOWED_REGIONS=f"ap-guangzhou,{FAR}"
)
def test_a_region_that_can_not_be_read_is_named_beside_the_others(it: World) -> None:
    found = regions_of(it)
    assert found["ap-nowhere"]["Code"] == "RegionNotAllowed"
    assert group_of(found[FAR], "asg-far00001")
    page = it.look(accept="text/html")["body"]
    assert "RegionNotAllowed" in page
    assert "asg-far00001" in page
    it.environ["REGIONS"] = "ap-nowhere,ap-neverwas"
    answer = it.look()
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (403, "RegionNotAllowed")
