"""Signatures of version 1, as the vendor's npm tools make them."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from local.clock import ManualClock
from local.cloud import Cloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Params = dict[str, str]


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud(clock=ManualClock()) as cloud:
        yield cloud


def signed(cloud: Cloud, method: str = "sha1") -> Params:
    keys = cloud.user()
    params = {
        "Action": "ListFunctions",
        "Version": "2018-04-16",
        "Region": "ap-guangzhou",
        "Timestamp": str(int(time.time())),
        "Nonce": "1",
        "SecretId": keys.secret_id,
        "Limit": "20",
    }
    if method == "sha256":
        params["SignatureMethod"] = "HmacSHA256"
    host = cloud.endpoint.removeprefix("http://")
    text = "&".join(f"{name}={value}" for name, value in sorted(params.items()))
    digest = hmac.digest(keys.secret_key.encode(), f"POST{host}/?{text}".encode(), method)
    return {**params, "Signature": base64.b64encode(digest).decode()}


def code(cloud: Cloud, params: Params) -> str:
    """Send a call; give the error's code, or nothing."""
    with urlopen(Request(cloud.endpoint + "/", urlencode(params).encode())) as answer:
        return str(json.loads(answer.read())["Response"].get("Error", {}).get("Code", ""))


@pytest.mark.parametrize("method", ["sha1", "sha256"])
def test_a_call_that_is_signed_so_is_served(cloud: Cloud, method: str) -> None:
    assert code(cloud, signed(cloud, method)) == ""
    (call,) = cloud.calls
    assert (call.service, call.action, call.params) == ("scf", "ListFunctions", {"Limit": 20})


CHANGES: dict[str, Callable[[Params], Params]] = {
    "AuthFailure.SignatureFailure": lambda p: {**p, "Limit": "30"},
    "AuthFailure.SecretIdNotFound": lambda p: {**p, "SecretId": "AKIDnone"},
    "AuthFailure.SignatureExpire": lambda p: {**p, "Timestamp": "1000000000"},
    "AuthFailure.TokenFailure": lambda p: {**p, "Token": "another"},
    "MissingParameter": lambda p: {n: v for n, v in p.items() if n != "Timestamp"},
}


@pytest.mark.parametrize("wanted", CHANGES)
def test_any_other_is_refused(cloud: Cloud, wanted: str) -> None:
    assert code(cloud, CHANGES[wanted](signed(cloud))) == wanted
