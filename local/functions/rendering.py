"""Layers, functions and triggers as the API gives them."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from local.functions.models import Deployed, LayerVersion, Trigger
    from local.functions.plane import Functions


def function(plane: Functions, found: Deployed, *, triggers: bool) -> dict[str, Any]:
    pairs = [{"Key": key, "Value": value} for key, value in found.variables.items()]
    return {
        "FunctionName": found.name,
        "FunctionId": f"lam-{sha256(found.name.encode()).hexdigest()[:8]}",
        "FunctionVersion": "$LATEST",
        "Qualifier": "$LATEST",
        "Namespace": "default",
        "Status": found.state if found.waits or found.state.endswith("Failed") else "Active",
        "StatusDesc": "",
        "StatusReasons": [],
        "AvailableStatus": "Available",
        "Handler": found.handler,
        "Runtime": found.runtime,
        "Role": found.role,
        "MemorySize": found.memory,
        "Timeout": found.timeout,
        "Description": found.description,
        "CodeSize": len(found.package.data),
        "Environment": {"Variables": pairs},
        "Layers": [layer(plane.layer(*pair)) for pair in found.layers],
        "AddTime": _time(found.added),
        "ModTime": _time(found.modified),
        "Triggers": [trigger(each) for each in found.triggers] if triggers else [],
        **found.settings,
    }


def trigger(found: Trigger) -> dict[str, Any]:
    return {
        "TriggerName": found.name,
        "Type": found.kind,
        "TriggerDesc": json.dumps(found.desc, separators=(",", ":")),
        "Enable": int(found.enabled),
        "Qualifier": found.qualifier,
        "CustomArgument": found.argument,
        "Description": found.description,
        "AvailableStatus": "Available",
        "BindStatus": "on",
        "TriggerAttribute": "single",
        "AddTime": _time(found.added),
        "ModTime": _time(found.modified),
    }


def layer(version: LayerVersion) -> dict[str, Any]:
    return {
        "LayerName": version.name,
        "LayerVersion": version.number,
        "CompatibleRuntimes": version.runtimes,
        "Description": version.description,
        "LicenseInfo": version.license,
        "AddTime": _time(version.added),
        "Status": status_of(version),
    }


def status_of(version: LayerVersion) -> str:
    return "Publishing" if version.waits else "Active"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
