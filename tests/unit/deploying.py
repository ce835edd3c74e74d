"""Variables that a deploy accepts, and a way to let its commands work on another tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy import command, commit, ready, variables, vendor_cli
from deploy.variables import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

READY = variables.derived(
    {
        **variables.read_variables(ROOT / ".env.example"),
        "REGION": "ap-guangzhou",
        "COS_BUCKET": "images-1250000000",
        "WEBHOOK_SECRET": "whsec_" + 10 * "abcd",
        "STATUS_SECRET": "whsec_" + 10 * "ijkl",
    }
)


def move(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """Let the commands work on another tree."""
    for name in ("ROOT", "DEPENDENCIES", "LAYER"):
        path = root / getattr(variables, name).relative_to(ROOT)
        monkeypatch.setattr(variables, name, path)
    for module in (vendor_cli, commit, ready, command):
        monkeypatch.setattr(module, "ROOT", root)
