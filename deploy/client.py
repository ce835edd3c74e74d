"""Calls of Tencent Cloud's API for a deploy, by the vendor's SDK."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from deploy.variables import KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSIONS = {"scf": "2018-04-16", "cam": "2019-01-16"}
THROTTLED = "RequestLimitExceeded"
TRIES = 5  # a throttled call has done nothing


# How a code begins or ends -> what to do.
REMEDIES = {
    "ResourceNotFound.Role": "make the role; one that was just made takes a moment: run this again",
    "UnauthorizedOperation": "give who deploys the permission {call}",
    "LimitExceeded": "a quota is full: remove what nobody uses, or ask for more",
    "ClientNetworkError": "the address of {service} can't be reached from here",
    "AuthFailure": "look at TENCENT_SECRET_ID, TENCENT_SECRET_KEY and TENCENT_TOKEN",
}


class CallFailed(Exception):
    """Says which call was refused or got no answer, in whose words, and what to do."""

    def __init__(self, service: str, action: str, code: str, message: str) -> None:
        call = f"{service}:{action}"
        found = (text for part, text in REMEDIES.items() if part in code)
        remedy = next(found, "run this again once it is mended").format(call=call, service=service)
        super().__init__(f"{call} failed: {code}: {message}; {remedy}")
        self.code = code


class Client:
    """Calls the services with the keys of whoever deploys."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._clients: dict[str, Any] = {}

    def call(self, service: str, action: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Call an action and give its response; CallFailed says what went wrong."""
        from tencentcloud.common.exception.tencent_cloud_sdk_exception import (
            TencentCloudSDKException,
        )

        for seconds in range(TRIES):
            try:
                answer = self._client(service).call_json(action, dict(params))["Response"]
            except TencentCloudSDKException as error:
                code, message = error.get_code() or "", error.get_message() or ""
            else:
                if "Error" not in answer:
                    return dict(answer)
                code, message = answer["Error"]["Code"], answer["Error"]["Message"]
            if not code.startswith(THROTTLED):
                break
            time.sleep(seconds)
        raise CallFailed(service, action, code, message)

    def _client(self, service: str) -> Any:
        from tencentcloud.common.common_client import CommonClient
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile

        if service not in self._clients:
            environ = self._environ
            address = urlsplit(endpoint(environ, service))
            http = HttpProfile(protocol=address.scheme, endpoint=address.netloc, reqTimeout=60)
            self._clients[service] = CommonClient(
                service,
                VERSIONS[service],
                Credential(*(environ.get(name) or None for name in KEYS)),
                environ["REGION"],
                ClientProfile(httpProfile=http, language="en-US"),
            )
        return self._clients[service]


def endpoint(environ: Mapping[str, str], service: str) -> str:
    """Give where a service is called: accounts of the international site have their own."""
    intl = ".intl" if ".intl." in environ.get("AS_ENDPOINT", "") else ""
    own = environ.get(f"{service.upper()}_ENDPOINT")
    return own or f"https://{service}{intl}.tencentcloudapi.com"
