"""The function's own signing of a COS request is the official SDK's, to the letter."""

from __future__ import annotations

import time

import pytest
from qcloud_cos import CosConfig, CosS3Client

from instance_refresh.gateway.cloud import Credentials
from instance_refresh.gateway.cos import object_request

ROLE = Credentials("AKIDtest", "secret-key", "token")
BUCKET, REGION = "images-1250000000", "ap-guangzhou"


@pytest.mark.parametrize(
    "key", ["images/web.json", "a b/ü+%.json", "x/./y/../z.json", "a//b~c", "中文/清单.json"]
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_it_signs_as_the_sdk_does(method: str, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1771729200.0)
    config = CosConfig(Region=REGION, SecretId=ROLE.secret_id, SecretKey=ROLE.secret_key)
    host = f"{BUCKET}.cos.{REGION}.myqcloud.com"
    expected = CosS3Client(config).get_auth(
        Method=method, Bucket=BUCKET, Key=key, Expired=300, Headers={"host": host}
    )
    url, headers = object_request(method, key, bucket=BUCKET, region=REGION, credentials=ROLE)
    assert headers["Authorization"] == expected
    assert headers["Host"] == host
    assert url == config.uri(bucket=BUCKET, path=key)
