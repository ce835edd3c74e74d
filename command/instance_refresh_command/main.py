"""Run the command line, and end with an exit code for scripts."""

from __future__ import annotations

import logging
import sys
from typing import NoReturn

import click

from instance_refresh.errors import ApiError, InstanceRefreshError, InvalidInput
from instance_refresh.logs import logger

from . import act, show
from .account import NotConfigured
from .cli import cli


def main() -> NoReturn:
    """Run the command line, and end with an exit code for scripts."""
    logger().setLevel(logging.CRITICAL)  # what the functions log is for machines
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except InvalidInput as error:
        _tell(error)
        sys.exit(2)
    except (InstanceRefreshError, NotConfigured) as error:
        _tell(error)
        refused = isinstance(error, InstanceRefreshError) and error.status in (403, 404, 409)
        sys.exit(act.REFUSED if refused and not isinstance(error, ApiError) else act.FAILED)
    sys.exit(code if isinstance(code, int) else 0)


def _tell(error: Exception) -> None:
    """Say what went wrong, and what mends it."""
    console = show.console(error=True)
    console.print(show.text(f"{getattr(error, 'code', 'NotConfigured')}: {error}", "red"))
    remedy = getattr(error, "remedy", "")
    if remedy:
        console.print(show.text(remedy))
