"""Call an API: sign, retry, keep to the deadline, and translate every error once.

The SDK's CommonClient signs and sends. Its own retryer and error check are not used: the one calls
again after a success, the other passes an error over whose Content-Type has a charset.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from ..deadline import within
from ..errors import ApiError
from ..logs import logger
from .pace import Pace
from .retry import retry

if TYPE_CHECKING:
    from ..deadline import Deadline
    from .credentials import Credentials

_CONNECT_TIMEOUT = 3.0
_CALL_TIMEOUT = 15.0
# StartInstanceRefresh takes 20 calls a second, and no action that is used here takes fewer.
# A little less leaves room for calls that reach the API unevenly.
_INTERVAL = 1 / 19.3
_PACES: dict[str, Pace] = {}
_MESSAGE = 300
_NETWORK = ("ClientNetworkError", "ServerNetworkError", "InvalidAnswer")


class Api:
    """One product in one region, for one set of credentials; safe to use from many threads.

    A client is lent to one call at a time, so that its timeout and connection are that call's own.
    Where one's connection went wrong, those that idled with it are dropped too: after a pause all
    may be gone, and a call has fewer tries than there may be clients.
    """

    def __init__(
        self, service: str, version: str, endpoint: str, region: str, credentials: Credentials
    ) -> None:
        url = urlsplit(endpoint)
        http = HttpProfile(protocol=url.scheme, endpoint=url.netloc, keepAlive=True)
        self._profile = ClientProfile(httpProfile=http, language="en-US")
        self._credential = Credential(
            credentials.secret_id, credentials.secret_key, credentials.token
        )
        self._service, self._version, self._region = service, version, region
        self._idle: list[CommonClient] = []

    def call(
        self, action: str, parameters: dict[str, Any], deadline: Deadline, *, repeat: bool = True
    ) -> dict[str, Any]:
        """Call an action and give its `Response`; `retry` says when it is sent again."""
        return retry(lambda: self._logged(action, parameters, deadline), deadline, repeat=repeat)

    def _logged(
        self, action: str, parameters: dict[str, Any], deadline: Deadline
    ) -> dict[str, Any]:
        """Call once; with LOG_LEVEL=DEBUG a line says how it went, and never what was in it."""
        started, code, request_id = time.monotonic(), None, None
        try:
            response = self._once(action, parameters, deadline)
            request_id = response.get("RequestId")
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

    def _once(self, action: str, parameters: dict[str, Any], deadline: Deadline) -> dict[str, Any]:
        _PACES.setdefault(action, Pace(_INTERVAL)).wait(deadline)
        left = min(deadline.check(), _CALL_TIMEOUT)
        try:
            client = self._idle.pop()
        except IndexError:
            client = CommonClient(
                self._service, self._version, self._credential, self._region, self._profile
            )
        client.request.conn.timeout = (min(left, _CONNECT_TIMEOUT), left)
        try:
            response = _response(within(left, lambda: client.call_json(action, parameters)))
        except TencentCloudSDKException as error:
            if error.get_code() in _NETWORK:
                self._idle.clear()
            else:
                self._idle.append(client)
            raise self._translated(action, error) from None
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise ApiError(
                "InvalidAnswer", f"{action} was answered with no valid document", fate_unknown=True
            ) from None
        except OSError as error:  # too late, or the body was cut off while it was read
            self._idle.clear()
            raise ApiError(
                "ClientNetworkError", f"{action}: {type(error).__name__}", fate_unknown=True
            ) from None
        self._idle.append(client)
        return response

    def _translated(self, action: str, error: TencentCloudSDKException) -> ApiError:
        code = str(error.get_code() or "InvalidAnswer")
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
            error.get_request_id() or None,
            fate_unknown=code.partition(".")[0] == "InternalError",
        )


def _response(answer: dict[str, Any]) -> dict[str, Any]:
    response: dict[str, Any] = answer["Response"]
    error = response.get("Error")
    if error:
        raise TencentCloudSDKException(error["Code"], error["Message"], response.get("RequestId"))
    return response
