"""Layers: each publish makes a new version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.functions.models import LayerVersion
from local.functions.packages import package_of
from local.functions.rendering import layer, status_of
from local.refused import Refused

if TYPE_CHECKING:
    from local.functions.plane import Functions

Params = dict[str, Any]
RUNTIMES = ("Python3.10", "Python3.9", "Python3.7", "Python3.6", "Python2.7")
MOST = 200  # versions a layer


def publish(plane: Functions, params: Params) -> Params:
    name = params["LayerName"]
    versions = plane.layers.setdefault(name, {})
    if len(versions) >= MOST:
        raise Refused("LimitExceeded.LayerVersions", f"`{name}` has {MOST} versions.")
    if not set(params["CompatibleRuntimes"]) <= {*RUNTIMES}:
        raise Refused("InvalidParameterValue.CompatibleRuntimes", "There is no such runtime.")
    plane.published[name] = plane.published.get(name, 0) + 1
    version = LayerVersion(
        name,
        plane.published[name],
        package_of(params["Content"], plane.store),
        params["CompatibleRuntimes"],
        params.get("Description", ""),
        params.get("LicenseInfo", ""),
        plane.now(),
        waits=1,
    )
    versions[version.number] = version
    return {"LayerVersion": version.number}


def get(plane: Functions, params: Params) -> Params:
    version = plane.layer(params["LayerName"], params["LayerVersion"])
    status, version.waits = status_of(version), max(0, version.waits - 1)
    own = {"CodeSha256": version.package.digest, "Location": ""}
    return {**layer(version), **own, "Status": status}


def list_versions(plane: Functions, params: Params) -> Params:
    versions = plane.layers.get(params["LayerName"], {})
    return {"LayerVersions": [layer(each) for _, each in sorted(versions.items(), reverse=True)]}


def list_layers(plane: Functions, params: Params) -> Params:
    newest = [max(own.values(), key=lambda v: v.number) for own in plane.layers.values() if own]
    found = [each for each in newest if params.get("SearchKey", "") in each.name]
    first, limit = params.get("Offset", 0), params.get("Limit", 20)
    page = [layer(each) for each in found[first : first + limit]]
    return {"Layers": page, "TotalCount": len(found)}


def delete(plane: Functions, params: Params) -> Params:
    version = plane.layer(params["LayerName"], params["LayerVersion"])
    users = [f.name for f in plane.functions.values() if (version.name, version.number) in f.layers]
    if users:
        raise Refused("ResourceInUse.LayerVersion", f"It is bound to {', '.join(users)}.")
    del plane.layers[version.name][version.number]
    return {}
