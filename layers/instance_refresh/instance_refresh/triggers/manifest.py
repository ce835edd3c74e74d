"""Manifests of published images: ours, and the one that Packer writes. Each becomes requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..contract import check, parse
from ..errors import InvalidInput
from ..model.problem import Problem
from ..model.request import Request, request

if TYPE_CHECKING:
    from datetime import datetime

_BUILDER = "tencentcloud-cvm"
_MOST_IMAGES = 100


def is_attestation(document: Any) -> bool:
    """Say whether it is what Packer writes beside its manifest since 1.16: in-toto, or in DSSE.

    https://github.com/in-toto/attestation/blob/main/spec/v1/README.md
    """
    if not isinstance(document, dict):
        return False
    return {"payloadType", "payload"} <= document.keys() or {"_type", "predicateType"} <= (
        document.keys()
    )


def requests(document: Any, *, region: str, asked_at: datetime | None) -> list[Request]:
    """Read a manifest; an InvalidInput says what is wrong with it."""
    if isinstance(document, dict) and "builds" in document:
        check("packer_manifest", document, "the Packer manifest")
        return _of_packer(document, region, asked_at)
    check("manifest", document, "the manifest")
    return [request(document, region=region, asked_at=asked_at)]


def _of_packer(document: dict[str, Any], region: str, asked_at: datetime | None) -> list[Request]:
    """Take every image of the last run; earlier runs stay in the file and are passed over."""
    asked: list[Request] = []
    run = document["last_run_uuid"]
    builds = [
        (index, build)
        for index, build in enumerate(document["builds"])
        if build["packer_run_uuid"] == run and build["builder_type"].startswith(_BUILDER)
    ]
    if sum(build["artifact_id"].count(",") + 1 for _, build in builds) > _MOST_IMAGES:
        message = f"the last run has more than {_MOST_IMAGES} images"
        raise InvalidInput("the Packer manifest", [Problem("/builds", message)])
    for index, build in builds:
        target = _target(build, index, region, asked_at)
        for where, image in _artifacts(build["artifact_id"], index):
            if target is None:
                asked.append(Request(region=where, image_id=image, asked_at=asked_at))
            elif target[1] in (None, where):
                asked.append(target[0]._replace(region=where, image_id=image))
    if not asked:
        message = f"the last run has no {_BUILDER} build with an image to roll out"
        raise InvalidInput("the Packer manifest", [Problem("/builds", message)])
    return asked


def _target(
    build: dict[str, Any], index: int, region: str, asked_at: datetime | None
) -> tuple[Request, str | None] | None:
    """Read `custom_data.instance_refresh`: the request, and the region it is limited to."""
    text = (build.get("custom_data") or {}).get("instance_refresh")
    if text is None:
        return None
    what = f"custom_data.instance_refresh of /builds/{index}"
    document = check("packer_target", parse(text, what), what)
    return request(document, region=region, asked_at=asked_at), document.get("Region")


def _artifacts(artifact_id: str, index: int) -> list[tuple[str, str]]:
    parts = dict.fromkeys(part.strip() for part in artifact_id.split(","))
    pairs = [part.partition(":") for part in parts]
    for where, _, image in pairs:
        check_artifact = {"Region": where, "ImageId": image}
        check("manifest", check_artifact, f"artifact_id of /builds/{index}")
    return [(where, image) for where, _, image in pairs]
