"""COS: read one object with the role's credentials.

The request is signed here, after https://cloud.tencent.com/document/product/436/7778: COS's own SDK
brings 16 MB of dependencies and 40 ms of start-up for these few lines (a test compares the two).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import requests
from urllib3.exceptions import HTTPError

from ..clock import retry, within
from ..errors import ApiError

if TYPE_CHECKING:
    from ..clock import Deadline
    from .cloud import Credentials

_VALID_SECONDS = 300
_TIMEOUT = 10.0
_OK, _SERVER_ERROR = 200, 500
_REQUEST_ID = re.compile(r"[A-Za-z0-9_=-]{1,128}")  # base64 of some form, or hexadecimal
_CODE = re.compile(rb"<Code>([A-Za-z.]{1,64})</Code>")


def object_request(
    method: str,
    key: str,
    *,
    bucket: str,
    region: str,
    credentials: Credentials,
    endpoint: str | None = None,
) -> tuple[str, dict[str, str]]:
    """Give the URL and the signed headers of a request for an object."""
    host = f"{bucket}.cos.{region}.myqcloud.com"
    now = int(time.time())
    period = f"{now - 60};{now + _VALID_SECONDS}"
    request = f"{method.lower()}\n/{key}\n\nhost={host}\n"
    to_sign = f"sha1\n{period}\n{hashlib.sha1(request.encode()).hexdigest()}\n"  # noqa: S324 — COS's
    signing_key = _hmac(credentials.secret_key, period)
    authorization = (
        f"q-sign-algorithm=sha1&q-ak={credentials.secret_id}&q-sign-time={period}"
        f"&q-key-time={period}&q-header-list=host&q-url-param-list="
        f"&q-signature={_hmac(signing_key, to_sign)}"
    )
    headers = {
        "Host": host,
        "Authorization": authorization,
        "x-cos-security-token": credentials.token,
        "Accept-Encoding": "identity",
    }
    address = urlsplit(endpoint or f"https://{host}")
    path = quote(key, safe="/-_.~").replace("./", ".%2F")  # or `./` would be cut out of the path
    return f"{address.scheme}://{address.netloc}/{path}", headers


def _hmac(key: str, message: str) -> str:
    return hmac.new(key.encode(), message.encode(), hashlib.sha1).hexdigest()


class Cos:
    """The bucket reader of one invocation."""

    def __init__(self, endpoint: str | None, credentials: Credentials, deadline: Deadline) -> None:
        self._endpoint, self._credentials, self._deadline = endpoint, credentials, deadline

    def read(self, region: str, bucket: str, key: str, most: int) -> bytes:
        """Read an object, at most one byte more than `most`, so that a larger one is noticed."""
        return retry(lambda: self._once(region, bucket, key, most), self._deadline)

    def _once(self, region: str, bucket: str, key: str, most: int) -> bytes:
        timeout = min(_TIMEOUT, self._deadline.check())
        url, headers = object_request(
            "GET",
            key,
            bucket=bucket,
            region=region,
            credentials=self._credentials,
            endpoint=self._endpoint,
        )
        try:
            answer, body = within(timeout, lambda: _get(url, headers, timeout, most + 1))
        except (OSError, HTTPError) as error:
            name = type(error).__name__
            raise ApiError("ClientNetworkError", f"GetObject: {name}", fate_unknown=True) from None
        if answer.status_code == _OK:
            return body
        raise _refused(answer, body)


def _get(
    url: str, headers: dict[str, str], timeout: float, most: int
) -> tuple[requests.Response, bytes]:
    with requests.get(
        url, headers=headers, timeout=timeout, stream=True, allow_redirects=False
    ) as answer:
        body = bytes(answer.raw.read(most, decode_content=False))
        if answer.raw.length_remaining and len(body) < most:
            raise requests.ConnectionError  # cut off: what came is not the object
        return answer, body


def _refused(answer: requests.Response, body: bytes) -> ApiError:
    found = _CODE.search(body)
    code = found[1].decode() if found else "ServerNetworkError"
    request_id = answer.headers.get("x-cos-request-id", "")
    return ApiError(
        code,
        f"GetObject was answered {answer.status_code} {code}",
        request_id if _REQUEST_ID.fullmatch(request_id) else None,
        fate_unknown=answer.status_code >= _SERVER_ERROR,
    )
