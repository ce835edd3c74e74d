"""SCF in one region: what is deployed there, and what runs of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.functions.running import BUCKET_DOMAIN, Running
from local.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from local.cam.access import Access
    from local.cos.store import Store
    from local.functions.models import Deployed, LayerVersion, Trigger
    from local.scf.host import Host

OK = 200


class Functions:
    """Layers by name and number, functions by name; `running` is there once a function was made."""

    def __init__(
        self, host: Host, region: str, *, store: Store, access: Access, now: Callable[[], datetime]
    ) -> None:
        self._host = host
        self.region = region
        self.store, self.access, self.now = store, access, now
        self.layers: dict[str, dict[int, LayerVersion]] = {}
        self.published: dict[str, int] = {}  # the newest number, also where it was deleted
        self.functions: dict[str, Deployed] = {}
        self.running: Running | None = None
        self.python = python_3_10()

    def layer(self, name: str, number: int) -> LayerVersion:
        """Find a version of a layer."""
        version = self.layers.get(name, {}).get(number)
        if version is None:
            raise Refused("ResourceNotFound.LayerVersion", f"There is no `{name}` {number}.")
        return version

    def install(self, deployed: Deployed) -> None:
        """Run a function as it is deployed now."""
        found = [self.layer(*pair).package for pair in deployed.layers]
        role = self.access.assume(deployed.role) if deployed.role else None
        self._run().install(deployed, found, role)

    def uninstall(self, deployed: Deployed) -> None:
        deployed.triggers.clear()
        self._run().uninstall(deployed.name)

    def connect(self, deployed: Deployed, trigger: Trigger) -> None:
        """Let a trigger start its function; give its URL, if it has one."""
        if trigger.kind == "cos":
            bucket, _, address = trigger.name.partition(BUCKET_DOMAIN)
            if not address or self.store.buckets.get(bucket) != self.region:
                message = f"There is no bucket `{bucket}` in this region."
                raise Refused("ResourceNotFound.Cos", message)
        self._run().connect(deployed, trigger)
        if trigger.kind == "http":
            net = trigger.desc["NetConfig"]
            net["ExtranetUrl"] = trigger.url.rstrip("/") if net["EnableExtranet"] else ""

    def invoke(self, name: str, event: Any) -> dict[str, Any]:
        """Run a function and wait; not under the cloud's lock, as it calls the cloud."""
        done = self._run().invoke(name, event)
        return {
            "FunctionRequestId": done.request_id,
            "RetMsg": done.return_message,
            "ErrMsg": done.error_message,
            "InvokeResult": 0 if done.status == OK else -1,
            "Duration": done.duration_ms,
            "MemUsage": int(done.memory_mb * 1024 * 1024),
            "Log": "",
        }

    def queue(self, name: str, event: Any) -> dict[str, Any]:
        """Let a function run with an event, and don't wait."""
        self._run().invoke_async(name, event)
        return {"Result": {"FunctionRequestId": str(uuid.uuid4())}}

    def close(self) -> None:
        if self.running is not None:
            self.running.close()

    def _run(self) -> Running:
        if self.running is None:
            self.running = Running(self._host, self.region, self.python)
            self.running.__enter__()
        return self.running


@cache
def python_3_10() -> str:
    """Find the interpreter of the deployed runtime; this one where there is no other."""
    kept = Path.home().glob(".pyenv/versions/3.10.*/bin/python3.10")
    for name in (sys.executable, shutil.which("python3.10"), *map(str, kept)):
        if name is None:
            continue
        program = "import sys; print(*sys.version_info[:2], sys.executable)"
        done = subprocess.run([name, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603 — a Python
        if done.returncode == 0 and done.stdout.startswith("3 10 "):
            return done.stdout[5:].strip()
    return sys.executable
