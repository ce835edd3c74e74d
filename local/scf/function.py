"""A deployed function: its settings, and the environment and context its processes get."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

VERSION = "$LATEST"
NAMESPACE = "default"
APPID = "1250000000"
UIN = "100000000001"
RESERVED = ("SCF_", "QCLOUD_", "TENCENTCLOUD_")
ENVIRON_LIMIT = 4 * 1024
MEMORY_STEP, MEMORY_SMALLEST, MEMORY_LARGEST = 128, 64, 3072
TIMEOUT_LONGEST_S = 900
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,59}")
_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,63}")


class Credentials(Protocol):
    """What an execution role gives; a permanent key has no token."""

    @property
    def secret_id(self) -> str: ...
    @property
    def secret_key(self) -> str: ...
    @property
    def token(self) -> str | None: ...


@dataclass
class Function:
    """A function as deployed. Replace `role` for fresh credentials: warm instances see them."""

    name: str
    code: Path
    region: str
    environ: Mapping[str, str] = field(default_factory=dict)
    timeout_s: int = 3
    memory_mb: int = 128
    role: Credentials | None = None
    concurrency: int | None = None

    def __post_init__(self) -> None:
        """Refuse, with a ValueError that names it, what the platform would refuse."""
        if not _NAME.fullmatch(self.name):
            message = f"function name {self.name!r}: letters, digits, - and _, 2 to 60 of them"
            raise ValueError(message)
        if not (self.code / "index.py").is_file():
            message = f"function {self.name}: there is no {self.code.name}/index.py"
            raise ValueError(message)
        if not 1 <= self.timeout_s <= TIMEOUT_LONGEST_S:
            message = f"function {self.name}: timeout_s is 1 to {TIMEOUT_LONGEST_S}"
            raise ValueError(message)
        if self.memory_mb != MEMORY_SMALLEST and (
            self.memory_mb % MEMORY_STEP or not MEMORY_STEP <= self.memory_mb <= MEMORY_LARGEST
        ):
            message = f"function {self.name}: memory_mb is 64, or 128 to 3072 by 128"
            raise ValueError(message)
        self._check_environ()

    def _check_environ(self) -> None:
        for name in self.environ:
            if not _VARIABLE.fullmatch(name) or name.startswith(RESERVED):
                message = f"function {self.name}: {name} can't be the name of a variable"
                raise ValueError(message)
        size = sum(len(f"{name}{value}".encode()) for name, value in self.environ.items())
        if size > ENVIRON_LIMIT:
            message = f"function {self.name}: its variables are {size} B, more than 4 KB"
            raise ValueError(message)

    def variables(self) -> dict[str, str]:
        """Give what every call puts into the environment: the user's variables and the role's."""
        variables = {"SCF_NAMESPACE": NAMESPACE, **self.environ}
        if self.role is not None:
            variables["TENCENTCLOUD_SECRETID"] = self.role.secret_id
            variables["TENCENTCLOUD_SECRETKEY"] = self.role.secret_key
            if self.role.token is not None:
                variables["TENCENTCLOUD_SESSIONTOKEN"] = self.role.token
        return variables

    def environment(self, opt: Sequence[Path], python: str) -> dict[str, str]:
        """Give the whole environment of a new process; nothing of this one's gets in."""
        return {
            "HOME": "/tmp",  # noqa: S108 - the one directory a function may write to
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PWD": str(self.code),
            "PYTHONDONTWRITEBYTECODE": "x",
            "PYTHONPATH": ":".join(map(str, (self.code, *opt))),
            "SCF_FUNCTIONNAME": self.name,
            "SCF_FUNCTIONVERSION": VERSION,
            "SCF_RUNTIME": "Python3.10",
            "SHELL": "/bin/bash",
            "TENCENTCLOUD_APPID": APPID,
            "TENCENTCLOUD_REGION": self.region,
            "TENCENTCLOUD_RUNENV": "SCF",
            "TENCENTCLOUD_TZ": "UTC",
            "TENCENTCLOUD_UIN": UIN,
            "USER": "qcloud",
            "USER_CODE_ROOT": f"{self.code}/",
            "_": python,
            "_SCF_SERVER_PORT": "28902",
            **self.variables(),
        }

    def context(self, request_id: str) -> dict[str, Any]:
        """Give the second argument of a call, in the shape captured on the platform."""
        variables = self.variables()
        return {
            "memory_limit_in_mb": self.memory_mb,
            "time_limit_in_ms": self.timeout_s * 1000,
            "request_id": request_id,
            "environment": json.dumps(variables, separators=(",", ":")),
            "environ": ";".join(f"{name}={value}" for name, value in variables.items()),
            "function_version": VERSION,
            "function_name": self.name,
            "namespace": NAMESPACE,
            "tencentcloud_region": self.region,
            "tencentcloud_appid": APPID,
            "tencentcloud_uin": UIN,
        }
