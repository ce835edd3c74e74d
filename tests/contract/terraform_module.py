"""The module under deploy/terraform, planned with given values as Terraform would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.variables import ROOT
from tests.contract import hcl
from tests.contract.hcl_functions import Failed

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = ROOT / "deploy" / "terraform"
PROVIDER: dict[str, Any] = json.loads(
    (Path(__file__).parent / "formats" / "provider.json").read_text(encoding="utf-8")
)
Arguments = dict[str, Any]


class Lazy(dict[str, Any]):
    """Values that are made when they are asked for."""

    def __init__(self, make: Mapping[str, Any]) -> None:
        super().__init__()
        self.make = make

    def __missing__(self, name: str) -> Any:
        self[name] = self.make[name]()
        return self[name]


def declared(folder: Path = FOLDER) -> dict[str, hcl.Block]:
    """Give a module's variables by their names."""
    blocks = hcl.read(folder / "variables.tf").all("variable")
    return {block.labels[0]: block for block in blocks}


class Module:
    """A plan: each resource's arguments, by address, and the outputs."""

    def __init__(self, given: Mapping[str, Any], computed: Mapping[str, Any], folder: Path) -> None:
        self.computed, self.folder = computed, folder
        files = [hcl.read(path) for path in sorted(folder.glob("*.tf"))]
        self.blocks = [block for file in files for block in file.blocks]
        self.variables = {block.labels[0]: block for block in self.of("variable")}
        self.scope: dict[str, Any] = {"path": {"module": str(folder)}}
        self.scope["var"] = self._variables(given)
        locals_ = {n: e for block in self.of("locals") for n, e in block.arguments.items()}
        self.scope["local"] = Lazy({n: self._later(e) for n, e in locals_.items()})
        types: dict[str, dict[str, Any]] = {}
        for block in self.of("resource"):
            kind, name = block.labels
            types.setdefault(kind, {})[name] = lambda block=block: self._resource(block)
        self.scope |= {kind: Lazy(makes) for kind, makes in types.items()}

    def of(self, type_: str) -> list[hcl.Block]:
        return [block for block in self.blocks if block.type == type_]

    def resources(self) -> dict[str, Arguments]:
        """Give the arguments of every resource, by its address."""
        found: dict[str, Arguments] = {}
        for block in self.of("resource"):
            kind, name = block.labels
            value, address = self.scope[kind][name], f"{kind}.{name}"
            if "for_each" in block.arguments:
                found |= {f"{address}[{key}]": each for key, each in value.items()}
            else:
                found[address] = value
        return found

    def outputs(self) -> dict[str, Any]:
        return {
            block.labels[0]: hcl.evaluate(block.arguments["value"], self.scope)
            for block in self.of("output")
        }

    def _later(self, expression: hcl.Node) -> Any:
        return lambda: hcl.evaluate(expression, self.scope)

    def _variables(self, given: Mapping[str, Any]) -> dict[str, Any]:
        values, refused = {}, []
        if unknown := given.keys() - self.variables.keys():
            raise Failed(f"the module has no {sorted(unknown)}")
        for name, block in self.variables.items():
            if name not in given and "default" not in block.arguments:
                raise Failed(f"{name} is needed")
            default = block.arguments.get("default")
            values[name] = given[name] if name in given else hcl.evaluate(default, {})  # type: ignore[arg-type]
        for block in self.variables.values():
            refused += refusals(block.all("validation"), {"var": values})
        if refused:
            raise Failed("; ".join(refused))
        return values

    def _resource(self, block: hcl.Block) -> Any:
        if "for_each" not in block.arguments:
            return self._instance(block, self.scope, block.labels[0])
        over = hcl.evaluate(block.arguments["for_each"], self.scope)
        return {
            key: self._instance(
                block, {**self.scope, "each": {"key": key, "value": value}}, block.labels[0]
            )
            for key, value in over.items()
        }

    def _instance(self, block: hcl.Block, scope: Mapping[str, Any], kind: str) -> Arguments:
        lifecycle = [inner for each in block.all("lifecycle") for inner in each.all("precondition")]
        if wrong := refusals(lifecycle, scope):
            raise Failed("; ".join(wrong))
        own = arguments(block, scope)
        return {**self.computed.get(kind, {}), **own}


def refusals(conditions: list[hcl.Block], scope: Mapping[str, Any]) -> list[str]:
    """Give the messages of the conditions that don't hold."""
    return [
        str(hcl.evaluate(each.arguments["error_message"], scope))
        for each in conditions
        if not hcl.evaluate(each.arguments["condition"], scope)
    ]


META = {"for_each", "depends_on", "providers"}


def arguments(block: hcl.Block, scope: Mapping[str, Any]) -> Arguments:
    """Evaluate a block's arguments; blocks in it are lists, as in the provider's schema."""
    own = {
        name: hcl.evaluate(expression, scope)
        for name, expression in block.arguments.items()
        if name not in META
    }
    for inner in block.blocks:
        if inner.type != "lifecycle":
            own.setdefault(inner.type, []).append(arguments(inner, scope))
    return own
