"""The terminal command in this process, on a local cloud, for a group that follows a family."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from instance_refresh_command.main import main
from tests.end_to_end.harness import REGION, World, tags

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]

OLD, NEW, GROUP = "img-00000001", "img-00000002", "asg-web00001"


def one_group(it: World) -> None:
    it.make_image(OLD)
    it.region.add_group(
        GROUP, image=OLD, instances=4, auto_scaling_group_name="web", tags=tags(batch_size=1)
    )


def runner(it: World, capsys: pytest.CaptureFixture[str], home: Path) -> Run:
    """Give what runs the command as a user would, with keys of their own."""
    role = it.role
    environ = {
        "HOME": str(home),
        "AS_ENDPOINT": it.cloud.endpoint,
        "CVM_ENDPOINT": it.cloud.endpoint,
        "TENCENTCLOUD_REGION": REGION,
        "TENCENTCLOUD_SECRET_ID": role.secret_id,
        "TENCENTCLOUD_SECRET_KEY": role.secret_key,
        "TENCENTCLOUD_TOKEN": role.token,
    }

    def call(*arguments: str, **more: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with (
            mock.patch.dict("os.environ", environ | more, clear=True),
            mock.patch("sys.argv", ["instance-refresh", *arguments]),
            mock.patch("sys.stdin", io.StringIO()),  # as in a pipeline
            pytest.raises(SystemExit) as ended,
        ):
            main()
        told = capsys.readouterr()
        return int(str(ended.value.code)), told.out, told.err

    return call
