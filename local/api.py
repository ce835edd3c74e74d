"""The API in front of Auto Scaling and CVM: who calls, what, how often, with which parameters."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from local import signature, signature_v1
from local.autoscaling.actions import ACTIONS as AUTOSCALING
from local.calls import Call
from local.cam.actions import ACTIONS as CAM
from local.contract import SERVICES, Contract
from local.cvm.actions import ACTIONS as CVM
from local.functions.actions import ACTIONS as SCF
from local.http import Reply, Request
from local.query import nested
from local.refused import Refused
from local.regions import REGIONS
from local.sts.actions import ACTIONS as STS
from local.tag.actions import ACTIONS as TAG

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.account import Account
    from local.functions.plane import Functions
    from local.signature import Scope

# Services of which there is one for all regions.
WITHOUT_REGION = ("tag", "cam")
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

# A fault's kind -> the error that stands for it.
ERRORS = {
    "throttle": ("RequestLimitExceeded", "The calls of this action exceed the limit."),
    "internal_error": ("InternalError", "An internal error has occurred."),
    "error_without_request_id": ("InternalError", "An internal error has occurred."),
    "expired_token": ("AuthFailure.TokenFailure", "The token has expired."),
    "denied": ("AuthFailure.UnauthorizedOperation", "The operation is not authorized."),
}


def is_call(request: Request) -> bool:
    """Tell whether a request is a call of this API, by either signature."""
    return "x-tc-action" in request.headers or signature_v1.is_signed(request)


HTTP_STATUS = {"http_500": 500, "http_502": 502}


class Api:
    """Answers API calls; errors come with status 200, as the platform sends them."""

    def __init__(self, account: Account, functions: Callable[[str], Functions]) -> None:
        self._account, self._functions = account, functions
        self._contracts = {name: Contract(name) for name in SERVICES}
        self._actions = {"as": AUTOSCALING, "cvm": CVM}

    def action(self, request: Request) -> str:
        """Name the action that a request asks for."""
        return signature_v1.with_headers(request).headers.get("x-tc-action", "")

    def answer(self, request: Request) -> Reply:
        """Check a call in the platform's order and carry it out, under the account's lock."""
        params: dict[str, Any] = {}
        code, result = "", {}
        request = signature_v1.with_headers(request)
        with self._account.lock:
            self._account.settle()
            try:
                scope = self._authenticate(request)
                contract = self._contract(request, scope.service)
                action = self._allowed_action(request, contract, scope.secret_id)
                params = _params(request, contract, action)
                region = self._region(request, scope.service)
                self._account.rate_limits.take(action)
                checked = contract.check(action, params)
                named = f"{scope.service}:{action}"
                self._account.access.authorize(scope.secret_id, named, region, checked)
                result = self._carry_out(scope, region, action, checked)
            except Refused as error:
                code, result = error.code, {"Error": {"Code": error.code, "Message": error.message}}
                params = params or _sent(request)
            call = self._record(request, code, params)
        if callable(result):  # calls the cloud itself
            result = result()
        body = json.dumps({"Response": {**result, "RequestId": str(uuid.uuid4())}})
        self._account.called(call)
        return Reply(200, body.encode(), {"Content-Type": JSON})

    def refuse(self, request: Request, kind: str) -> Reply:
        """Answer with a fault's error, without any effect."""
        request = signature_v1.with_headers(request)
        params = _sent(request)
        if kind not in ERRORS:
            with self._account.lock:
                self._record(request, kind, params)
            return Reply(HTTP_STATUS.get(kind, 500), b"<html>upstream error</html>")
        code, message = ERRORS[kind]
        with self._account.lock:
            self._record(request, code, params)
        content: dict[str, Any] = {"Error": {"Code": code, "Message": message}}
        if kind != "error_without_request_id":
            content["RequestId"] = str(uuid.uuid4())
        return Reply(200, json.dumps({"Response": content}).encode(), {"Content-Type": JSON})

    def _authenticate(self, request: Request) -> Scope:
        if signature_v1.is_signed(request):
            return signature_v1.authenticate(request, self._account.keys)
        return signature.authenticate(request, self._account.keys)

    def _record(self, request: Request, code: str, params: dict[str, Any]) -> Call:
        scope = signature_v1.scope_of(request) or signature.scope_of(request)
        call = Call(
            service=scope.service if scope else "",
            action=self.action(request),
            region=request.headers.get("x-tc-region", ""),
            params=params,
            code=code,
            secret_id=scope.secret_id if scope else "",
        )
        self._account.calls.append(call)
        return call

    def _contract(self, request: Request, service: str) -> Contract:
        contract = self._contracts.get(service)
        if contract is None:
            raise Refused("NoSuchProduct", f"There is no product `{service}`.")
        version = request.headers.get("x-tc-version")
        if version is None:
            raise Refused("MissingParameter", "The parameter `X-TC-Version` is missing.")
        if version != contract.version:
            raise Refused("NoSuchVersion", f"There is no version `{version}` of `{service}`.")
        return contract

    def _allowed_action(self, request: Request, contract: Contract, secret_id: str) -> str:
        action = self.action(request)
        if action not in contract.actions:
            raise Refused("InvalidAction", f"There is no action `{action}`.")
        if not self._account.keys.allows(secret_id, action):
            code = "AuthFailure.UnauthorizedOperation"
            raise Refused(code, f"The operation `{action}` is not authorized.")
        return action

    def _carry_out(self, scope: Scope, region: str, action: str, params: dict[str, Any]) -> Any:
        service = scope.service
        if service == "sts":  # it has one action, which asks who calls
            return STS[action](self._account.access.sessions.get(scope.secret_id))
        if service == "cam":
            return CAM[action](self._account.access, params)
        if service == "scf":
            return SCF[action](self._functions(region), params)
        if service == "tag":  # its resources name their regions themselves
            return TAG[action](self._account, params)
        return self._actions[service][action](self._account.region(region), params)

    def _region(self, request: Request, service: str) -> str:
        region = request.headers.get("x-tc-region")
        if not region and service in WITHOUT_REGION:
            return ""
        if not region:
            raise Refused("MissingParameter", "The parameter `X-TC-Region` is missing.")
        if region not in REGIONS:
            raise Refused("UnsupportedRegion", f"The region `{region}` is not supported.")
        return region


def _params(request: Request, contract: Contract, action: str) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if request.method == "GET":
        params = contract.read_text(action, nested(request.query))
    elif kind == FORM:
        sent = nested(_text(request.body))
        own = {name: value for name, value in sent.items() if name not in signature_v1.COMMON}
        params = contract.read_text(action, own if signature_v1.is_signed(request) else sent)
    elif kind == JSON:
        params = _json(request.body)
    else:
        raise Refused("UnsupportedProtocol", f"The content type `{kind}` is not supported.")
    if not isinstance(params, dict):
        raise Refused("InvalidParameter", "The body is no JSON object.")
    return params


def _json(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise Refused("InvalidParameter", "The body is not JSON.") from None


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Refused("InvalidParameter", "The body is not UTF-8.") from None


def _sent(request: Request) -> dict[str, Any]:
    """Read what was sent as well as it can be read, for the record."""
    try:
        sent = nested(request.query) if request.method == "GET" else _json(request.body)
    except Refused:
        sent = None
    return sent if isinstance(sent, dict) else {}
