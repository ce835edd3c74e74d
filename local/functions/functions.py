"""Functions: made, changed and deleted; each change takes the platform a moment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from local.functions import layers
from local.functions.models import Deployed
from local.functions.packages import package_of
from local.functions.rendering import function as rendered
from local.refused import Refused
from local.scf.function import (
    ENVIRON_LIMIT,
    MEMORY_LARGEST,
    MEMORY_SMALLEST,
    MEMORY_STEP,
    RESERVED,
    TIMEOUT_LONGEST_S,
)

if TYPE_CHECKING:
    from local.functions.models import Pair
    from local.functions.plane import Functions

Params = dict[str, Any]
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]")
HANDLER = re.compile(r"[A-Za-z][\w-]{0,58}[A-Za-z0-9]\.[A-Za-z][\w-]{0,58}[A-Za-z0-9]")
# Letters, digits, spaces, commas, newlines, full stops and Chinese: CreateFunction, Description.
DESCRIPTION = re.compile(r"[A-Za-z0-9 ,.\n\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]{0,1000}")
MOST_LAYERS = 5
# What is kept and given back unread, with what the platform has where it is not given.
UNREAD = {
    "Type": "Event",
    "InstallDependency": "FALSE",
    "L5Enable": "FALSE",
    "PublicNetConfig": {
        "PublicNetStatus": "ENABLE",
        "EipConfig": {"EipStatus": "DISABLE"},
    },
    "VpcConfig": {"VpcId": "", "SubnetId": ""},
}
CHANGED = ("L5Enable", "PublicNetConfig", "VpcConfig", "InstallDependency")


def create(plane: Functions, params: Params) -> Params:
    name = params["FunctionName"]
    if name in plane.functions:
        raise Refused("ResourceInUse.FunctionName", f"The function `{name}` is there already.")
    if not NAME.fullmatch(name):
        raise Refused("InvalidParameterValue.FunctionName", f"`{name}` is no function's name.")
    _check(plane, params)
    made = Deployed(
        name=name,
        region=plane.region,
        package=package_of(params["Code"], plane.store),
        handler=params.get("Handler", ""),
        runtime=params.get("Runtime", "Python2.7"),
        role=params.get("Role", ""),
        memory=params.get("MemorySize", 128),
        timeout=params.get("Timeout", 3),
        description=params.get("Description", ""),
        variables=_variables(params),
        layers=_layers(plane, params),
        settings={key: params.get(key, default) for key, default in UNREAD.items()},
        added=plane.now(),
        modified=plane.now(),
    )
    plane.install(made)
    plane.functions[name] = made
    return {}


def update_code(plane: Functions, params: Params) -> Params:
    found = settled(plane, params)
    found.package = package_of(params.get("Code") or params, plane.store)
    found.handler = params.get("Handler", found.handler)
    return _updated(plane, found)


def update_configuration(plane: Functions, params: Params) -> Params:
    found = settled(plane, params)
    _check(plane, params)
    if "Runtime" in params and params["Runtime"] != found.runtime:
        raise Refused("InvalidParameterValue.Runtime", "A function's runtime can't be changed.")
    for key, name in (("Role", "role"), ("MemorySize", "memory"), ("Timeout", "timeout")):
        setattr(found, name, params.get(key, getattr(found, name)))
    found.description = params.get("Description", found.description)
    if "Environment" in params:
        found.variables = _variables(params)
    if "Layers" in params:
        found.layers = _layers(plane, params)
    found.settings |= {key: params[key] for key in CHANGED if key in params}
    return _updated(plane, found)


def get(plane: Functions, params: Params) -> Params:
    found = find(plane, params)
    answer = rendered(plane, found, triggers=params.get("ShowTriggers") != "FALSE")
    found.waits = max(0, found.waits - 1)
    return answer


def address(plane: Functions, params: Params) -> Params:
    return {"Url": "", "CodeSha256": find(plane, params).package.digest}


def list_functions(plane: Functions, params: Params) -> Params:
    named = [f for f in plane.functions.values() if params.get("SearchKey", "") in f.name]
    first, limit = params.get("Offset", 0), params.get("Limit", 20)
    page = [rendered(plane, each, triggers=False) for each in named[first : first + limit]]
    return {"Functions": page, "TotalCount": len(named)}


def delete(plane: Functions, params: Params) -> Params:
    found = settled(plane, params)
    plane.uninstall(found)
    del plane.functions[found.name]
    return {}


def alias(plane: Functions, params: Params) -> Params:
    find(plane, params)
    if params["Name"] != "$DEFAULT":
        raise Refused("ResourceNotFound.Alias", f"There is no alias `{params['Name']}`.")
    return {"FunctionVersion": "$LATEST", "Name": "$DEFAULT", "RoutingConfig": {}}


def find(plane: Functions, params: Params) -> Deployed:
    found = plane.functions.get(params["FunctionName"])
    if found is None or params.get("Namespace", "default") != "default":
        message = f"There is no function `{params['FunctionName']}`."
        raise Refused("ResourceNotFound.Function", message)
    return found


def settled(plane: Functions, params: Params) -> Deployed:
    """Find a function that may be changed: none that the platform still works on."""
    found = find(plane, params)
    if found.waits:
        message = f"The function is {found.state}: wait until it is Active."
        raise Refused("FailedOperation.FunctionStatusError", message)
    return found


def _updated(plane: Functions, found: Deployed) -> Params:
    found.modified, found.state, found.waits = plane.now(), "Updating", 1
    plane.install(found)
    return {}


def _check(plane: Functions, params: Params) -> None:
    memory, timeout = params.get("MemorySize", 128), params.get("Timeout", 3)
    stepped = memory % MEMORY_STEP == 0 and MEMORY_STEP <= memory <= MEMORY_LARGEST
    role = params.get("Role", "")
    for wrong, code in (
        (not HANDLER.fullmatch(params.get("Handler", "index.main_handler")), "Handler"),
        (not DESCRIPTION.fullmatch(params.get("Description", "")), "Description"),
        (not (memory == MEMORY_SMALLEST or stepped), "MemorySize"),
        (params.get("Runtime", "Python3.10") not in layers.RUNTIMES, "Runtime"),
    ):
        if wrong:
            raise Refused(f"InvalidParameterValue.{code}", f"`{code}` has not the form of one.")
    if not 1 <= timeout <= TIMEOUT_LONGEST_S:
        raise Refused("LimitExceeded.Timeout", f"`Timeout` is 1 to {TIMEOUT_LONGEST_S} seconds.")
    if role and role not in plane.access.roles:
        raise Refused("ResourceNotFound.Role", f"There is no role `{role}`.")


def _variables(params: Params) -> dict[str, str]:
    """Read the environment; one empty pair alone takes all away, as the vendor's toolkit sends."""
    given = (params.get("Environment") or {}).get("Variables", [])
    pairs = [(each["Key"], each["Value"]) for each in given]
    if pairs == [("", "")]:
        return {}
    for key, value in pairs:
        if not key or not value:
            raise Refused("InvalidParameterValue.Environment", "A variable is not to be empty.")
        if key.startswith(RESERVED):
            message = f"`{key}` is the platform's own."
            raise Refused("InvalidParameterValue.EnvironmentSystemProtect", message)
    if sum(len(f"{key}{value}".encode()) for key, value in pairs) > ENVIRON_LIMIT:
        message = "The variables are larger than 4 KB."
        raise Refused("InvalidParameterValue.EnvironmentExceededLimit", message)
    return dict(pairs)


def _layers(plane: Functions, params: Params) -> list[Pair]:
    given = [(each["LayerName"], each["LayerVersion"]) for each in params.get("Layers", [])]
    pairs = [pair for pair in given if pair != ("", 0)]
    if len(pairs) > MOST_LAYERS:
        raise Refused("LimitExceeded.Layers", f"A function has at most {MOST_LAYERS} layers.")
    for name, number in pairs:
        if plane.layer(name, number).waits:
            raise Refused("InvalidParameterValue.Layers", f"`{name}` {number} is not Active yet.")
    return pairs
