"""Triggers: SCF. One table a type says which field of the yml is which of the API."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deploy.functions import NAMESPACE
from deploy.resources import Fields, found_or_none

if TYPE_CHECKING:
    from deploy import description
    from deploy.client import Client

DEFAULT = "$DEFAULT"


@dataclass
class TriggerItself:
    """A trigger; a URL's name is the platform's, and a function has one."""

    function: str
    type: str
    own_name: str
    desc: Fields
    argument: str = ""
    kind: str = field(default="trigger", repr=False)
    qualifier: str = DEFAULT
    enabled: bool = True

    @property
    def name(self) -> str:
        return f"{self.type} {self.own_name} of {self.function}"

    @property
    def wanted(self) -> Fields:
        return {
            "TriggerDesc": self.desc,
            "Enable": "OPEN" if self.enabled else "CLOSE",
            "Qualifier": self.qualifier,
            "CustomArgument": self.argument,
        }

    def find(self, client: Client) -> Fields | None:
        for each in triggers_of(client, self.function):
            if each.type == self.type and (self.type == "http" or each.own_name == self.own_name):
                self.own_name = each.own_name
                return each.wanted
        return None

    def create(self, client: Client) -> None:
        client.call("scf", "CreateTrigger", self._asked())

    def update(self, client: Client, found: Fields) -> None:
        """Change it where the API can; else make it anew."""
        if self.type != "cos" and found["Qualifier"] == self.qualifier:
            client.call("scf", "UpdateTrigger", self._asked())
            return
        before = {"Qualifier": found["Qualifier"], "TriggerDesc": _text(found)}
        client.call("scf", "DeleteTrigger", {**self._named(), **before})
        self.create(client)

    def delete(self, client: Client) -> None:
        client.call("scf", "DeleteTrigger", {**self._named(), "TriggerDesc": _text(self.wanted)})

    def closes(self, found: Fields | None) -> bool:
        """Tell whether it closes a URL that is open: that comes before its function trusts it."""
        auths = [each["TriggerDesc"].get("AuthType") for each in (found or {}, self.wanted) if each]
        return auths == ["NONE", "CAM"]

    def _named(self) -> Fields:
        named = {"FunctionName": self.function, "Namespace": NAMESPACE, "Type": self.type}
        return {**named, "TriggerName": self.own_name, "Qualifier": self.qualifier}

    def _asked(self) -> Fields:
        wanted = self.wanted
        argument = {"CustomArgument": self.argument} if self.type == "timer" else {}
        own = {"Enable": wanted["Enable"], "TriggerDesc": _text(wanted)}
        return {**self._named(), **own, **argument}


def described_trigger(each: description.Trigger) -> TriggerItself:
    """Read a trigger of the yml: one table a type."""
    p = each.parameters
    net, wanted = p.get("netConfig", {}), p.get("filter", {})
    name, desc = {
        "http": lambda: (
            p["name"],
            {
                "AuthType": p["authType"],
                "NetConfig": {
                    "EnableIntranet": net["enableIntranet"],
                    "EnableExtranet": net["enableExtranet"],
                },
            },
        ),
        "timer": lambda: (p["name"], {"cron": p["cronExpression"]}),
        "cos": lambda: (
            p["bucket"],
            {
                "event": p["events"],
                "filter": {"Prefix": wanted["prefix"], "Suffix": wanted["suffix"]},
            },
        ),
    }[each.kind]()
    argument = str(p.get("argument", ""))
    return TriggerItself(each.function, each.kind, name, desc, argument, enabled=p["enable"])


def triggers_of(client: Client, function: str) -> list[TriggerItself]:
    """Read a function's triggers; none where there is no such function."""
    asked = {"FunctionName": function, "Namespace": NAMESPACE, "Limit": 100}
    answer = found_or_none(lambda: client.call("scf", "ListTriggers", asked))
    return [_read(function, each) for each in (answer or {}).get("Triggers") or []]


def url_of(client: Client, function: str) -> str:
    """Give a function's URL; empty where it has none."""
    asked = {"FunctionName": function, "Namespace": NAMESPACE, "Limit": 100}
    for each in client.call("scf", "ListTriggers", asked)["Triggers"]:
        if each["Type"] == "http":
            return str(json.loads(each["TriggerDesc"])["NetConfig"].get("ExtranetUrl", ""))
    return ""


def _read(function: str, each: dict[str, Any]) -> TriggerItself:
    desc = json.loads(each["TriggerDesc"])
    if each["Type"] == "http":
        net = {name: desc["NetConfig"][name] for name in ("EnableIntranet", "EnableExtranet")}
        desc = {"AuthType": desc["AuthType"], "NetConfig": net}
    elif each["Type"] == "cos":
        kept = {name: desc["filter"].get(name, "") for name in ("Prefix", "Suffix")}
        desc = {"event": desc["event"], "filter": kept}
    return TriggerItself(
        function,
        each["Type"],
        each["TriggerName"],
        desc,
        each.get("CustomArgument") or "",
        qualifier=each["Qualifier"],
        enabled=bool(each["Enable"]),
    )


def _text(fields: Fields) -> str:
    """Write a description as the API takes it: a timer's is the bare expression."""
    desc = fields["TriggerDesc"]
    return str(desc["cron"]) if "cron" in desc else json.dumps(desc, separators=(",", ":"))
