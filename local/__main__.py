"""Serve a small seeded cloud and the webhook in the foreground: `python -m local --port 8080`."""

from __future__ import annotations

import argparse
import math
import signal
import sys
import threading
from typing import TYPE_CHECKING

from local.clock import ScaledClock
from local.cloud import Cloud
from local.scf import project
from local.scf.platform import Platform
from local.seed import REGION, fill
from local.timing import Timing
from local.webhook import new_secret

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted or terminated."""
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
    options = parser.parse_args(arguments)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        with (
            # The clock is the functions' own: a sped up one would date refreshes in their future.
            Cloud(ScaledClock(speed=1.0), options.port, Timing().faster(options.speed)) as cloud,
            Platform(cloud, project.FUNCTIONS, project.OPT, region=REGION) as platform,
        ):
            fill(cloud, project.ROOT / "events")
            secret = {"WEBHOOK_SECRET": new_secret()}
            project.deploy(platform, "webhook", cloud.role(), secret)
            url = {"FUNCTION_URL": platform.http("webhook")}
            for name, value in {**variables(cloud), **url, **secret}.items():
                print(f"export {name}={value}")
            sys.stdout.flush()
            stopped.wait()
    except OSError as error:
        print(f"Can't serve on port {options.port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


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


def variables(cloud: Cloud) -> dict[str, str]:
    """Give the environment for the functions, and for the vendor's own tools."""
    role = cloud.role()
    token = role.token or ""
    return {
        **cloud.environment(),
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
