"""A description with small zips, a local cloud to deploy it into, and what stands there then."""

from __future__ import annotations

import copy
import io
import shutil
import subprocess
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from deploy import deploy, plan
from deploy.client import Client
from deploy.description import described
from deploy.variables import ROOT, derived, read_variables
from local.clock import ManualClock
from local.cloud import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from local.clock import Clock

REGION, BUCKET = "ap-guangzhou", "images-1250000000"
FUNCTIONS = ("webhook", "image_published", "schedule", "status")
INDEX = "import instance_refresh\ndef main_handler(event, context):\n    return {}\n"


def zipped(files: Mapping[str, str]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return data.getvalue()


def tree(folder: Path) -> Path:
    """Copy the description into a folder, with small zips as its build."""
    for name in ("serverless.yml", "role", "layers/dependencies", "layers/instance_refresh"):
        source, target = ROOT / name, folder / name
        if source.is_file():
            shutil.copy(source, target)
        else:
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    write_zip(folder, "layers/dependencies", {"dependency.py": ""})
    write_zip(folder, "layers/instance_refresh", {"instance_refresh.py": ""})
    for name in FUNCTIONS:
        write_zip(folder, f"functions/{name}", {"index.py": INDEX + f"# {name}\n"})
    return folder


def write_zip(folder: Path, part: str, files: Mapping[str, str]) -> None:
    path = folder / "build" / f"{part}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(zipped(files))


@contextmanager
def empty_cloud(clock: Clock | None = None) -> Iterator[tuple[Cloud, dict[str, str]]]:
    """Give a cloud with the bucket, and the variables of who deploys into it."""
    with Cloud(clock=clock or ManualClock()) as cloud:
        cloud.cos.create_bucket(BUCKET, REGION)
        yield cloud, variables(cloud)


def variables(cloud: Cloud, **settings: str) -> dict[str, str]:
    keys = cloud.user()
    return derived(
        {
            **read_variables(ROOT / ".env.example"),
            "REGION": REGION,
            "COS_BUCKET": BUCKET,
            "WEBHOOK_SECRET": "whsec_" + 10 * "abcd",
            "STATUS_SECRET": "whsec_" + 10 * "ijkl",
            "SCF_ENDPOINT": cloud.endpoint,
            "CAM_ENDPOINT": cloud.endpoint,
            "TENCENT_SECRET_ID": keys.secret_id,
            "TENCENT_SECRET_KEY": keys.secret_key,
            "YES": "1",
            **settings,
        }
    )


def planned(root: Path, environ: dict[str, str], client: Client | None = None) -> list[plan.Step]:
    wanted = plan.resources(described(root, environ), roles=environ.get("ROLES") != "no")
    return plan.to_deploy(wanted, client or Client(environ))


def put_there(root: Path, environ: dict[str, str], client: Client | None = None) -> None:
    client = client or Client(environ)
    deploy.apply(planned(root, environ, client), client, environ)


def taken_away(root: Path, environ: dict[str, str], client: Client | None = None) -> None:
    client = client or Client(environ)
    wanted = plan.resources(described(root, environ), roles=True)
    deploy.apply(plan.to_destroy(wanted, client), client, environ)


def standing(cloud: Cloud) -> dict[str, Any]:
    """Give all that stands in the cloud, field by field, without its times, numbers and ids."""
    plane = cloud.functions(REGION)
    functions = {
        each.name: {
            "code": each.package.digest,
            "fields": (each.handler, each.runtime, each.memory, each.timeout, each.description),
            "role": each.role,
            "environment": each.variables,
            "layers": [(name, plane.layers[name][n].package.digest) for name, n in each.layers],
            "settings": each.settings,
            "triggers": sorted(
                (
                    t.kind,
                    "" if t.kind == "http" else t.name,  # the platform's own
                    str({**t.desc, "NetConfig": _own(t.desc.get("NetConfig", {}))}),
                    t.enabled,
                    t.qualifier,
                    t.argument,
                )
                for t in each.triggers
            ),
        }
        for each in plane.functions.values()
    }
    layers = {
        name: [(v.package.digest, v.runtimes, v.description) for v in own.values()]
        for name, own in plane.layers.items()
        if own
    }
    access = cloud.access
    roles = {
        role.name: (role.trust, sorted(access.policies[number].name for number in role.attached))
        for role in access.roles.values()
    }
    policies = {policy.name: policy.document for policy in access.policies.values()}
    found = {"functions": functions, "layers": layers, "roles": roles, "policies": policies}
    return copy.deepcopy(found)


def _own(net: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in net.items() if not name.endswith("Url")}


def committed(root: Path, tag: str) -> None:
    """Make the tree a clone with a tag."""
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", tag], ["tag", tag]):
        subprocess.run([*git, *command], cwd=root, check=True)
