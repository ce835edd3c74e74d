"""COS: an object was created; if it is the manifest of an image, the image is rolled out."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from ..contract import printable
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
        published = _published(record)
        try:
            _serve(record, published, invocation)
        except InstanceRefreshError as error:
            invocation.fail(error, published.name)
    invocation.raise_if_retryable()
    return invocation.result()


class _Object(NamedTuple):
    bucket: str
    key: str

    @property
    def name(self) -> str:
        """Name it, for a person."""
        return printable(f"{self.bucket}/{self.key}")


def _published(record: dict[str, Any]) -> _Object:
    item, bucket = record["cos"]["cosObject"], record["cos"]["cosBucket"]
    key = item["key"].split("/", 3)[3]  # /<appid>/<bucket>/<object key>, not percent-encoded
    return _Object(f"{bucket['name']}-{bucket['appid']}", key)


def _serve(record: dict[str, Any], published: _Object, invocation: Invocation) -> None:
    where, key = published
    if not key.isprintable() and any("\ud800" <= letter <= "\udfff" for letter in key):
        raise InvalidInput("the cos event", [Problem("", "has an object key that is no Unicode")])
    settings = invocation.settings
    if settings.manifest_buckets and where not in settings.manifest_buckets:
        invocation.say("Ignored", f"bucket {where} is none of MANIFEST_BUCKETS", published.name)
        return
    kind = record["event"]["eventName"]
    if not kind.startswith(_CREATED):
        invocation.say("Ignored", f"{kind[:64]} is no creation of an object", published.name)
        return
    prefix, suffix = settings.manifest_prefix, settings.manifest_suffix
    if not key.startswith(prefix) or not key.endswith(suffix):
        why = f"its key does not begin with {prefix!r} and end with {suffix!r}"
        invocation.say("Ignored", why, published.name)
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
            invocation.fail(error, published.name)


def _too_large() -> Refused:
    return Refused(
        "ManifestTooLarge",
        413,
        f"the object is larger than {MAX_MANIFEST // 1024} KB: no manifest is that large",
        "Publish the manifest alone, or narrow MANIFEST_PREFIX and MANIFEST_SUFFIX.",
    )
