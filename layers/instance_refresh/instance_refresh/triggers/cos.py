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
        name = _name(record)
        try:
            _serve(record, name, invocation)
        except InstanceRefreshError as error:
            invocation.fail(error, name)
    invocation.raise_if_retryable()
    return invocation.result()


def _bucket_and_key(record: dict[str, Any]) -> tuple[str, str]:
    item, bucket = record["cos"]["cosObject"], record["cos"]["cosBucket"]
    key = item["key"].split("/", 3)[3]  # /<appid>/<bucket>/<object key>, not percent-encoded
    return f"{bucket['name']}-{bucket['appid']}", key


def _name(record: dict[str, Any]) -> str:
    """Name the object, for a person."""
    name = "/".join(_bucket_and_key(record))
    return "".join(letter if letter.isprintable() else "?" for letter in name)


def _serve(record: dict[str, Any], name: str, invocation: Invocation) -> None:
    where, key = _bucket_and_key(record)
    if not key.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in key):
        raise InvalidInput("the cos event", [Problem("", "has an object key that is no Unicode")])
    settings = invocation.settings
    if settings.manifest_buckets and where not in settings.manifest_buckets:
        invocation.say("Ignored", f"bucket {where} is none of MANIFEST_BUCKETS", name)
        return
    kind = record["event"]["eventName"]
    if not kind.startswith(_CREATED):
        invocation.say("Ignored", f"{kind[:64]} is no creation of an object", name)
        return
    prefix, suffix = settings.manifest_prefix, settings.manifest_suffix
    if not key.startswith(prefix) or not key.endswith(suffix):
        why = f"its key does not begin with {prefix!r} and end with {suffix!r}"
        invocation.say("Ignored", why, name)
        return
    if record["cos"]["cosObject"].get("size", 0) > MAX_MANIFEST:
        raise _too_large()
    region = record["cos"]["cosBucket"].get("cosRegion") or invocation.region
    text = invocation.read_object(region, where, key, MAX_MANIFEST)
    if len(text) > MAX_MANIFEST:
        raise _too_large()
    created = record["event"].get("eventTime")
    asked_at = datetime.fromtimestamp(created, timezone.utc) if created else None
    for asked in manifest.requests(text, region=region, asked_at=asked_at):
        try:
            invocation.roll_out(asked)
        except InstanceRefreshError as error:  # one region's failure doesn't stop the others
            invocation.fail(error, name)


def _too_large() -> Refused:
    return Refused(
        "ManifestTooLarge",
        413,
        f"the object is larger than {MAX_MANIFEST // 1024} KB: no manifest is that large",
        "Publish the manifest alone, or narrow MANIFEST_PREFIX and MANIFEST_SUFFIX.",
    )
