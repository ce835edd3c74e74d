"""Who is let in: TC3 signatures, tokens, times, permissions."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import requests
from tencentcloud.autoscaling.v20180419 import models
from tencentcloud.autoscaling.v20180419.autoscaling_client import AutoscalingClient
from tencentcloud.common import abstract_client

from local.credentials import Credentials
from local.http import Request
from local.signature import Scope, sign
from tests.contract.local_cloud import REGION, Calls, Fleet, credential, fleet, profile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

READ = "DescribeAutoScalingGroups"


@pytest.fixture
def it() -> Iterator[Fleet]:
    with fleet(instances=1) as made:
        yield made


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("unsigned", [False, True])
def test_signed_calls_pass(it: Fleet, method: str, *, unsigned: bool) -> None:
    call = Calls(it.cloud, method=method, unsigned=unsigned)
    names = {"Name": "auto-scaling-group-name", "Values": [it.id, "ä & b=c"]}
    assert call(READ, Filters=[names], Limit=5)["TotalCount"] == 1


def test_the_typed_client_passes_with_permanent_keys(it: Fleet) -> None:
    typed = AutoscalingClient(credential(it.cloud.user()), REGION, profile(it.cloud))
    request = models.DescribeAutoScalingGroupsRequest()
    request.AutoScalingGroupIds = [it.id]
    answer = typed.DescribeAutoScalingGroups(request)
    assert answer.AutoScalingGroupSet[0].AutoScalingGroupId == it.id


def wrong_secret(keys: Credentials) -> Credentials:
    return Credentials(keys.secret_id, "0" * 32, keys.token)


def no_token(keys: Credentials) -> Credentials:
    return Credentials(keys.secret_id, keys.secret_key)


def wrong_token(keys: Credentials) -> Credentials:
    return Credentials(keys.secret_id, keys.secret_key, "another")


def wrong_id(keys: Credentials) -> Credentials:
    return Credentials("AKID0000", keys.secret_key, keys.token)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (wrong_secret, "AuthFailure.SignatureFailure"),
        (no_token, "AuthFailure.TokenFailure"),
        (wrong_token, "AuthFailure.TokenFailure"),
        (wrong_id, "AuthFailure.SecretIdNotFound"),
    ],
)
def test_wrong_credentials(
    it: Fleet, change: Callable[[Credentials], Credentials], code: str
) -> None:
    call = Calls(it.cloud, keys=change(it.cloud.role()))
    assert call.code("StartInstanceRefresh", **it.parameters(1)) == code
    assert it.region.activities == {}
    (recorded,) = it.cloud.calls
    assert (recorded.action, recorded.code) == ("StartInstanceRefresh", code)
    assert recorded.params == it.parameters(1)


def test_permanent_keys_have_no_token(it: Fleet) -> None:
    keys = wrong_token(it.cloud.user())
    assert Calls(it.cloud, keys=keys).code(READ) == "AuthFailure.TokenFailure"


def test_revoked_credentials(it: Fleet) -> None:
    keys = it.cloud.role()
    call = Calls(it.cloud, keys=keys)
    call(READ)
    it.cloud.revoke(keys)
    assert call.code(READ) == "AuthFailure.SecretIdNotFound"


def test_a_role_may_call_only_what_it_is_allowed_to(it: Fleet) -> None:
    call = Calls(it.cloud, keys=it.cloud.role(allow={READ}))
    call(READ)
    code = call.code("StartInstanceRefresh", **it.parameters(1))
    assert code == "AuthFailure.UnauthorizedOperation"


@pytest.mark.parametrize(("offset", "passes"), [(-290, True), (-310, False), (310, False)])
def test_timestamps(
    it: Fleet, monkeypatch: pytest.MonkeyPatch, offset: int, *, passes: bool
) -> None:
    clock = SimpleNamespace(time=lambda: time.time() + offset)
    monkeypatch.setattr(abstract_client, "time", clock)
    if passes:
        it.call(READ)
    else:
        assert it.call.code(READ) == "AuthFailure.SignatureExpire"


def on_the_wire(call: Calls, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what the client sends after it has signed it."""
    connection = call._client.request.conn
    send = connection.request

    def changed(method: str, url: str, body: Any, headers: dict[str, str]) -> Any:
        sent = {"method": method, "url": url, "body": body, "headers": headers}
        change(sent)
        return send(**sent)

    connection.request = changed


