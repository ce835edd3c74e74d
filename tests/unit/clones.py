"""The tree as a fresh clone, and what a build in it needs where there is no network."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from deploy.variables import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.zips import Built

GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]


def git(root: Path, *command: str) -> None:
    subprocess.run([*GIT, *command], cwd=root, check=True, capture_output=True)


def committed(folder: Path) -> Path:
    """Copy the tree as it is into a repository, all of it committed."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "all")
    return folder


def offline(built: Built, **more: str) -> dict[str, str]:
    """Let pip find the wheels that it has brought already, by the same hashes."""
    found = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(built.first / "wheels")}
    return {**os.environ, **found, **more}
