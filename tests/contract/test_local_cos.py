"""COS through the vendor's own SDK: objects, signatures, events."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from qcloud_cos import CosConfig, CosS3Client, cos_auth
from qcloud_cos.cos_exception import CosServiceError

from local.clock import ManualClock
from local.cloud import Cloud
from local.cos.errors import CosRefused
from local.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BUCKET, REGION = "images-1250000000", "ap-guangzhou"
KEY = "images/a ä+b%20/web.json"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud(clock=ManualClock()) as made:
        made.cos.create_bucket(BUCKET, REGION)
        yield made


def client(
    cloud: Cloud, keys: Credentials | None = None, region: str = REGION, **place: Any
) -> Any:
    keys = keys or cloud.role()
    address = urlsplit(cloud.endpoint)
    config = CosConfig(
        Region=region,
        SecretId=keys.secret_id,
        SecretKey=keys.secret_key,
        Token=keys.token,
        Scheme="http",
        KeepAlive=False,
        **(place or {"IP": address.hostname, "Port": address.port}),
    )
    return CosS3Client(config, retry=0)


def code(cloud: Cloud, keys: Credentials | None = None, **named: str) -> str:
    """Get an object; gives the code that it is refused with."""
    region = named.pop("region", REGION)
    with pytest.raises(CosServiceError) as caught:
        client(cloud, keys, region).get_object(**{"Bucket": BUCKET, "Key": KEY, **named})
    found: str = caught.value.get_error_code()
    return found


def test_what_was_put_is_read_again(cloud: Cloud) -> None:
    cos = client(cloud)
    put = cos.put_object(
        Bucket=BUCKET, Key=KEY, Body=b'{"a": 1}', ContentType="application/json",
        Metadata={"x-cos-meta-build": "7"},
    )  # fmt: skip
    got = cos.get_object(Bucket=BUCKET, Key=KEY)
    assert got["Body"].get_raw_stream().read() == b'{"a": 1}'
    assert got["ETag"] == put["ETag"]
    head = cos.head_object(Bucket=BUCKET, Key=KEY)
    assert head["Content-Length"] == "8"
    assert head["Content-Type"] == "application/json"
    assert head["x-cos-meta-build"] == "7"
    assert cloud.cos.objects[BUCKET, KEY].body == b'{"a": 1}'
    assert [(c.service, c.action, c.region, c.params, c.code) for c in cloud.calls] == [
        ("cos", action, REGION, {"Bucket": BUCKET, "Key": KEY}, "")
        for action in ("PutObject", "GetObject", "HeadObject")
    ]
    assert [call.action for call in cloud.writes()] == ["PutObject"]


@pytest.mark.parametrize("place", ["Endpoint", "Domain", "Domain of a bucket", "Domain and path"])
def test_the_sdk_as_it_is(cloud: Cloud, place: str) -> None:
    address = cloud.endpoint.removeprefix("http://")
    host, _, port = address.partition(":")
    if place == "Domain and path":
        cloud.cos.create_bucket("others-1250000000", "ap-shanghai")
    # A name under localhost is known to most systems' resolvers; here its address is given.
    given: dict[str, Any] = {
        "Endpoint": {"Endpoint": f"localhost:{port}", "IP": host, "Port": port},
        "Domain": {"Domain": address},
        "Domain of a bucket": {"Domain": f"{BUCKET}.localhost:{port}", "IP": host, "Port": port},
        "Domain and path": {"Domain": f"{address}/{BUCKET}"},
    }[place]
    cos = client(cloud, **given)
    cos.put_object(Bucket=BUCKET, Key=KEY, Body=b"{}")
    assert cos.get_object(Bucket=BUCKET, Key=KEY)["Body"].get_raw_stream().read() == b"{}"
    assert cos.head_object(Bucket=BUCKET, Key=KEY)["Content-Length"] == "2"
    assert list(cloud.cos.objects) == [(BUCKET, KEY)]
    role = cloud.role()
    wrong = Credentials(role.secret_id, "0" * 32, role.token)
    with pytest.raises(CosServiceError, match="SignatureDoesNotMatch"):
        client(cloud, wrong, **given).get_object(Bucket=BUCKET, Key=KEY)


def test_a_domain_stands_for_a_bucket_only_if_there_is_one(cloud: Cloud) -> None:
    cloud.cos.create_bucket("others-1250000000", REGION)
    cos = client(cloud, Domain=cloud.endpoint.removeprefix("http://"))
    with pytest.raises(CosServiceError, match="NoSuchBucket"):
        cos.put_object(Bucket=BUCKET, Key="a.json", Body=b"{}")


def test_a_large_object_and_a_part_of_it(cloud: Cloud) -> None:
    body = bytes(range(256)) * 12_000
    cloud.cos.put(BUCKET, "large", body)
    cos = client(cloud)
    whole = cos.get_object(Bucket=BUCKET, Key="large")["Body"].get_raw_stream().read()
    assert whole == body
    part = cos.get_object(Bucket=BUCKET, Key="large", Range="bytes=10-19")
    assert part["Body"].get_raw_stream().read() == body[10:20]
    assert part["Content-Range"] == f"bytes 10-19/{len(body)}"
    rest = cos.get_object(Bucket=BUCKET, Key="large", Range=f"bytes={len(body) - 3}-")
    assert rest["Body"].get_raw_stream().read() == body[-3:]
    assert code(cloud, Key="large", Range=f"bytes={len(body)}-") == "InvalidRange"


def test_a_file_as_large_as_a_manifest_may_be_is_uploaded_in_one_piece(
    cloud: Cloud, tmp_path: Path
) -> None:
    file = tmp_path / "web.json"
    file.write_bytes(b" " * 1024 * 1024)
    client(cloud).upload_file(Bucket=BUCKET, Key=KEY, LocalFilePath=str(file))
    answer = client(cloud).get_object(Bucket=BUCKET, Key=KEY)
    assert answer["Body"].get_raw_stream().read() == file.read_bytes()


def test_what_is_not_there(cloud: Cloud) -> None:
    assert code(cloud) == "NoSuchKey"
    assert code(cloud, Bucket="others-1250000000") == "NoSuchBucket"
    assert code(cloud, region="ap-shanghai") == "NoSuchBucket"
    with pytest.raises(CosServiceError) as caught:
        client(cloud).head_object(Bucket=BUCKET, Key=KEY)
    assert caught.value.get_status_code() == 404


def test_what_is_no_plain_put_or_get_is_refused(cloud: Cloud) -> None:
    cloud.cos.put(BUCKET, "a", b"x")
    cos = client(cloud)
    source = {"Bucket": BUCKET, "Key": "a", "Region": REGION}
    attempts: list[Callable[[], Any]] = [
        lambda: cos.copy_object(Bucket=BUCKET, Key="b", CopySource=source),
        lambda: cos.put_object_acl(Bucket=BUCKET, Key="a", ACL="private"),
        lambda: cos.delete_object(Bucket=BUCKET, Key="a"),
        lambda: cos.create_multipart_upload(Bucket=BUCKET, Key="b"),
    ]
    for attempt in attempts:
        with pytest.raises(CosServiceError) as caught:
            attempt()
        assert caught.value.get_error_code() == "MethodNotAllowed"
    assert [(key, item.body) for (_, key), item in cloud.cos.objects.items()] == [("a", b"x")]


def test_wrong_credentials(cloud: Cloud) -> None:
    cloud.cos.put(BUCKET, KEY, b"x")
    role, user = cloud.role(), cloud.user()
    client(cloud, user).get_object(Bucket=BUCKET, Key=KEY)
    wrong_key = Credentials(role.secret_id, "0" * 32, role.token)
    assert code(cloud, wrong_key) == "SignatureDoesNotMatch"
    no_token = Credentials(role.secret_id, role.secret_key)
    assert code(cloud, no_token) == "InvalidAccessKeyId"
    assert code(cloud, Credentials(role.secret_id, role.secret_key, "other")) == "AccessDenied"
    assert code(cloud, Credentials("AKID0", role.secret_key)) == "InvalidAccessKeyId"
    cloud.revoke(role)
    assert code(cloud, role) == "InvalidAccessKeyId"
    assert code(cloud, cloud.role(allow={"PutObject"})) == "AccessDenied"


def test_an_unsigned_request_is_denied(cloud: Cloud) -> None:
    cos = client(cloud)
    cos._conf._anonymous = True
    with pytest.raises(CosServiceError) as caught:
        cos.get_object(Bucket=BUCKET, Key=KEY)
    assert caught.value.get_error_code() == "AccessDenied"


@pytest.mark.parametrize(
    ("offset", "expected"), [(-20_000, "AccessDenied"), (200, "RequestTimeTooSkewed")]
)
def test_the_time_window(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, offset: int, expected: str
) -> None:
    clock = SimpleNamespace(time=lambda: time.time() + offset)
    monkeypatch.setattr(cos_auth, "time", clock)
    assert code(cloud) == expected


def test_a_presigned_url_passes(cloud: Cloud) -> None:
    cloud.cos.put(BUCKET, KEY, b"x")
    keys = cloud.user()
    config = CosConfig(Region=REGION, SecretId=keys.secret_id, SecretKey=keys.secret_key)
    signed = CosS3Client(config).get_presigned_url(Bucket=BUCKET, Key=KEY, Method="GET")
    url = urlsplit(signed)
    at = f"{cloud.endpoint}{url.path}?{url.query}"
    answer = requests.get(at, headers={"Host": url.netloc}, timeout=10)
    assert (answer.status_code, answer.content) == (200, b"x")


def test_the_event_of_an_upload(cloud: Cloud) -> None:
    told: list[dict[str, Any]] = []
    cloud.cos.subscribe(BUCKET, told.append, prefix="images/", suffix=".json")
    keys = cloud.role()
    cos = client(cloud, keys)
    cos.put_object(Bucket=BUCKET, Key=KEY, Body=b"{}", ContentType="application/json")
    cos.put_object(Bucket=BUCKET, Key="images/notes.txt", Body=b"")
    cos.put_object(Bucket=BUCKET, Key="other/web.json", Body=b"")
    cos.get_object(Bucket=BUCKET, Key=KEY)
    (record,) = json.loads(json.dumps(told))[0]["Records"]
    assert len(told) == 1
    thing, bucket = record["cos"]["cosObject"], record["cos"]["cosBucket"]
    assert thing["key"] == f"/1250000000/images/{KEY}"
    assert thing["url"].endswith("/images/a%20%C3%A4%2Bb%2520/web.json")
    assert thing["size"] == 2
    assert thing["meta"]["Content-Type"] == "application/json"
    assert bucket == {
        "region": "gz", "name": "images", "appid": "1250000000", "cosRegion": REGION
    }  # fmt: skip
    event = record["event"]
    assert event["eventName"] == "cos:ObjectCreated:Put"
    assert event["eventTime"] == int(cloud.clock.now().timestamp())
    assert keys.secret_id in event["requestParameters"]["requestHeaders"]["Authorization"]


def test_the_owners_own_uploads_are_told_of_too(cloud: Cloud) -> None:
    told: list[dict[str, Any]] = []
    cloud.cos.subscribe(BUCKET, told.append)
    cloud.cos.subscribe(BUCKET, told.append, events="cos:ObjectCreated:Copy")
    cloud.cos.put(BUCKET, "a.json", b"{}", content_type="application/json")
    assert len(told) == 1
    told_of = told[0]["Records"][0]["cos"]
    assert told_of["cosObject"]["meta"]["Content-Type"] == "application/json"
    assert f"{told_of['cosBucket']['name']}-{told_of['cosBucket']['appid']}" == BUCKET


def test_buckets_have_an_appid_and_must_exist(cloud: Cloud) -> None:
    with pytest.raises(ValueError, match="appid"):
        cloud.cos.create_bucket("images", REGION)
    with pytest.raises(CosRefused, match="NoSuchBucket"):
        cloud.cos.put("others-1250000000", "a", b"")


@pytest.mark.parametrize(
    ("kind", "status"),
    [("throttle", 503), ("internal_error", 500), ("denied", 403), ("http_502", 502)],
)
def test_faults(cloud: Cloud, kind: str, status: int) -> None:
    cloud.cos.put(BUCKET, KEY, b"x")
    cloud.faults.inject("GetObject", kind)
    cos = client(cloud)
    with pytest.raises(CosServiceError) as caught:
        cos.get_object(Bucket=BUCKET, Key=KEY)
    assert caught.value.get_status_code() == status
    cos.get_object(Bucket=BUCKET, Key=KEY)
