"""What `make build` and `make deploy` make, running in the local cloud under its own roles."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from deploy import deploy, description, plan, resources
from deploy.client import Client
from deploy.triggers import url_of
from deploy.try_out import call, try_out
from local.clock import ScaledClock
from local.cloud import Cloud
from local.timing import Timing
from tests.contract.deployment import BUCKET, REGION, tree, variables
from tests.end_to_end.harness import tags
from tests.unit.zips import build_twice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GROUP = "asg-web00001"
PREFIX = "refresh-prod-instance-refresh"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a tree with the description and the zips of `make build`."""
    root = tree(tmp_path_factory.mktemp("tree"))
    shutil.rmtree(root / "build")
    made = build_twice(tmp_path_factory.getbasetemp())
    (root / "build").symlink_to(made.first)
    return root


@contextmanager
def deployed(root: Path, **settings: str) -> Iterator[tuple[Cloud, dict[str, str]]]:
    timing = Timing().faster(2000)
    with (
        Cloud(clock=ScaledClock(speed=1.0), timing=timing) as cloud,
        mock.patch.object(deploy, "build"),
        mock.patch.object(resources, "WAIT_S", 0.0),
    ):
        cloud.cos.create_bucket(BUCKET, REGION)
        region = cloud.region(REGION)
        region.add_image("img-00000001", family="web")
        region.add_group(GROUP, image="img-00000001", instances=4, tags=tags())
        environ = variables(cloud, **settings)
        deploy.deploy_tree(environ, root)
        yield cloud, environ


def until(true: Callable[[], bool], what: str) -> None:
    last = time.monotonic() + 60
    while not true():
        assert time.monotonic() < last, what
        time.sleep(0.1)


def runs(cloud: Cloud) -> set[str]:
    with cloud.lock:
        region = cloud.region(REGION)
        return {instance.image_id for instance in region.instances_of(region.groups[GROUP])}


def statuses(cloud: Cloud) -> dict[str, set[int]]:
    """Give how each function's invocations ended."""
    running = cloud.functions(REGION).running
    assert running
    found: dict[str, set[int]] = {}
    for done in running.invocations:
        found.setdefault(done.function, set()).add(done.status)
    return found


def test_a_manifest_a_tick_and_a_call_from_the_deployed_zips(
    built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with deployed(built, SCHEDULE_CRON="*/2 * * * * * *") as (cloud, environ):
        said = capsys.readouterr().out
        assert "Looked again: all is there as described." in said
        assert "webhook, a dry run at http://127.0.0.1" in said
        assert ": 404, refused, NoGroupMatches\n" in said
        assert "schedule, a dry run: refused, NoGroupMatches\n" in said
        assert "none of its manifests: Ignored" in said
        region = cloud.region(REGION)

        region.add_image("img-00000002")
        manifest = {"AutoScalingGroupId": GROUP, "ImageId": "img-00000002"}
        cloud.cos.put(BUCKET, "manifests/web.json", json.dumps(manifest).encode())
        until(lambda: runs(cloud) == {"img-00000002"}, "the manifest rolls the group")

        region.add_image("img-00000003", family="web")
        until(lambda: runs(cloud) == {"img-00000003"}, "a tick rolls the group")

        region.add_image("img-00000004")
        asked = {"AutoScalingGroupId": GROUP, "ImageId": "img-00000004"}
        url = url_of(Client(environ), f"{PREFIX}-webhook")
        until(
            lambda: call(url, json.dumps(asked), environ).what == "202, started", "a call starts it"
        )
        until(lambda: runs(cloud) == {"img-00000004"}, "the call rolls the group")
        assert statuses(cloud) == {
            f"{PREFIX}-{name}": {200}
            for name in ("webhook", "image_published", "schedule", "status")
        }
        own = {call.secret_id for call in cloud.calls if call.service in ("as", "cvm", "cos")}
        assert own <= cloud.access.sessions.keys()


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        (1, "as:StartInstanceRefresh"),
        (2, "as:ModifyLaunchConfigurationAttributes"),
        (0, "cvm:DescribeImages"),
    ],
)
def test_a_permission_taken_from_a_role_is_noticed(built: Path, statement: int, names: str) -> None:
    with deployed(built) as (cloud, environ):
        cloud.region(REGION).add_image("img-00000002")
        policy = cloud.access.policy_named("instance-refresh-webhook")
        assert policy
        policy.document["statement"][statement]["action"].remove(f"name/{names}")
        url = url_of(Client(environ), f"{PREFIX}-webhook")
        asked: Any = {"AutoScalingGroupId": GROUP, "ImageId": "img-00000002"}
        assert "Unauthorized" in call(url, json.dumps(asked), environ).what
        assert runs(cloud) == {"img-00000001"}


def test_a_role_is_for_its_regions_and_groups_alone(built: Path) -> None:
    settings = {"AUTO_SCALING_GROUPS": "asg-other001"}
    with deployed(built, **settings) as (cloud, environ):
        cloud.region(REGION).add_image("img-00000002")
        url = url_of(Client(environ), f"{PREFIX}-webhook")
        asked = {"AutoScalingGroupId": GROUP, "ImageId": "img-00000002"}
        assert "Unauthorized" in call(url, json.dumps(asked), environ).what
        there = {**asked, "Region": "ap-shanghai"}
        assert "RegionNotAllowed" in call(url, json.dumps(there), environ).what


def test_what_stands_there_and_does_not_work_is_said(built: Path) -> None:
    with deployed(built) as (cloud, environ):
        for policy in cloud.access.policies.values():
            policy.document["statement"][0]["action"] = ["name/as:DescribeRefreshActivities"]
        described = description.described(built, environ)
        answers = list(try_out(described, Client(environ), environ))
        assert [answer.works for answer in answers] == [False, False, True, False]
        other = {**environ, "WEBHOOK_SECRET": "whsec_" + 10 * "efgh"}
        first = next(iter(try_out(described, Client(other), other)))
        assert (first.what.rpartition(": ")[2], first.works) == ("401, Unauthorized", False)
        with (
            mock.patch.object(plan, "to_deploy", return_value=[]),
            pytest.raises(resources.Stopped, match="DOES NOT WORK"),
        ):
            deploy.look(environ, built, Client(environ))
