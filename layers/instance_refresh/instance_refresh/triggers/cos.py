"""COS: an object was created; if it is the manifest of an image, the image is rolled out."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..errors import InstanceRefreshError, InvalidInput, Problem, Refused
from . import expect, manifest

if TYPE_CHECKING:
    from ..invocation import Invocation

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
        try:
            _serve(record, invocation)
        except InstanceRefreshError as error:
            invocation.fail(error)
    invocation.raise_if_retryable()
    return invocation.result()


def _serve(record: dict[str, Any], invocation: Invocation) -> None:
    item, bucket = record["cos"]["cosObject"], record["cos"]["cosBucket"]
    key = item["key"].split("/", 3)[3]  # /<appid>/<bucket>/<object key>, not percent-encoded
    if not key.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in key):
        raise InvalidInput("the cos event", [Problem("", "has an object key that is no Unicode")])
    settings = invocation.settings
    buckets, where = settings.manifest_buckets, f"{bucket['name']}-{bucket['appid']}"
    if buckets and where not in buckets:
        invocation.say("Ignored", f"bucket {where} is none of MANIFEST_BUCKETS", object=key)
        return
    name = record["event"]["eventName"]
    if not name.startswith(_CREATED):
        invocation.say("Ignored", f"{name[:64]} is no creation of an object", object=key)
        return
    prefix, suffix = settings.manifest_prefix, settings.manifest_suffix
    if not key.startswith(prefix) or not key.endswith(suffix):
        why = f"its key does not begin with {prefix!r} and end with {suffix!r}"
        invocation.say("Ignored", why, object=key)
        return
    if item.get("size", 0) > MAX_MANIFEST:
        raise _too_large()
    region = bucket.get("cosRegion") or invocation.region
    text = invocation.read_object(region, where, key, MAX_MANIFEST)
    if len(text) > MAX_MANIFEST:
        raise _too_large()
    created = record["event"].get("eventTime")
    asked_at = datetime.fromtimestamp(created, timezone.utc) if created else None
    for asked in manifest.requests(text, region=region, asked_at=asked_at):
        try:
            invocation.roll_out(asked)
        except InstanceRefreshError as error:  # one region's failure doesn't stop the others
            invocation.fail(error)


def _too_large() -> Refused:
    return Refused(
        "ManifestTooLarge",
        413,
        f"the object is larger than {MAX_MANIFEST // 1024} KB: no manifest is that large",
        "Publish the manifest alone, or narrow MANIFEST_PREFIX and MANIFEST_SUFFIX.",
    )
