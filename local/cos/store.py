"""Buckets, objects and who is told of new ones."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from local.cos.errors import CosRefused
from local.cos.models import Object, Subscription
from local.cos.rendering import object_created

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from local.timeline import Timeline

PUT = "cos:ObjectCreated:Put"


class Store:
    """All buckets; `objects` maps (bucket, key) to the object."""

    def __init__(self, timeline: Timeline, lock: threading.RLock) -> None:
        self._timeline = timeline
        self._lock = lock
        self.buckets: dict[str, str] = {}
        self.objects: dict[tuple[str, str], Object] = {}
        self._subscriptions: list[Subscription] = []

    def create_bucket(self, bucket: str, region: str) -> None:
        """Create a bucket, its name ending in the account's number."""
        name, _, appid = bucket.rpartition("-")
        if not name or not appid.isdecimal():
            message = f"{bucket!r} is no bucket name: it must end in -<appid>"
            raise ValueError(message)
        with self._lock:
            self.buckets[bucket] = region

    def put(self, bucket: str, key: str, body: bytes, **headers: str) -> Object:
        """Store an object, as its owner would; subscribers are told before this returns."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        item = self.store(bucket, key, body, sent)
        self.tell(item, {**sent, "Host": f"{bucket}.cos.{item.region}.myqcloud.com"})
        return item

    def store(self, bucket: str, key: str, body: bytes, headers: Mapping[str, str]) -> Object:
        """Store an object and tell nobody."""
        with self._lock:
            if bucket not in self.buckets:
                raise CosRefused("NoSuchBucket", "The specified bucket does not exist.")
            lower = {name.lower(): value for name, value in headers.items()}
            item = Object(
                bucket=bucket,
                region=self.buckets[bucket],
                key=key,
                body=body,
                content_type=lower.get("content-type", "application/octet-stream"),
                metadata={n: v for n, v in lower.items() if n.startswith("x-cos-meta-")},
                etag=f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
                last_modified=self._timeline.now(),
                request_id=uuid.uuid4().hex,
            )
            self.objects[bucket, key] = item
            return item

    def find(self, bucket: str, key: str) -> Object:
        """Give an object, or the error that says what there is not."""
        if bucket not in self.buckets:
            raise CosRefused("NoSuchBucket", "The specified bucket does not exist.")
        if (bucket, key) not in self.objects:
            raise CosRefused("NoSuchKey", "The specified key does not exist.")
        return self.objects[bucket, key]

    def subscribe(
        self,
        bucket: str,
        callback: Callable[[dict[str, Any]], None],
        *,
        prefix: str = "",
        suffix: str = "",
        events: str = "cos:ObjectCreated:*",
    ) -> None:
        """Tell a callback of each new object; it runs in the thread that served the upload."""
        with self._lock:
            made = Subscription(bucket, callback, prefix, suffix, events)
            self._subscriptions.append(made)

    def tell(self, item: Object, headers: Mapping[str, str], client: str = "127.0.0.1") -> None:
        """Tell all who want to know; the cloud's lock is not held meanwhile."""
        with self._lock:
            at = self._timeline.now()
            wanting = [s for s in self._subscriptions if s.wants(item, PUT)]
        for each in wanting:
            event = object_created(item, name=PUT, at=at, headers=headers, client=client)
            each.callback(event)
