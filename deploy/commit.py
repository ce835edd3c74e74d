"""Another commit or tag of this clone, in a tree of its own."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from deploy.ready import NotReady
from deploy.variables import MAY_BE_EMPTY, ROOT, variables_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def tree_of(commit: str, environ: dict[str, str]) -> Iterator[Path]:
    """Give the commit's tree; this one stays as it is."""
    git = shutil.which("git", path=environ.get("PATH"))
    if git is None or not commit:
        message = "say which commit or tag, in a git clone: make rollback TO=HEAD~1"
        raise NotReady(message)
    known = [git, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{commit}}"]
    done = subprocess.run(known, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603 — git
    there = done.stdout.strip()
    show = [git, "show", f"{there}:serverless.yml"]
    yml = subprocess.run(show, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603 — git
    if not there or yml.returncode:
        message = f"{commit} is no commit or tag of this clone that can be deployed"
        raise NotReady(message)
    lost = sorted(n for n in MAY_BE_EMPTY - variables_of(yml.stdout) if environ.get(n))
    if lost:
        names = ", ".join(lost)
        message = f"{commit} knows no {names}: to deploy it without, leave that empty in .env"
        raise NotReady(message)
    tree = ROOT / "build" / "rollback"
    shutil.rmtree(tree, ignore_errors=True)  # what an interrupted rollback has left
    add = [git, "worktree", "add", "--force", "--detach", str(tree), there]
    subprocess.run(add, cwd=ROOT, check=True)  # noqa: S603 — git, with a commit of this clone
    try:
        yield tree
    finally:
        drop = [git, "worktree", "remove", "--force", str(tree)]
        subprocess.run(drop, cwd=ROOT, check=True)  # noqa: S603 — git
