"""Layers and functions: SCF. Tables say which field of the yml is which of the API."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from deploy.resources import ACTIVE, Fields, Stopped, active, found_or_none, settled

if TYPE_CHECKING:
    from deploy import description
    from deploy.client import Client

NAMESPACE = "default"
NEWEST = 20  # versions of a layer that are looked at for the same code
LAYER = {"description": "Description", "runtimes": "CompatibleRuntimes"}
FUNCTION = {
    "handler": "Handler",
    "description": "Description",
    "memorySize": "MemorySize",
    "timeout": "Timeout",
    "role": "Role",
    "runtime": "Runtime",
}
FIXED = {"Runtime", "Type"}  # for as long as a function is there
PUBLIC = {"PublicNetStatus": "ENABLE", "EipConfig": {"EipStatus": "DISABLE"}}


def digest(package: bytes) -> str:
    return sha256(package).hexdigest()


def zip_file(package: bytes) -> Fields:
    return {"ZipFile": base64.b64encode(package).decode()}


@dataclass
class LayerVersion:
    """The version of a layer that has this code; each change of it is a new version."""

    described: description.Layer
    kind: str = "layer"
    version: int = 0

    @property
    def name(self) -> str:
        return self.described.name

    @property
    def wanted(self) -> Fields:
        fields = {api: self.described.inputs[yml] for yml, api in LAYER.items()}
        return {"CodeSha256": digest(self.described.package), **fields}

    def find(self, client: Client) -> Fields | None:
        newest: Fields | None = None
        for number in self._versions(client)[:NEWEST]:
            found = client.call("scf", "GetLayerVersion", self._named(number))
            fields = {name: found[name] for name in self.wanted}
            if fields == self.wanted and not found["Status"].endswith("Failed"):
                self.version = number
                if found["Status"] != ACTIVE:
                    self._settle(client)
                return fields
            newest = newest or fields
        return newest

    def create(self, client: Client) -> None:
        asked = {name: value for name, value in self.wanted.items() if name != "CodeSha256"}
        asked |= {"LayerName": self.name, "Content": zip_file(self.described.package)}
        self.version = client.call("scf", "PublishLayerVersion", asked)["LayerVersion"]
        self._settle(client)

    def update(self, client: Client, found: Fields) -> None:  # noqa: ARG002 — as every resource
        self.create(client)

    def _settle(self, client: Client) -> None:
        """Wait until the version can be used."""
        named = self._named(self.version)
        what = f"version {self.version} of the layer {self.name}"
        active(what, lambda: str(client.call("scf", "GetLayerVersion", named)["Status"]))

    def delete(self, client: Client) -> None:
        for number in self._versions(client):
            client.call("scf", "DeleteLayerVersion", self._named(number))

    def _versions(self, client: Client) -> list[int]:
        listed = client.call("scf", "ListLayerVersions", {"LayerName": self.name})
        return sorted((v["LayerVersion"] for v in listed["LayerVersions"] or []), reverse=True)

    def _named(self, number: int) -> Fields:
        return {"LayerName": self.name, "LayerVersion": number}


@dataclass
class FunctionItself:
    """A function, with the versions of its layers."""

    described: description.Function
    layers: list[LayerVersion]
    kind: str = "function"

    @property
    def name(self) -> str:
        return self.described.name

    @property
    def wanted(self) -> Fields:
        inputs = self.described.inputs
        variables = ((each["key"], each["value"]) for each in inputs["environments"])
        return {
            **{api: inputs[yml] for yml, api in FUNCTION.items()},
            "Type": inputs["type"].capitalize(),
            "Status": ACTIVE,
            "CodeSha256": digest(self.described.package),
            "Layers": {layer.name: layer.version for layer in self.layers},
            "Environment": {key: value for key, value in variables if value},
        }

    def find(self, client: Client) -> Fields | None:
        answer = found_or_none(lambda: client.call("scf", "GetFunction", self._named()))
        if answer is None:
            return None
        state = settled(f"the function {self.name}", lambda: self._status(client))
        code = client.call("scf", "GetFunctionAddress", self._named())
        pairs = (answer.get("Environment") or {}).get("Variables") or []
        found = {
            **{api: answer[api] for api in FUNCTION.values()},
            "Type": answer["Type"],
            "Status": state,
            "CodeSha256": code["CodeSha256"],
            "Layers": {v["LayerName"]: v["LayerVersion"] for v in answer.get("Layers") or []},
            "Environment": {pair["Key"]: pair["Value"] for pair in pairs},
        }
        self._refuse_others(found)
        return found

    def create(self, client: Client) -> None:
        code = {"Code": zip_file(self.described.package), "PublicNetConfig": PUBLIC}
        fixed = {name: self.wanted[name] for name in (*FIXED, "Handler")}
        client.call("scf", "CreateFunction", {**self._configuration(), **fixed, **code})
        self._settle(client)

    def update(self, client: Client, found: Fields) -> None:
        if found["Status"] == "CreateFailed":  # it can't be updated, only made anew
            self.delete(client)
            self.create(client)
            return
        wanted, names = self.wanted, self._named()
        changed = {name for name in wanted if wanted[name] != found[name]}
        if changed & {"CodeSha256", "Handler"}:
            code = {"Code": zip_file(self.described.package), "Handler": wanted["Handler"]}
            client.call("scf", "UpdateFunctionCode", {**names, **code})
            self._settle(client)
        if changed - {"CodeSha256", "Handler"}:
            client.call("scf", "UpdateFunctionConfiguration", self._configuration())
            self._settle(client)

    def _settle(self, client: Client) -> None:
        """Wait until the platform takes the next change of it."""
        active(f"the function {self.name}", lambda: self._status(client))

    def _status(self, client: Client) -> str:
        return str(client.call("scf", "GetFunction", self._named())["Status"])

    def delete(self, client: Client) -> None:
        client.call("scf", "DeleteFunction", self._named())

    def _named(self) -> Fields:
        return {"FunctionName": self.name, "Namespace": NAMESPACE}

    def _configuration(self) -> Fields:
        wanted = self.wanted
        own = {n: wanted[n] for n in ("Description", "MemorySize", "Timeout", "Role")}
        variables = [{"Key": key, "Value": value} for key, value in wanted["Environment"].items()]
        layers = [{"LayerName": n, "LayerVersion": v} for n, v in wanted["Layers"].items()]
        return {
            **self._named(),
            **own,
            "Environment": {"Variables": variables},
            "Layers": layers,
        }

    def _refuse_others(self, found: Fields) -> None:
        """Stop at a function of this name that isn't this deployment's, or can't become it."""
        ours = found["Role"] == self.wanted["Role"] or found["Layers"].keys() & {
            layer.name for layer in self.layers
        }
        if not ours:
            message = (
                f"there is a function {self.name} with the role {found['Role'] or '(none)'} that "
                "this deployment has not made: remove it, or change `stage` in serverless.yml"
            )
            raise Stopped(message)
        for name in FIXED:
            if found[name] != self.wanted[name]:
                message = f"{self.name} has the {name} {found[name]}, which can't be changed"
                raise Stopped(f"{message}: `make destroy` first")
