"""Put the images of Packer's last run into a family, and upload the manifest that says so.

python publish.py manifest.json --family web --bucket images-1250000000 --key manifests/web.json

The upload starts the rollout, so it comes last; a second run does the same again, and starts
nothing twice. REGION is the bucket's; the keys are TENCENTCLOUD_SECRET_ID, _SECRET_KEY and
TENCENTCLOUD_SECURITY_TOKEN.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qcloud_cos import CosConfig, CosS3Client
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

KEYS = ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_SECURITY_TOKEN")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--family", required=True)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--key", required=True)
    given = parser.parse_args()
    content = given.manifest.read_bytes()
    images = images_of(json.loads(content))
    if not images:
        sys.exit(f"{given.manifest}: the last run has made no image of tencentcloud-cvm")
    for region, image in images:
        put_into_family(region, image, given.family)
        print(f"{image} in {region} is of the family {given.family}")
    upload(given.bucket, given.key, content)
    print(f"{given.bucket}/{given.key} is uploaded")


def images_of(manifest: dict[str, Any]) -> list[tuple[str, str]]:
    """Give the regions and images of the last run; the runs before it stay in the manifest."""
    artifacts = [
        build["artifact_id"]
        for build in manifest["builds"]
        if build["builder_type"] == "tencentcloud-cvm"
        and build["packer_run_uuid"] == manifest["last_run_uuid"]
    ]
    pairs = [pair.partition(":") for artifact in artifacts for pair in artifact.split(",")]
    return [(region, image) for region, _, image in pairs]


def keys() -> list[str]:
    return [os.environ.get(name, "") for name in KEYS]


def put_into_family(region: str, image: str, family: str) -> None:
    at = urlsplit(os.environ.get("CVM_ENDPOINT", "https://cvm.tencentcloudapi.com"))
    profile = ClientProfile(httpProfile=HttpProfile(protocol=at.scheme, endpoint=at.netloc))
    client = CommonClient("cvm", "2017-03-12", Credential(*keys()), region, profile)
    client.call_json("ModifyImageAttribute", {"ImageId": image, "ImageFamily": family})


def upload(bucket: str, key: str, content: bytes) -> None:
    secret_id, secret_key, token = keys()
    place: dict[str, Any] = {}
    if endpoint := os.environ.get("COS_ENDPOINT"):  # a local cloud's
        at = urlsplit(endpoint)
        place = {"Scheme": at.scheme, "IP": at.hostname, "Port": at.port}
    config = CosConfig(
        Region=os.environ["REGION"],
        SecretId=secret_id,
        SecretKey=secret_key,
        Token=token or None,
        **place,
    )
    CosS3Client(config).put_object(
        Bucket=bucket, Key=key, Body=content, ContentType="application/json"
    )


if __name__ == "__main__":
    main()
