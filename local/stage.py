"""A seeded cloud with this project's functions beside it, each started by its trigger."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from local import webhook
from local.scf import project
from local.scf.platform import Platform
from local.seed import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.clock import Clock
    from local.cloud import Cloud
    from local.seed import Seed

SUFFIX = ".json"


@dataclass(frozen=True)
class Stage:
    """A seeded cloud, and the platform whose functions are triggered.

    `url` is the webhook's, `secret` what its callers sign with; `status_url` is the status
    function's, `status_secret` what links to it are signed with; `cron` is when the schedule looks.
    """

    cloud: Cloud
    seed: Seed
    platform: Platform
    url: str
    secret: str = field(repr=False)
    status_url: str
    status_secret: str = field(repr=False)
    cron: str

    def group(self, name: str) -> str:
        """Find a scaling group's id by its name."""
        return self.seed.groups[name].auto_scaling_group_id

    def reconcile(self) -> None:
        """Let the schedule look after the groups: a timer without a message."""
        self.platform.timer("schedule", name="Reconcile", cron=self.cron)


# What makes a function judge windows, bakes and signatures by the cloud's clock, which is sped up.
_CLOCK = """\
import time
from datetime import datetime, timedelta

from instance_refresh import clock

clock.now = lambda: datetime.fromisoformat({start!r}) + timedelta(
    seconds=(time.monotonic() - {origin}) * {speed}
)
"""


def functions_on(clock: Clock, folder: Path) -> Path:
    """Put the project's functions into a folder, each with the cloud's clock as its own."""
    start, origin = clock.now().isoformat(), time.monotonic()
    own = _CLOCK.format(start=start, origin=origin, speed=getattr(clock, "speed", 1.0))
    for name in project.names():
        index = folder / name / "index.py"
        index.parent.mkdir()
        index.write_text(own + (project.FUNCTIONS / name / "index.py").read_text("utf-8"), "utf-8")
    return folder


@contextmanager
def on_stage(cloud: Cloud, seeded: Seed, *, cron: str, notify: str = "") -> Iterator[Stage]:
    """Deploy the functions beside a cloud, each with a role of its own; no timer is set yet.

    `cron` is what the schedule's timer will have, `notify` the channels that it tells.
    """
    region = seeded.region.name
    with (
        TemporaryDirectory() as folder,
        Platform(
            cloud, functions_on(cloud.clock, Path(folder)), project.OPT, region=region
        ) as platform,
    ):
        secret, status_secret = webhook.new_secret(), webhook.new_secret()
        own = {
            "image_published": {},
            "webhook": {"WEBHOOK_SECRET": secret, "ALLOWED_ACTIONS": project.every_action()},
            "status": {"STATUS_SECRET": status_secret, "SCHEDULE_CRON": cron},
        }
        for name, environ in own.items():
            project.deploy(platform, name, cloud.role(), environ)
        platform.cos("image_published", bucket=seeded.bucket, prefix=PREFIX, suffix=SUFFIX)
        urls = platform.http("webhook"), platform.http("status")
        links = {"STATUS_URL": urls[1], "STATUS_SECRET": status_secret}
        tells = {"SCHEDULE_CRON": cron, "NOTIFY": notify, **links}
        project.deploy(platform, "schedule", cloud.role(), tells)
        yield Stage(cloud, seeded, platform, urls[0], secret, urls[1], status_secret, cron)
