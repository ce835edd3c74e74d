"""The stand-in's SCF: what it refuses, and what runs of what is deployed."""

from __future__ import annotations

import base64
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from deploy.client import CallFailed, Client
from tests.contract.deployment import BUCKET, REGION, empty_cloud, zipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.cloud import Cloud

TRUST = {
    "version": "2.0",
    "statement": [
        {
            "effect": "allow",
            "action": ["name/sts:AssumeRole"],
            "principal": {"service": ["scf.qcloud.com"]},
        }
    ],
}
INDEX = """
import os, told
def main_handler(event, context):
    return {"statusCode": 200, "body": told.WORD + os.environ.get("OWN", "")}
"""
URL = {"AuthType": "NONE", "NetConfig": {"EnableIntranet": False, "EnableExtranet": True}}
Call = dict[str, Any]


class Scf:
    """Calls the stand-in with a function `own`, its layer and its role made."""

    def __init__(self, cloud: Cloud, client: Client) -> None:
        self.cloud, self.client = cloud, client

    def __call__(self, action: str, **params: Any) -> Call:
        if "Function" in action or "Trigger" in action or action == "Invoke":
            params.setdefault("FunctionName", "own")
        return self.client.call("scf", action, params)

    def layer(self, word: str) -> int:
        content = {"Content": package({"told.py": f"WORD = {word!r}"})}
        named = {"LayerName": "words", "CompatibleRuntimes": ["Python3.10"]}
        number: int = self("PublishLayerVersion", **named, **content)["LayerVersion"]
        self("GetLayerVersion", LayerName="words", LayerVersion=number)
        return number

    def make(self, **params: Any) -> Scf:
        layers = [{"LayerName": "words", "LayerVersion": self.layer("one")}]
        given = {"Runtime": "Python3.10", "Handler": "index.main_handler", "Role": "own"}
        code = {"Code": package({"index.py": INDEX}), "Layers": layers}
        self("CreateFunction", **{**given, **code, **params})
        self("GetFunction")
        return self

    def trigger(self, kind: str, name: str, desc: Any, **params: Any) -> Call:
        text = desc if isinstance(desc, str) else json.dumps(desc)
        own = {"Type": kind, "TriggerName": name, "TriggerDesc": text, "Enable": "OPEN"}
        made: Call = self("CreateTrigger", **own, **params)["TriggerInfo"]
        return made


def package(files: dict[str, str]) -> Call:
    return {"ZipFile": base64.b64encode(zipped(files)).decode()}


@contextmanager
def scf() -> Iterator[Scf]:
    with empty_cloud() as (cloud, environ):
        client = Client(environ)
        role = {"RoleName": "own", "PolicyDocument": json.dumps(TRUST)}
        client.call("cam", "CreateRole", role)
        yield Scf(cloud, client)


def opened(url: str) -> tuple[int, str]:
    try:
        with urlopen(url) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_a_function_runs_with_its_layers_and_variables_as_they_are_now() -> None:
    with scf() as it:
        it.make()
        url = json.loads(it.trigger("http", "any", URL)["TriggerDesc"])["NetConfig"]["ExtranetUrl"]
        assert opened(url) == (200, "one")
        layers = [{"LayerName": "words", "LayerVersion": it.layer("two")}]
        variables = {"Variables": [{"Key": "OWN", "Value": " and mine"}]}
        it("UpdateFunctionConfiguration", Layers=layers, Environment=variables)
        assert opened(url) == (200, "two and mine")
        it("GetFunction")
        it("UpdateFunctionCode", Code=package({"index.py": "def main_handler(e, c): return 'new'"}))
        assert opened(url)[1] != "two and mine"
        assert json.loads(it("Invoke", ClientContext="{}")["Result"]["RetMsg"]) == "new"


