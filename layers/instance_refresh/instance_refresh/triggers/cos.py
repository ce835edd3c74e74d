"""COS: an object was created; if it is the manifest of an image, the image is rolled out."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from ..contract import parse
from ..errors import InstanceRefreshError, InvalidInput, NotServed
from ..gateway.cloud import credentials
from ..model.problem import Problem, printable
from . import expect, manifest, roll_out

if TYPE_CHECKING:
    from ..invocation import Invocation
    from ..settings import Settings

MAX_MANIFEST = 1024 * 1024
_CREATED = "cos:ObjectCreated:"


def serve(event: Any, invocation: Invocation) -> dict[str, Any]:
    """Serve every record on its own; raises TryAgain for what another try can mend."""
    try:
        records = expect("cos", event)["Records"]
    except InstanceRefreshError as error:
        invocation.fail(error)
        return invocation.result()
    for record in records:
        published = _published(record)
        try:
            _serve(published, invocation)
        except InstanceRefreshError as error:
            invocation.fail(error, published.name)
    invocation.raise_if_retryable()
    return invocation.result()


class _Object(NamedTuple):
    """What a record says of an object: what became of it (`event`), and when (`at`)."""

    event: str
    bucket: str
    key: str
    region: str | None
    size: int
    at: datetime | None

    @property
    def name(self) -> str:
        """Name it, for a person."""
        return printable(f"{self.bucket}/{self.key}")


def _published(record: dict[str, Any]) -> _Object:
    event, item, bucket = record["event"], record["cos"]["cosObject"], record["cos"]["cosBucket"]
    at = event.get("eventTime")
    return _Object(
        event=event["eventName"],
        bucket=f"{bucket['name']}-{bucket['appid']}",
        key=item["key"].split("/", 3)[3],  # /<appid>/<bucket>/<object key>, not percent-encoded
        region=bucket.get("cosRegion"),
        size=item.get("size", 0),
        at=datetime.fromtimestamp(at, timezone.utc) if at else None,
    )


def _serve(published: _Object, invocation: Invocation) -> None:
    try:
        published.key.encode()
    except UnicodeEncodeError:
        problem = Problem("", "has an object key that is no Unicode")
        raise InvalidInput("the cos event", [problem]) from None
    why = _why_ignored(published, invocation.settings)
    if why:
        invocation.note("Ignored", why, published.name)
        return
    if published.size > MAX_MANIFEST:
        raise _too_large()
    region = published.region or invocation.region
    text = read(region, published.bucket, published.key, invocation)
    if len(text) > MAX_MANIFEST:
        raise _too_large()
    document = parse(text, "the manifest")
    if manifest.is_attestation(document):
        invocation.note("Ignored", "it is an attestation, no manifest", published.name)
        return
    for asked in manifest.requests(document, region=region, asked_at=published.at):
        try:
            roll_out(asked, invocation)
        except InstanceRefreshError as error:  # one region's failure doesn't stop the others
            invocation.fail(error, published.name)


def read(region: str, bucket: str, key: str, invocation: Invocation) -> bytes:
    """Read an object with the role's credentials, one byte more than the largest manifest has."""
    from ..gateway.cos import Cos

    endpoint = invocation.settings.cos_endpoint
    return Cos(endpoint, credentials(os.environ), invocation.deadline).read(
        region, bucket, key, MAX_MANIFEST
    )


def _why_ignored(published: _Object, settings: Settings) -> str | None:
    """Say why it is no manifest, if it is none."""
    if settings.manifest_buckets and published.bucket not in settings.manifest_buckets:
        return f"bucket {published.bucket} is none of MANIFEST_BUCKETS"
    if not published.event.startswith(_CREATED):
        return f"{published.event[:64]} is no creation of an object"
    prefix, suffix = settings.manifest_prefix, settings.manifest_suffix
    if not (published.key.startswith(prefix) and published.key.endswith(suffix)):
        return f"its key does not begin with {prefix!r} and end with {suffix!r}"
    return None


def _too_large() -> NotServed:
    return NotServed(
        "ManifestTooLarge",
        413,
        f"the object is larger than {MAX_MANIFEST // 1024} KB: no manifest is that large",
        "Publish the manifest alone, or narrow MANIFEST_PREFIX and MANIFEST_SUFFIX.",
    )
