"""The vendor's library and `make deploy` leave the same in the cloud, field by field."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from deploy import description, plan, resources
from deploy.client import Client
from deploy.variables import ROOT
from tests.contract import toolkit
from tests.contract.deployment import (
    FUNCTIONS,
    REGION,
    empty_cloud,
    planned,
    put_there,
    standing,
    taken_away,
    tree,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.cloud import Cloud

CODE = "code-1250000000"


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with mock.patch.object(resources, "WAIT_S", 0.0):
        yield


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tree(tmp_path)


def given(root: Path, cloud: Cloud, environ: dict[str, str]) -> dict[str, Any]:
    """Fill the files in as the vendor's CLI does, and upload the zips as it does."""
    described = description.described(root, environ)
    cloud.cos.create_bucket(CODE, REGION)
    for layer in described.layers:
        cloud.cos.put(CODE, f"{layer.name}.zip", layer.package)
    for function, name in zip(described.functions, FUNCTIONS, strict=True):
        cloud.cos.put(CODE, f"{name}.zip", function.package)
    functions = description.filled_in_yml(root / "serverless.yml", environ)
    for own in functions["inputs"]["functions"].values():
        own["environments"] = [each for each in own["environments"] if each["value"]]
    functions["inputs"]["layers"] = [{"name": layer.name} for layer in described.layers]
    keys = {"SecretId": environ["TENCENT_SECRET_ID"], "SecretKey": environ["TENCENT_SECRET_KEY"]}
    return {
        "endpoint": cloud.endpoint.removeprefix("http://"),
        "credentials": keys,
        "region": REGION,
        "bucket": CODE,
        "roles": [{"name": role.name, "trust": role.trust} for role in described.roles],
        "layers": [{"inputs": {**each.inputs, "name": each.name}} for each in described.layers],
        "functions": functions,
        "first": True,
    }


def make_policies(root: Path, environ: dict[str, str]) -> None:
    """Make the policies as the deploy section says for this way; the library can't."""
    for role in description.described(root, environ).roles:
        asked = {"PolicyName": role.name, "PolicyDocument": json.dumps(role.policy)}
        Client(environ).call("cam", "CreatePolicy", asked)


def test_both_ways_leave_the_same(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, environ)
        by_python = standing(cloud)
    with empty_cloud() as (cloud, environ):
        make_policies(root, environ)
        toolkit.run("deploy.js", given(root, cloud, environ))
        assert standing(cloud) == by_python


def test_each_way_goes_on_where_the_other_was(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, environ)
        wanted = standing(cloud)
        toolkit.run("deploy.js", {**given(root, cloud, environ), "first": False})
        again = standing(cloud)
        assert {**again, "layers": {}} == {**wanted, "layers": {}}
        steps = plan.changes(planned(root, environ))
        assert [step.resource.kind for step in steps] == []
        taken_away(root, environ)
        assert not any(standing(cloud).values())
    assert root != ROOT
