"""The event that COS sends to SCF when an object was created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from local.cos.models import Object

# The short names of regions that events carry beside the full one.
SHORT = {"ap-guangzhou": "gz", "ap-shanghai": "sh", "ap-beijing": "bj", "ap-chengdu": "cd"}


def object_created(
    item: Object, *, name: str, at: datetime, headers: Mapping[str, str], client: str
) -> dict[str, Any]:
    """Build the event; the real bucket is `<cosBucket.name>-<cosBucket.appid>`."""
    bucket, _, appid = item.bucket.rpartition("-")
    return {
        "Records": [
            {
                "cos": {
                    "cosSchemaVersion": "1.0",
                    "cosObject": _object(item, f"/{appid}/{bucket}/{item.key}"),
                    "cosBucket": {
                        "region": SHORT.get(item.region, item.region),
                        "name": bucket,
                        "appid": appid,
                        "cosRegion": item.region,
                    },
                    "cosNotificationId": "unkown",
                },
                "event": {
                    "eventName": name,
                    "eventVersion": "1.0",
                    "eventTime": int(at.timestamp()),
                    "eventSource": "qcs::cos",
                    "requestParameters": {
                        "requestSourceIP": client,
                        "requestHeaders": dict(headers),
                    },
                    "eventQueue": f"qcs:0:scf:{item.region}:appid/{appid}:default.$LATEST",
                    "reservedInfo": "",
                    "reqid": 0,
                },
            }
        ]
    }


def _object(item: Object, path: str) -> dict[str, Any]:
    host = f"{item.bucket}.cos.{item.region}.myqcloud.com"
    meta = {
        "Content-Type": item.content_type,
        "ETag": item.etag,
        "x-cos-request-id": item.request_id,
        **item.metadata,
    }
    return {
        "url": f"http://{host}/{quote(item.key)}",
        "meta": meta,
        "vid": "",
        "key": path,
        "size": len(item.body),
    }
