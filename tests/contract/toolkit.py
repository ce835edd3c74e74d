"""The vendor's npm library, installed once as its lock file says."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "serverless"


def run(script: str, given: dict[str, Any]) -> str:
    """Run one of the scripts; the test is skipped where the library can't be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not there: the vendor's library was not tried")
    with (FOLDER / "package.json").open() as lock:  # tests run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(npm)
    done = subprocess.run(
        [node, script],
        cwd=FOLDER,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return done.stdout


def _install(npm: str) -> None:
    lock, installed = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".installed"
    if installed.exists() and installed.read_bytes() == lock.read_bytes():
        return
    install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(install, cwd=FOLDER, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"npm could not install the vendor's library: {done.stderr[-300:]}")
    installed.write_bytes(lock.read_bytes())
