"""A command line: one command, what may go wrong in one line, and a warning about .env."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import TYPE_CHECKING

from deploy.client import CallFailed
from deploy.description import NotDescribed
from deploy.ready import NotReady
from deploy.resources import Stopped
from deploy.variables import ROOT, readable_by_others, variables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def run(commands: Mapping[str, Callable[..., None]], arguments: list[str], usage: str) -> int:
    """Run one of the commands with the variables, and give the exit status."""
    command, *rest = arguments or [""]
    if command not in commands or len(rest) != _takes(commands[command]):
        print(usage, file=sys.stderr)  # noqa: T201 — a command
        return 2
    for line in readable_by_others(ROOT / ".env"):
        print(f"warning: {line}", file=sys.stderr)  # noqa: T201 — a command
    try:
        commands[command](variables(), *rest)
    except (NotReady, NotDescribed, CallFailed, Stopped, OSError) as error:
        print(f"{command}: {error}", file=sys.stderr)  # noqa: T201 — a command
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{command}: stopped, as `{error.cmd[0]}` failed (above)", file=sys.stderr)  # noqa: T201 — a command
        return 1
    return 0


def _takes(command: Callable[..., None]) -> int:
    """Count the words that a command takes."""
    parameters = list(inspect.signature(command).parameters.values())[1:]
    return sum(each.default is each.empty for each in parameters)
