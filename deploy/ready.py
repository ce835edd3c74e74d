"""What must be there before anything is done, and what the roles may do."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from deploy.policies import of_function
from deploy.variables import (
    ROOT,
    invalid,
    missing,
    needed,
    needed_by_roles,
    read_variables,
    unknown,
)

if TYPE_CHECKING:
    from pathlib import Path


class NotReady(Exception):
    """Names everything that is missing, each with its remedy."""


def stop_if(wrong: list[str]) -> None:
    if wrong:
        raise NotReady("\n  ".join(["not everything is there yet.", *wrong]))


def check(environ: dict[str, str], *more: str) -> None:
    """Stop, and name all that is missing or wrong."""
    wrong = missing(environ, needed()) or invalid(environ)
    stop_if([*wrong, *unknown(read_variables(ROOT / ".env")), *more])


def build(environ: dict[str, str], root: Path) -> None:
    """Make the zips of a tree."""
    command = [sys.executable, str(root / "layers" / "build.py")]
    subprocess.run(command, env=environ, check=True)  # noqa: S603 — our own build


def write_policies(environ: dict[str, str]) -> None:
    """Write each role's policy to build/role/, and name the files."""
    stop_if(missing(environ, needed_by_roles() | {"COS_BUCKET", "ALLOWED_ACTIONS"}))
    folder = ROOT / "build" / "role"
    folder.mkdir(parents=True, exist_ok=True)
    for template in sorted((ROOT / "role").glob("*.json")):
        policy = json.loads(template.read_text(encoding="utf-8"))
        document = of_function(template.stem, policy, environ)
        path = folder / template.name
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        print(path.relative_to(ROOT))  # noqa: T201 — a command
