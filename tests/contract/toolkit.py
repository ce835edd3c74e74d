"""What the tests run on node: npm packages, installed once as their lock file says."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

VENDORS = Path(__file__).parent / "serverless"
FORMATS = Path(__file__).parent / "formats"


def run(script: str, given: dict[str, Any], folder: Path = VENDORS) -> str:
    """Run one of a folder's scripts; the test is skipped where its packages can't be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip(f"node and npm are not there: {folder.name}/{script} was not run")
    with (folder / "package.json").open() as lock:  # tests run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(npm, folder)
    done = subprocess.run(
        [node, script],
        cwd=folder,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return done.stdout


def _install(npm: str, folder: Path) -> None:
    lock, installed = folder / "package-lock.json", folder / "node_modules" / ".installed"
    if installed.exists() and installed.read_bytes() == lock.read_bytes():
        return
    install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"npm could not install {folder.name}/: {done.stderr[-300:]}")
    installed.write_bytes(lock.read_bytes())
