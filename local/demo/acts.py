"""The ways in: a manifest in the bucket, a request to the webhook, a timer's ticks."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import requests

from local.demo.rings import FAMILY, RINGS
from local.scf.cron import BEIJING
from local.seed import FAMILY as BASE
from local.seed import PREFIX
from local.stage import SUFFIX
from local.webhook import signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cvm.models import Image
    from local.stage import Stage

HALVES = {"RollingUpdateSettings": {"BatchSize": "50%"}}
KEY = f"{PREFIX}packer-manifest{SUFFIX}"
TIMEOUT_S = 30


@dataclass(frozen=True)
class Act:
    """One way in: the function, the groups it is to roll, and what sets it off.

    `begin` gets the published image, of the `family`, and returns a line on what it did. Where the
    groups go in `turns`, some begin long after others, and pause in between. Where it `fails`, the
    first group is rolled back, and the others never begin.
    """

    trigger: str
    function: str
    groups: tuple[str, ...]
    begin: Callable[[Stage, Image], str]
    family: str = BASE
    turns: bool = False
    fails: bool = False


def upload_manifest(stage: Stage, image: Image) -> str:
    """Upload Packer's manifest to the bucket, signed as COS wants it."""
    # The layer's own signing: what it signs here, the stand-in verifies.
    from instance_refresh.gateway.cloud import Credentials
    from instance_refresh.gateway.cos import object_request

    groups = [stage.group("web"), stage.group("api")]
    pipeline = stage.cloud.role(allow=["PutObject"])
    url, headers = object_request(
        "PUT",
        KEY,
        bucket=stage.seed.bucket,
        region=stage.seed.region.name,
        credentials=Credentials(pipeline.secret_id, pipeline.secret_key, pipeline.token or ""),
        endpoint=stage.cloud.endpoint,
    )
    wanted = {"AutoScalingGroupIds": groups, "RefreshSettings": HALVES}
    artifact = f"{stage.seed.region.name}:{image.image_id}"
    manifest = json.dumps(packer_manifest(artifact, wanted))
    send("PUT", url, data=manifest, headers=headers).raise_for_status()
    return f"PUT {url} to bucket {stage.seed.bucket}"


def send(method: str, url: str, **options: Any) -> requests.Response:
    """Send a request on loopback, past any proxy of the user's environment."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, timeout=TIMEOUT_S, **options)


def packer_manifest(artifact: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Write what Packer's manifest post-processor writes after its second run."""
    runs = [str(uuid.uuid4()), str(uuid.uuid4())]
    builds = [
        {
            "name": "web",
            "builder_type": "tencentcloud-cvm",
            "files": None,
            "artifact_id": built,
            "packer_run_uuid": run,
            "custom_data": custom,
        }
        for run, built, custom in (
            (runs[0], artifact.partition(":")[0] + ":img-base0001", None),
            (runs[1], artifact, {"instance_refresh": json.dumps(wanted)}),
        )
    ]
    return {"builds": builds, "last_run_uuid": runs[1]}


def post_request(stage: Stage, image: Image) -> str:
    """Send a signed request to the webhook's function URL."""
    wanted = {
        "AutoScalingGroupId": stage.group("batch"),
        "ImageId": image.image_id,
        "RefreshSettings": HALVES,
    }
    body = json.dumps(wanted)
    headers = {
        "Content-Type": "application/json",
        **signature(stage.secret, body, stage.cloud.clock.now()),
    }
    answer = send("POST", stage.url, data=body, headers=headers)
    return f"POST {stage.url} {body} -> {answer.status_code}"


def set_timer(stage: Stage, _: Image) -> str:
    """Set a daily timer whose next time is about a minute away, by the cloud's clock."""
    wanted = {
        "AutoScalingGroupId": stage.group("web"),
        "ImageFamily": stage.seed.family,
        "RefreshSettings": HALVES,
    }
    at = (stage.cloud.clock.now() + timedelta(seconds=60)).astimezone(BEIJING)
    cron = f"{at.second} {at.minute} {at.hour} * * * *"
    stage.platform.timer("schedule", name="EveryDay", cron=cron, message=json.dumps(wanted))
    return f"timer EveryDay, cron {cron}, message {json.dumps(wanted)}"


def set_reconcile_timer(stage: Stage, _: Image) -> str:
    """Set a timer without a message: each of its ticks is a reconcile pass."""
    stage.reconcile()
    rings = ", ".join(f"{name} in ring {ring}" for name, ring in RINGS.items())
    return f"timer Reconcile, cron {stage.cron}, no message; {rings}"


def spoil(stage: Stage, image: Image) -> str:
    """Let every instance fail on the image; the timer is there."""
    stage.cloud.faults.fail_image(image.image_id)
    return "no instance starts with it, and the tag fail-process of all rings is AUTO_ROLLBACK"


ACTS = (
    Act("COS event", "image_published", ("web", "api"), upload_manifest),
    Act("webhook", "webhook", ("batch",), post_request),
    Act("timer", "schedule", ("web",), set_timer),
    Act("rings", "schedule", tuple(RINGS), set_reconcile_timer, FAMILY, turns=True),
    Act("bad image", "schedule", tuple(RINGS), spoil, FAMILY, fails=True),
)
