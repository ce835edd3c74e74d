"""The actions of SCF's API. What an action gives as a callable is carried out without the lock."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.functions import functions, layers, triggers
from local.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.functions.plane import Functions

Params = dict[str, Any]


def invoke(plane: Functions, params: Params) -> Callable[[], Params]:
    """Run a function with an event; an asynchronous call is queued."""
    name = functions.find(plane, params).name
    try:
        event = json.loads(params.get("ClientContext") or "{}")
    except ValueError:
        raise Refused("InvalidParameterValue.Param", "`ClientContext` is not JSON.") from None
    if params.get("InvocationType", "RequestResponse") == "Event":
        return lambda: plane.queue(name, event)
    return lambda: {"Result": plane.invoke(name, event)}


ACTIONS: dict[str, Callable[[Functions, Params], Params | Callable[[], Params]]] = {
    "CreateFunction": functions.create,
    "UpdateFunctionCode": functions.update_code,
    "UpdateFunctionConfiguration": functions.update_configuration,
    "GetFunction": functions.get,
    "GetFunctionAddress": functions.address,
    "ListFunctions": functions.list_functions,
    "DeleteFunction": functions.delete,
    "GetAlias": functions.alias,
    "PublishLayerVersion": layers.publish,
    "GetLayerVersion": layers.get,
    "ListLayerVersions": layers.list_versions,
    "ListLayers": layers.list_layers,
    "DeleteLayerVersion": layers.delete,
    "CreateTrigger": triggers.create,
    "UpdateTrigger": triggers.update,
    "DeleteTrigger": triggers.delete,
    "ListTriggers": triggers.list_triggers,
    "Invoke": invoke,
}
