"""A fresh clone, deployed with `make` as the documents say, and then by the vendor's library."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from local.clock import ScaledClock
from tests.contract import toolkit
from tests.contract.deployment import empty_cloud, standing
from tests.contract.test_deploy_deaths import NOTHING
from tests.contract.test_deploy_toolkit import given, make_policies
from tests.unit.clones import committed, offline
from tests.unit.documents import blocks
from tests.unit.zips import build_twice

if TYPE_CHECKING:
    from pathlib import Path

EXPORTED = ("COS_BUCKET", "WEBHOOK_SECRET", "STATUS_SECRET")  # by `make cloud`, as they are here


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a clone whose environment for a deploy is this one, so that nothing is installed."""
    root = committed(tmp_path_factory.mktemp("fresh") / "clone")
    python = root / "build" / "deploy-venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (python.parents[1] / "installed").touch()
    return root


@pytest.fixture(scope="module")
def deployed(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Follow the document to its end, and give what stood in the cloud meanwhile."""
    wheels = offline(build_twice(tmp_path_factory.getbasetemp()))
    (script,) = (text for text in blocks("docs/local-cloud.md", "sh") if "make deploy" in text)
    with empty_cloud(ScaledClock(speed=1.0)) as (cloud, deployer):
        environ = {
            **wheels,
            **cloud.environment(),
            **{name: deployer[name] for name in EXPORTED},
            "TENCENTCLOUD_REGION": deployer["REGION"],
            "TENCENTCLOUD_SECRET_ID": deployer["TENCENT_SECRET_ID"],
            "TENCENTCLOUD_SECRET_KEY": deployer["TENCENT_SECRET_KEY"],
            "YES": "1",
        }

        def shell(script: str) -> str:
            command = ["sh", "-euc", script]
            done = subprocess.run(
                command, cwd=root, env=environ, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        assert "Looked again: all is there as described." in shell(script)
        found = standing(cloud)
        same = shell(f"{script.splitlines()[0]}\nmake deploy\nmake rollback TO=HEAD")
        assert same.count("22 left as they are") == 2
        assert standing(cloud) == found
        assert "22 removed" in shell(f"{script.splitlines()[0]}\nmake destroy")
        assert standing(cloud) == NOTHING
    return found


def test_the_document_leads_to_all_that_is_described(deployed: Any) -> None:
    assert {kind: len(named) for kind, named in deployed.items()} == {
        "functions": 4,
        "layers": 2,
        "roles": 4,
        "policies": 4,
    }


def test_the_vendors_library_leaves_the_same(root: Path, deployed: Any) -> None:
    with empty_cloud() as (cloud, environ):
        make_policies(root, environ)
        toolkit.run("deploy.js", given(root, cloud, environ))
        assert standing(cloud) == deployed