def test_a_url_is_open_only_as_its_trigger_says() -> None:
    with scf() as it:
        it.make()
        made = it.trigger("http", "any", URL)
        url = json.loads(made["TriggerDesc"])["NetConfig"]["ExtranetUrl"]
        named = {"Type": "http", "TriggerName": made["TriggerName"]}
        it("UpdateTrigger", **named, TriggerDesc=json.dumps({**URL, "AuthType": "CAM"}))
        assert opened(url)[0] == 401
        it("UpdateTrigger", **named, Enable="CLOSE", TriggerDesc=json.dumps(URL))
        assert opened(url)[0] == 404
        it("UpdateTrigger", **named, Enable="OPEN")
        assert opened(url)[0] == 200
        it("DeleteTrigger", **named)
        assert opened(url)[0] == 404


def test_a_function_can_be_changed_once_the_platform_has_done_the_last_change() -> None:
    with scf() as it:
        it.make()
        it("UpdateFunctionConfiguration", Timeout=5)
        with pytest.raises(CallFailed, match=r"FailedOperation\.FunctionStatusError"):
            it("UpdateFunctionConfiguration", Timeout=6)
        assert it("GetFunction")["Status"] == "Updating"
        assert it("GetFunction")["Status"] == "Active"
        it("UpdateFunctionConfiguration", Timeout=6)


REFUSED: dict[str, Callable[[Scf], Any]] = {
    "InvalidParameterValue.Description": lambda it: it.make(Description="it's"),
    "InvalidParameterValue.MemorySize": lambda it: it.make(MemorySize=100),
    "InvalidParameterValue.Runtime": lambda it: it.make(Runtime="Python3.14"),
    "InvalidParameterValue.Handler": lambda it: it.make(Handler="index"),
    "LimitExceeded.Timeout": lambda it: it.make(Timeout=901),
    "ResourceNotFound.Role": lambda it: it.make(Role="none"),
    "ResourceNotFound.LayerVersion": lambda it: it.make(
        Layers=[{"LayerName": "none", "LayerVersion": 1}]
    ),
    "InvalidParameterValue.ZipFile": lambda it: it.make(
        Code={"ZipFile": base64.b64encode(b"no zip").decode()}
    ),
    "InvalidParameterValue.EnvironmentSystemProtect": lambda it: it.make(
        Environment={"Variables": [{"Key": "SCF_OWN", "Value": "1"}]}
    ),
    "InvalidParameterValue.Environment": lambda it: it.make(
        Environment={"Variables": [{"Key": "OWN", "Value": ""}, {"Key": "X", "Value": "1"}]}
    ),
    "ResourceInUse.FunctionName": lambda it: [it.make(), it.make()],
    "ResourceInUse.LayerVersion": lambda it: [
        it.make(),
        it("DeleteLayerVersion", LayerName="words", LayerVersion=1),
    ],
    "ResourceNotFound.Function": lambda it: it("GetFunction", FunctionName="none"),
    "ResourceInUse.Trigger": lambda it: [
        it.make(),
        *(it.trigger("http", name, URL) for name in "ab"),
    ],
    "InvalidParameterValue.CosNotifyRuleConflict": lambda it: [
        it.make(),
        *(it.trigger("cos", f"{BUCKET}.cos.{REGION}.myqcloud.com", rule(p)) for p in ("a/", "a/b")),
    ],
    "UnsupportedOperation.Trigger": lambda it: [
        it.make(),
        it("UpdateTrigger", Type="cos", TriggerName="any"),
    ],
    "InvalidParameterValue.TriggerDesc": lambda it: [it.make(), it.trigger("timer", "t", "* *")],
    "ResourceNotFound.Cos": lambda it: [
        it.make(),
        it.trigger("cos", f"none-1250000000.cos.{REGION}.myqcloud.com", rule("")),
    ],
}


def rule(prefix: str) -> Call:
    return {"event": "cos:ObjectCreated:*", "filter": {"Prefix": prefix, "Suffix": ""}}


@pytest.mark.parametrize("code", REFUSED)
def test_what_the_platform_refuses(code: str) -> None:
    with scf() as it, pytest.raises(CallFailed) as caught:
        REFUSED[code](it)
    assert caught.value.code == code


def test_a_role_that_scf_may_not_take_is_refused() -> None:
    with scf() as it:
        it.cloud.access.roles["own"].trust["statement"][0]["principal"] = {"service": ["other"]}
        with pytest.raises(CallFailed, match=r"InvalidParameter\.RoleCheck"):
            it.make()
