"""Serve a small cloud and the functions in the foreground: `python -m local --port 8080`."""

from __future__ import annotations

import argparse
import math
import shlex
import signal
import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from local.chat.server import Chat
from local.clock import ScaledClock
from local.cloud import Cloud
from local.scf import project
from local.scf.cron import Cron
from local.seed import REGION, fill
from local.stage import on_stage
from local.timing import Timing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.chat.robot import Robot, Shown
    from local.scf.invocation import Invocation
    from local.stage import Stage


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted or terminated."""
    options = parse(arguments)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        # The clock is the functions' own: a sped up one would date refreshes in their future.
        timing = Timing().faster(options.speed)
        with (
            Cloud(ScaledClock(speed=1.0), options.port, timing) as cloud,
            Chat() as chat,
            on_stage(
                cloud,
                fill(cloud, project.ROOT / "events"),
                cron=options.cron,
                notify=(notify := chat.robot("slack").setting),
            ) as stage,
        ):
            if options.logs:
                stage.platform.on_invocation = show
                chat.on_shown = show_message
            stage.reconcile()
            for name, value in {**variables(stage), "NOTIFY": notify}.items():
                print(f"export {name}={shlex.quote(value)}", flush=True)
            stopped.wait()
    except OSError as error:
        print(f"Can't serve on port {options.port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument(
        "--port", type=port, default=0, metavar="0-65535", help="default: one that is free"
    )
    parser.add_argument(
        "--speed",
        type=speed,
        default=60.0,
        help="how many times as fast as on the platform a refresh goes; default: 60",
    )
    parser.add_argument(
        "--cron",
        type=cron,
        default="*/15 * * * * * *",
        help="when the schedule looks after the groups; default: every 15 seconds",
    )
    parser.add_argument("--logs", action="store_true", help="show the functions' log lines")
    return parser.parse_args(arguments)


def show(done: Invocation) -> None:
    """Print what a function has logged, but not among the variables."""
    print(done.told(), end="", file=sys.stderr, flush=True)


def show_message(robot: Robot, shown: Shown) -> None:
    """Print what a chat's robot was sent, each line after the chat's name."""
    lines = "".join(f"{robot.kind} {line}\n" for line in shown.text.splitlines())
    print(lines, end="", file=sys.stderr, flush=True)


def port(text: str) -> int:
    """Read a port; argparse says what is accepted."""
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError(text)
    return number


def speed(text: str) -> float:
    """Read a speed; argparse says what is accepted."""
    number = float(text)
    if not (number > 0 and math.isfinite(number)):
        raise ValueError(text)
    return number


def cron(text: str) -> str:
    """Read a cron expression; argparse says what is accepted."""
    Cron(text)
    return text


def status_link(stage: Stage) -> str:
    """Give a link to the status page, good for a day."""
    project.import_layer()
    from instance_refresh.link import status_link as made

    ends = stage.cloud.clock.now() + timedelta(days=1)
    return made(stage.status_url, stage.status_secret, ends)


def variables(stage: Stage) -> dict[str, str]:
    """Give the environment for the functions, their callers, and the vendor's own tools."""
    role = stage.cloud.role()
    token = role.token or ""
    return {
        **stage.cloud.environment(),
        "COS_BUCKET": stage.seed.bucket,
        "FUNCTION_URL": stage.url,
        "WEBHOOK_SECRET": stage.secret,
        "STATUS_URL": stage.status_url,
        "STATUS_SECRET": stage.status_secret,
        "STATUS_LINK": status_link(stage),
        "TENCENTCLOUD_REGION": REGION,
        "TENCENTCLOUD_SECRETID": role.secret_id,
        "TENCENTCLOUD_SECRETKEY": role.secret_key,
        "TENCENTCLOUD_SESSIONTOKEN": token,
        "TENCENTCLOUD_SECRET_ID": role.secret_id,
        "TENCENTCLOUD_SECRET_KEY": role.secret_key,
        "TENCENTCLOUD_TOKEN": token,
    }


if __name__ == "__main__":
    sys.exit(main())
