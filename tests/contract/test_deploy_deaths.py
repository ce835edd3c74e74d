"""A deploy that dies after any of its calls: the next run ends in the same place."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from deploy import resources
from deploy.client import Client
from deploy.functions import zip_file
from deploy.variables import derived
from tests.contract.deployment import (
    empty_cloud,
    put_there,
    standing,
    taken_away,
    tree,
    write_zip,
    zipped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NOTHING: dict[str, Any] = {"functions": {}, "layers": {}, "roles": {}, "policies": {}}


class Killed(BaseException):
    """The deploy died."""


class Dying(Client):
    """Dies after so many calls, or so many writes, their effects included."""

    def __init__(self, environ: Mapping[str, str], lives: int, *, writes: bool = False) -> None:
        super().__init__(environ)
        self.lives, self.writes = lives, writes

    def call(self, service: str, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        answer = super().call(service, action, params)
        self.lives -= not (self.writes and action.startswith(("Get", "List")))
        if self.lives == 0:
            raise Killed
        return answer


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with mock.patch.object(resources, "WAIT_S", 0.0):
        yield


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tree(tmp_path)


def test_killed_after_any_call_the_next_run_ends_in_the_same_place(root: Path) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, environ)
        wanted = standing(cloud)
    for lives in count(1):
        with empty_cloud() as (cloud, environ):
            dying = Dying(environ, lives)
            with suppress(Killed):
                put_there(root, environ, dying)
            put_there(root, environ)
            assert standing(cloud) == wanted, lives
        if dying.lives > 0:
            break
    assert lives > 30


def test_an_update_killed_after_any_call_is_ended_by_the_next_run(root: Path) -> None:
    wanted = None
    for lives in count(1):
        with empty_cloud() as (cloud, environ):
            put_there(first_build(root), environ)
            later = other_build(root, environ)
            dying = Dying(later, lives, writes=True)
            with suppress(Killed):
                put_there(root, later, dying)
            put_there(root, later)
            wanted = wanted or standing(cloud)
            assert standing(cloud) == wanted, lives
        if dying.lives > 0:
            break
    assert lives > 8


def first_build(root: Path) -> Path:
    write_zip(root, "layers/instance_refresh", {"instance_refresh.py": ""})
    write_zip(root, "functions/webhook", {"index.py": "import instance_refresh\n"})
    return root


def other_build(root: Path, environ: dict[str, str]) -> dict[str, str]:
    write_zip(root, "layers/instance_refresh", {"instance_refresh.py": "NEW = 1"})
    write_zip(root, "functions/webhook", {"index.py": "import instance_refresh as i\n"})
    cam = {"WEBHOOK_AUTH": "cam", "WEBHOOK_SECRET": "", "MANIFEST_PREFIX": "other/"}
    return derived({**environ, **cam})


def test_destroy_leaves_nothing_and_may_die_too(root: Path) -> None:
    for lives in count(1):
        with empty_cloud() as (cloud, environ):
            put_there(root, environ)
            Client(environ).call("scf", "PublishLayerVersion", older_layer())
            dying = Dying(environ, lives, writes=True)
            with suppress(Killed):
                taken_away(root, environ, dying)
            taken_away(root, environ)
            assert standing(cloud) == NOTHING, lives
        if dying.lives > 0:
            break
    assert lives == 1 + 4 + 4 + 3 + 12  # triggers, functions, versions, and for each role its three


@pytest.mark.parametrize("lives", range(1, 24, 4))
def test_a_deployment_that_is_half_deleted_is_made_whole(root: Path, lives: int) -> None:
    with empty_cloud() as (cloud, environ):
        put_there(root, environ)
        wanted = standing(cloud)
        with pytest.raises(Killed):
            taken_away(root, environ, Dying(environ, lives, writes=True))
        assert standing(cloud) != wanted
        put_there(root, environ)
        assert standing(cloud) == wanted


def older_layer() -> dict[str, Any]:
    content = zip_file(zipped({"instance_refresh.py": "OLD = 1"}))
    named = {"LayerName": "instance-refresh", "CompatibleRuntimes": ["Python3.10"]}
    return {**named, "Content": content}