def test_a_changed_body_is_noticed(it: Fleet) -> None:
    def change(sent: dict[str, Any]) -> None:
        sent["body"] = '{"Limit": 100}'

    on_the_wire(it.call, change)
    assert it.call.code(READ, Limit=1) == "AuthFailure.SignatureFailure"


def test_an_unsigned_body_is_not_looked_at(it: Fleet) -> None:
    def change(sent: dict[str, Any]) -> None:
        sent["body"] = '{"Limit": 0}'

    call = Calls(it.cloud, unsigned=True)
    on_the_wire(call, change)
    assert call(READ, Limit=1)["AutoScalingGroupSet"] == []


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("Authorization", None, "AuthFailure.SignatureFailure"),
        ("Authorization", "TC3-HMAC-SHA256 nothing", "AuthFailure.SignatureFailure"),
        ("X-TC-Timestamp", None, "MissingParameter"),
        ("X-TC-Timestamp", "now", "InvalidParameter"),
        ("X-TC-Version", None, "MissingParameter"),
        ("X-TC-Version", "2017-01-01", "NoSuchVersion"),
        ("X-TC-Region", None, "MissingParameter"),
        ("X-TC-Region", "ap-nowhere", "UnsupportedRegion"),
        ("X-TC-Action", "StartEverything", "InvalidAction"),
        ("X-TC-Action", "DescribeImages", "InvalidAction"),
        ("Content-Type", "application/x-www-form-urlencoded", "AuthFailure.SignatureFailure"),
    ],
)
def test_headers(it: Fleet, header: str, value: str | None, code: str) -> None:
    def change(sent: dict[str, Any]) -> None:
        sent["headers"].pop(header)
        if value is not None:
            sent["headers"][header] = value

    on_the_wire(it.call, change)
    assert it.call.code(READ) == code


def test_another_product_and_date(it: Fleet) -> None:
    assert Calls(it.cloud, "cbs", version="2017-03-12").code(READ) == "NoSuchProduct"


def test_a_signed_form_passes(it: Fleet) -> None:
    keys = it.cloud.user()
    headers = {
        "X-TC-Action": READ,
        "X-TC-Version": "2018-04-19",
        "X-TC-Region": REGION,
        "X-TC-Timestamp": str(int(time.time())),
        "Host": it.cloud.endpoint.removeprefix("http://"),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    date = time.strftime("%Y-%m-%d", time.gmtime(int(headers["X-TC-Timestamp"])))
    scope = Scope(keys.secret_id, date, "as", ("content-type", "host"), "")
    body = f"AutoScalingGroupIds.0={it.id}&Limit=5".encode()
    lower = {name.lower(): value for name, value in headers.items()}
    signed = sign(
        Request("POST", "/", "", lower, body), scope, keys, int(headers["X-TC-Timestamp"])
    )
    headers["Authorization"] = (
        f"TC3-HMAC-SHA256 Credential={keys.secret_id}/{date}/as/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signed}"
    )
    answer = requests.post(it.cloud.endpoint, data=body, headers=headers, timeout=10).json()
    assert answer["Response"]["TotalCount"] == 1
    assert it.cloud.calls[-1].params == {"AutoScalingGroupIds": [it.id], "Limit": 5}


def test_credentials_do_not_show_themselves(it: Fleet) -> None:
    keys = it.cloud.role()
    assert keys.secret_key not in repr(keys)
    assert str(keys.token) not in repr(keys)
