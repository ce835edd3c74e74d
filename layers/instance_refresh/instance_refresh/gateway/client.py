"""Call an API: sign, pace, retry, keep to the deadline, and translate every error once.

The SDK's CommonClient signs and sends. Its own retryer and error check are not used: the one calls
again after a success, the other passes an error over whose Content-Type has a charset.
"""

from __future__ import annotations

import json
import re
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from ..clock import retry, within
from ..errors import ApiError
from ..logs import logger

if TYPE_CHECKING:
    from ..clock import Deadline
    from .cloud import Credentials

_CONNECT_TIMEOUT = 3.0
_CALL_TIMEOUT = 15.0
# StartInstanceRefresh takes 20 calls a second, and no action that is used here takes fewer.
# A little less leaves room for calls that reach the API unevenly.
_INTERVAL = 1 / 19.3
_PACES: dict[str, float] = {}  # when each action may be called next
_PACES_LOCK = threading.Lock()
_MESSAGE = 300
_NETWORK = ("ClientNetworkError", "ServerNetworkError", "InvalidAnswer")
# Only what has the form of one is taken for one: both go to the log.
_CODE = re.compile(r"[A-Za-z0-9]{1,64}(\.[A-Za-z0-9]{1,64}){0,4}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_NO_DOCUMENT = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


class Api:
    """One product in one region, for one set of credentials; safe to use from many threads.

    A client is lent to one call at a time, so that its timeout and connection are that call's own.
    After a pause of the process the network may have dropped every connection, and a call has fewer
    tries than there may be clients: where one's connection is gone, all that are idle are dropped.
    """

    def __init__(
        self, service: str, version: str, endpoint: str, region: str, credentials: Credentials
    ) -> None:
        url = urlsplit(endpoint)
        http = HttpProfile(protocol=url.scheme, endpoint=url.netloc, keepAlive=True)
        self._profile = ClientProfile(httpProfile=http, language="en-US")
        self._credential = Credential(*credentials)
        self._service, self._version, self._region = service, version, region
        self._idle: list[CommonClient] = []

    def call(
        self, action: str, parameters: dict[str, Any], deadline: Deadline, *, repeat: bool = True
    ) -> dict[str, Any]:
        """Call an action and give its `Response`; `retry` says when it is sent again."""
        return retry(lambda: self._once(action, parameters, deadline), deadline, repeat=repeat)

    def _once(self, action: str, parameters: dict[str, Any], deadline: Deadline) -> dict[str, Any]:
        """Call once; with LOG_LEVEL=DEBUG a line says how it went, and never what was in it."""
        _wait_for_turn(action, deadline)
        started, code, request_id = time.monotonic(), None, None
        try:
            response = self._send(action, parameters, min(deadline.check(), _CALL_TIMEOUT))
            request_id = _of_form(_REQUEST_ID, response.get("RequestId"))
        except ApiError as error:
            code, request_id = error.code, error.request_id
            raise
        else:
            return response
        finally:
            logger().debug(
                action,
                code=code,
                region=self._region,
                api_request_id=request_id,
                duration_ms=round((time.monotonic() - started) * 1000),
            )

    def _send(self, action: str, parameters: dict[str, Any], timeout: float) -> dict[str, Any]:
        try:
            client = self._idle.pop()
        except IndexError:
            client = CommonClient(
                self._service, self._version, self._credential, self._region, self._profile
            )
            # A redirect would be followed to any host, with the token in it.
            client.request.conn._session.max_redirects = 0  # noqa: SLF001 — the SDK has no setting
        client.request.conn.timeout = (min(timeout, _CONNECT_TIMEOUT), timeout)
        try:
            answer = within(timeout, lambda: client.call_json(action, parameters))
            response: dict[str, Any] = answer["Response"]
            if error := response.get("Error"):
                raise TencentCloudSDKException(
                    error["Code"], error["Message"], response.get("RequestId")
                )
        except TencentCloudSDKException as error:
            if error.get_code() in _NETWORK:
                self._idle.clear()
            else:
                self._idle.append(client)
            raise self._translated(action, error) from None
        except _NO_DOCUMENT:
            message = f"{action} was answered with no valid document"
            raise ApiError("InvalidAnswer", message, fate_unknown=True) from None
        except OSError as error:  # too late, or the body was cut off while it was read
            self._idle.clear()
            message = f"{action}: {type(error).__name__}"
            raise ApiError("ClientNetworkError", message, fate_unknown=True) from None
        self._idle.append(client)
        return response

    def _translated(self, action: str, error: TencentCloudSDKException) -> ApiError:
        code = _of_form(_CODE, error.get_code()) or "InvalidAnswer"
        if code in _NETWORK:  # the message may quote an address or a whole page
            return ApiError(code, f"{action} could not be completed: {code}", fate_unknown=True)
        text = str(error.get_message())
        for secret in self._credential.get_credential_info():
            text = text.replace(secret, "…") if secret else text
        if len(text) > _MESSAGE:
            text = f"{text[:_MESSAGE]}… {len(text) - _MESSAGE} characters more"
        return ApiError(
            code,
            f"{action}: {json.dumps(text, ensure_ascii=False)[1:-1]}",
            _of_form(_REQUEST_ID, error.get_request_id()),
            fate_unknown=code.partition(".")[0] == "InternalError",
        )


def _of_form(form: re.Pattern[str], value: Any) -> str | None:
    return value if isinstance(value, str) and form.fullmatch(value) else None


def _wait_for_turn(action: str, deadline: Deadline) -> None:
    """Keep calls apart; an ApiError DeadlineExceeded if the turn comes too late."""
    with _PACES_LOCK:
        now = time.monotonic()
        turn = max(now, _PACES.get(action, 0.0))
        deadline.check(turn - now)
        _PACES[action] = turn + _INTERVAL
    if turn > now:
        deadline.sleep(turn - now)
