"""Make what a release consists of: `python layers/release.py`, or `make release`.

Written to dist/: the zips, the bill of materials, the Terraform module with the zips in it, and
SHA256SUMS. The same commit gives the same bytes, in any folder.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from layers import build
from layers.packages import named_by_content
from layers.version import version

ROOT = build.ROOT
DIST = ROOT / "dist"
MODULE = ROOT / "deploy" / "terraform"


class NotReleased(Exception):
    """Says what keeps this tree from being a release."""


def main() -> int:
    try:
        check(ROOT)
        python = build.find_python(build.candidates())
        for path in release(build.build(python), build.BUILD / "sbom.json", DIST):
            print(f"{path.stat().st_size:>9,}  {path.relative_to(ROOT)}")  # noqa: T201 — a command
    except (NotReleased, build.BuildFailed, OSError) as error:
        print(f"release: {error}", file=sys.stderr)  # noqa: T201 — a command
        return 1
    return 0


def check(root: Path) -> None:
    """Refuse what could not be built again: a tree with changes, or a tag of another version."""
    if git(root, "status", "--porcelain"):
        message = "there are changes that are in no commit: commit them, or `git stash -u`"
        raise NotReleased(message)
    number = version(root)
    tags = [tag for tag in git(root, "tag", "--points-at", "HEAD").split() if tag.startswith("v")]
    if tags and f"v{number}" not in tags:
        message = f"this is tagged {', '.join(tags)}, and pyproject.toml says {number}"
        raise NotReleased(message)
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    if tags and f"## [{number}]" not in changelog:
        message = f"CHANGELOG.md has no section [{number}]"
        raise NotReleased(message)


def git(root: Path, *command: str) -> str:
    done = subprocess.run(  # noqa: S603 — git
        ["git", *command],  # noqa: S607 — the user's own
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"a release is made of a commit: {done.stderr.strip()}"
        raise NotReleased(message)
    return done.stdout.strip()


def release(zips: list[Path], materials: Path, to: Path) -> list[Path]:
    """Lay out a release, and give its files."""
    number = version(ROOT)
    build.clear(to)
    to.mkdir()
    for path in (*zips, materials):
        shutil.copyfile(path, to / f"{path.stem}-{number}{path.suffix}")
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder) / "terraform"
        shutil.copytree(MODULE, module, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
        shutil.copyfile(ROOT / "LICENSE", module / "LICENSE")
        named_by_content(zips, module / "packages")
        shutil.copyfile(build.pack(module), to / f"terraform-{number}.zip")
    files = sorted(to.iterdir())
    sums = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)
    (to / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    return [*files, to / "SHA256SUMS"]


if __name__ == "__main__":
    sys.exit(main())
