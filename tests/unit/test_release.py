"""What `make release` makes: the same in any folder, whole, and only of what is committed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.variables import ROOT
from layers import release
from layers.version import version
from tests.contract.terraform_calls import COMPUTED, GIVEN
from tests.contract.terraform_module import Module
from tests.unit.clones import GIT, committed, git, offline
from tests.unit.zips import FUNCTIONS, LAYERS, build_twice

VERSION = version(ROOT)
PARTS = {*LAYERS, *FUNCTIONS}


class Released(NamedTuple):
    first: Path
    second: Path


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Released:
    """Release a commit twice, as two people would who have nothing else in common."""
    built = build_twice(tmp_path_factory.getbasetemp())
    folder = tmp_path_factory.mktemp("release")
    first = committed(folder / "here")
    second = folder / "in another folder/with a longer name"
    copy = [*GIT, "clone", "-q", str(first), str(second)]
    subprocess.run(copy, umask=0o077, check=True, capture_output=True)
    for path in second.rglob("*"):
        os.utime(path, (10**9, 10**9))
    others = (
        (first, 0o022, {"TZ": "UTC", "PYTHONHASHSEED": "1"}),
        (second, 0o077, {"TZ": "Asia/Shanghai", "PYTHONHASHSEED": "2", "LC_ALL": "C"}),
    )
    for root, umask, own in others:
        command = [sys.executable, "layers/release.py"]
        environ = offline(built, **own)
        subprocess.run(command, cwd=root, env=environ, umask=umask, check=True)
    return Released(first / "dist", second / "dist")


def test_the_same_commit_gives_the_same_bytes_wherever_and_whenever(released: Released) -> None:
    first, second = (
        {path.name: path.read_bytes() for path in folder.iterdir()} for folder in released
    )
    assert first == second


def test_it_has_the_zips_the_bill_the_module_and_their_sums(released: Released) -> None:
    names = {path.name for path in released.first.iterdir()}
    zips = {f"{part}-{VERSION}.zip" for part in (*PARTS, "terraform")}
    assert names == {*zips, f"sbom-{VERSION}.json", "SHA256SUMS"}
    lines = (released.first / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert sums.keys() == names - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((released.first / name).read_bytes()).hexdigest() == digest


def test_the_bill_says_of_which_version_it_is(released: Released) -> None:
    bill = json.loads((released.first / f"sbom-{VERSION}.json").read_text(encoding="utf-8"))
    assert bill["metadata"]["component"]["version"] == VERSION


def test_the_module_brings_its_zips(released: Released, tmp_path: Path) -> None:
    with zipfile.ZipFile(released.first / f"terraform-{VERSION}.zip") as archive:
        archive.extractall(tmp_path)
    to_fill_in = ("REGION", "COS_BUCKET", "WEBHOOK_SECRET", "STATUS_SECRET")
    module = Module({name.lower(): GIVEN[name] for name in to_fill_in}, COMPUTED, tmp_path)
    packages = module.scope["local"]["zips"]
    assert packages.keys() == PARTS
    for part, path in packages.items():
        zipped = (released.first / f"{part}-{VERSION}.zip").read_bytes()
        assert Path(path).read_bytes() == zipped
        assert hashlib.sha256(zipped).hexdigest()[:16] in path
    assert module.resources()
    assert {"README.md", "LICENSE", "examples/two-regions/main.tf"} <= {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        git(tmp_path, *command)
    return tmp_path


def test_what_is_in_no_commit_is_no_release(root: Path) -> None:
    release.check(root)
    (root / "new.py").write_text("")
    with pytest.raises(release.NotReleased, match="in no commit"):
        release.check(root)


def test_a_tag_is_of_the_version(root: Path) -> None:
    git(root, "tag", "v99.0.0")
    with pytest.raises(release.NotReleased, match=r"v99\.0\.0"):
        release.check(root)


def test_a_tag_has_its_section_in_the_changelog(root: Path) -> None:
    changelog = root / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    changelog.write_text(text.replace(f"## [{VERSION}]", "## [0]"), encoding="utf-8")
    git(root, "commit", "-qam", "without", "--allow-empty")
    git(root, "tag", f"v{VERSION}")
    with pytest.raises(release.NotReleased, match="no section"):
        release.check(root)
    changelog.write_text(f"{text}\n## [{VERSION}] - 2026-11-25\n", encoding="utf-8")
    git(root, "commit", "-qam", "with")
    git(root, "tag", "--force", f"v{VERSION}")
    release.check(root)


def test_the_changelog_keeps_its_form() -> None:
    """As https://keepachangelog.com/en/1.1.0/ says."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert sections[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", s) for s in sections[1:])
    kinds = set(re.findall(r"^### (.*)$", text, flags=re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_without_a_commit_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(release.NotReleased, match="made of a commit"):
        release.check(tmp_path)
