"""The zips under names that say what is in them, as the Terraform module takes them."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LENGTH = 16  # of a hash in a name: deploy/terraform/main.tf looks for as many


def named_by_content(zips: list[Path], to: Path) -> list[Path]:
    """Copy the zips into a fresh folder, each with its hash in its name.

    Terraform's provider looks whether the path has changed, never whether the file has.
    """
    if to.exists():
        shutil.rmtree(to)
    to.mkdir(parents=True)
    paths = []
    for zipped in zips:
        digest = hashlib.sha256(zipped.read_bytes()).hexdigest()
        paths.append(to / f"{zipped.stem}-{digest[:_LENGTH]}.zip")
        shutil.copyfile(zipped, paths[-1])
    return paths
