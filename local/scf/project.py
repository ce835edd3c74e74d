"""This project's own functions, and what the platform merges at /opt for them."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.scf.function import Credentials
    from local.scf.platform import Platform

ROOT = Path(__file__).resolve().parents[2]
# The tree's own, where the installed packages stand for the layer of dependencies; or what MOUNTED
# holds: the zips of `make build`, unpacked as SCF mounts them.
MOUNTED = os.environ.get("MOUNTED")
CODE = Path(MOUNTED) if MOUNTED else ROOT
FUNCTIONS = CODE / "functions"
LAYER = CODE / "opt" if MOUNTED else ROOT / "layers" / "instance_refresh"
OPT = (LAYER,) if MOUNTED else (LAYER, Path(sysconfig.get_path("purelib")))


def names() -> list[str]:
    """List the functions by name."""
    return sorted(index.parent.name for index in FUNCTIONS.glob("*/index.py"))


def every_action() -> str:
    """Give all that a request may ask for, as ALLOWED_ACTIONS lists it."""
    import_layer()
    from instance_refresh.model.request import VERBS

    return ",".join(VERBS)


def deploy(
    platform: Platform, name: str, role: Credentials, environ: Mapping[str, str] | None = None
) -> None:
    """Deploy one of them with an execution role."""
    platform.deploy(name, role=role, timeout_s=30, memory_mb=128, environ=environ)


def import_layer() -> None:
    """Make the layer's package importable here, as it is in a function."""
    if str(LAYER) not in sys.path:
        sys.path.append(str(LAYER))
