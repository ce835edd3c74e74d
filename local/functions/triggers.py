"""Triggers: function URLs, timers, and notifications of a bucket."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from local.functions.functions import settled
from local.functions.models import Trigger
from local.functions.rendering import trigger as rendered
from local.refused import Refused
from local.scf.cron import Cron
from local.scf.timers import MESSAGE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.functions.models import Deployed
    from local.functions.plane import Functions

Params = dict[str, Any]
KINDS = ("http", "timer", "cos")
UPDATED = ("http", "timer")
AUTHS = ("NONE", "CAM")
DEFAULT = "$DEFAULT"


def create(plane: Functions, params: Params) -> Params:
    function, kind = settled(plane, params), params["Type"]
    if kind not in KINDS:
        raise Refused("UnsupportedOperation.Trigger", f"There is no trigger of type `{kind}`.")
    desc = _desc(kind, params.get("TriggerDesc", ""))
    made = Trigger(
        kind=kind,
        name=params["TriggerName"] if kind != "http" else secrets.token_hex(5),
        desc=desc,
        enabled=_enabled(params, otherwise=False),
        qualifier=params.get("Qualifier", "$LATEST"),
        argument=params.get("CustomArgument", ""),
        description=params.get("Description", ""),
        added=plane.now(),
        modified=plane.now(),
    )
    _check(plane, function, made)
    plane.connect(function, made)
    function.triggers.append(made)
    return {"TriggerInfo": rendered(made)}


def update(plane: Functions, params: Params) -> Params:
    function = settled(plane, params)
    if params["Type"] not in UPDATED:
        raise Refused("UnsupportedOperation.Trigger", "A trigger of this type can't be updated.")
    found = _find(function, params)
    if "TriggerDesc" in params:
        found.desc = _desc(found.kind, params["TriggerDesc"])
    found.enabled = _enabled(params, otherwise=found.enabled)
    found.argument = params.get("CustomArgument", found.argument)
    found.description = params.get("Description", found.description)
    found.modified = plane.now()
    plane.connect(function, found)
    return {}


def delete(plane: Functions, params: Params) -> Params:
    function = settled(plane, params)
    found = _find(function, params)
    if found.kind == "cos":
        desc = _desc("cos", params.get("TriggerDesc", ""))
        if desc["event"] != found.desc["event"]:
            raise Refused("InvalidParameterValue.TriggerDesc", "`TriggerDesc` names another event.")
    function.triggers.remove(found)
    return {}


def list_triggers(plane: Functions, params: Params) -> Params:
    found = [each for each in _found(plane, params) if _meets(each, params.get("Filters", []))]
    first, limit = params.get("Offset", 0), params.get("Limit", 20)
    page = [rendered(each) for each in found[first : first + limit]]
    return {"Triggers": page, "TotalCount": len(found)}


def _found(plane: Functions, params: Params) -> list[Trigger]:
    function = plane.functions.get(params["FunctionName"])
    if function is None:
        raise Refused("ResourceNotFound.Function", "There is no such function.")
    return function.triggers


def _meets(found: Trigger, filters: list[Params]) -> bool:
    """Tell whether all filters take a trigger; one without a value takes any."""
    values = {"Qualifier": found.qualifier, "TriggerName": found.name, "Type": found.kind}
    return all(
        values.get(each["Name"]) in wanted
        for each in filters
        if (wanted := [value for value in each.get("Values", []) if value])
    )


def _find(function: Deployed, params: Params) -> Trigger:
    for found in function.triggers:
        if (found.kind, found.name) == (params["Type"], params["TriggerName"]):
            return found
    message = f"There is no {params['Type']} trigger `{params['TriggerName']}`."
    raise Refused("ResourceNotFound.Trigger", message)


def _check(plane: Functions, function: Deployed, made: Trigger) -> None:
    same = [t for t in function.triggers if t.kind == made.kind]
    if any(made.kind == "http" or t.name == made.name for t in same if made.kind != "cos"):
        raise Refused("ResourceInUse.Trigger", f"There is a {made.kind} trigger already.")
    if len(made.argument.encode()) > MESSAGE_LIMIT:
        raise Refused("InvalidParameterValue", "`CustomArgument` is larger than 4 KB.")
    if made.kind == "cos" and any(_overlap(made, each) for each in _notifications(plane)):
        code = "InvalidParameterValue.CosNotifyRuleConflict"
        raise Refused(code, "Another trigger of the bucket takes some of the same objects.")


def _notifications(plane: Functions) -> Iterator[Trigger]:
    for function in plane.functions.values():
        yield from (each for each in function.triggers if each.kind == "cos")


def _overlap(one: Trigger, other: Trigger) -> bool:
    """Tell whether two rules of one bucket take the same event of the same objects."""
    mine, theirs = one.desc["filter"], other.desc["filter"]
    events = sorted((one.desc["event"].rstrip("*"), other.desc["event"].rstrip("*")))
    prefixes = sorted((mine["Prefix"], theirs["Prefix"]))
    suffixes = sorted((mine["Suffix"], theirs["Suffix"]))
    return (
        one.name == other.name
        and events[1].startswith(events[0])
        and prefixes[1].startswith(prefixes[0])
        and suffixes[1].endswith(suffixes[0])
    )


def _enabled(params: Params, *, otherwise: bool) -> bool:
    given = params.get("Enable")
    if given not in (None, "OPEN", "CLOSE"):
        raise Refused("InvalidParameterValue.Enable", "`Enable` is OPEN or CLOSE.")
    return otherwise if given is None else given == "OPEN"


def _desc(kind: str, text: str) -> dict[str, Any]:
    """Read a description; a timer's may be the bare cron expression."""
    try:
        desc: Any = json.loads(text) if text.startswith("{") else {"cron": text}
        if kind == "timer":
            Cron(desc["cron"])
            return {"cron": desc["cron"]}
        if kind == "cos":
            given = desc.get("filter") or {}
            parts = {name: str(given.get(name, "")) for name in ("Prefix", "Suffix")}
            return {"event": str(desc["event"]), "filter": parts}
        net = desc["NetConfig"]
        if desc["AuthType"] not in AUTHS:
            raise ValueError(text)
        nets = {name: bool(net.get(name)) for name in ("EnableIntranet", "EnableExtranet")}
        return {"AuthType": desc["AuthType"], "NetConfig": nets}
    except (ValueError, KeyError, TypeError, AttributeError):
        message = f"`TriggerDesc` is no description of a {kind} trigger."
        raise Refused("InvalidParameterValue.TriggerDesc", message) from None
