"""What is to stand in the cloud: serverless.yml, the layers' own yml, role/, and the settings."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from deploy.policies import of_function

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LAYERS = ("dependencies", "instance_refresh")
_OUTPUT = re.compile(r"\$\{output:[^:]*:[^:]*:(\w+)\.name\}")
_VARIABLE = re.compile(r"\$\{(?:env:)?(\w+)\}")
Yml = dict[str, Any]


class NotDescribed(Exception):
    """Says which variable a description names and nobody has set."""


class Layer(NamedTuple):
    name: str
    inputs: Yml
    package: bytes


class Function(NamedTuple):
    name: str
    inputs: Yml
    package: bytes
    layers: tuple[str, ...]  # by name, in order


class Trigger(NamedTuple):
    function: str
    kind: str
    parameters: Yml


class Role(NamedTuple):
    name: str
    trust: Yml
    policy: Yml


class Description(NamedTuple):
    roles: tuple[Role, ...]
    layers: tuple[Layer, ...]
    functions: tuple[Function, ...]
    triggers: tuple[Trigger, ...]

    def function(self, key: str) -> str:
        """Give the name of the function that serverless.yml knows by a key."""
        return next(each.name for each in self.functions if each.name.endswith(f"-{key}"))


def described(root: Path, environ: Mapping[str, str]) -> Description:
    """Read the description of a tree whose zips are in its build/."""
    layers = {
        name: filled_in_yml(root / "layers" / name / "serverless.yml", environ) for name in LAYERS
    }
    names = {yml["name"]: yml["inputs"]["name"] for yml in layers.values()}
    root_yml = filled_in_yml(root / "serverless.yml", environ)
    inputs = root_yml["inputs"]
    shared = {key: value for key, value in inputs.items() if key not in ("functions", "triggers")}
    prefix = function_name(root, "").rstrip("-")
    functions = tuple(
        Function(
            f"{prefix}-{key}",
            {**shared, **own},
            _package(root / "build" / "functions" / f"{key}.zip"),
            tuple(_layer(each["name"], names) for each in shared["layers"]),
        )
        for key, own in inputs["functions"].items()
    )
    return Description(
        tuple(_role(root, key, own["role"], environ) for key, own in inputs["functions"].items()),
        tuple(
            Layer(
                yml["inputs"]["name"],
                yml["inputs"],
                _package(root / "build" / "layers" / f"{folder}.zip"),
            )
            for folder, yml in layers.items()
        ),
        functions,
        tuple(
            Trigger(f"{prefix}-{each['function']}", each["type"], each["parameters"])
            for each in inputs["triggers"]
        ),
    )


def _package(path: Path) -> bytes:
    """Read a zip of the build; what is only removed needs none."""
    return path.read_bytes() if path.exists() else b""


def function_name(root: Path, key: str) -> str:
    """Give a function's name, as the vendor's component multi-scf makes it."""
    yml = yaml.safe_load((root / "serverless.yml").read_text(encoding="utf-8"))
    return f"{yml['name']}-{yml['stage']}-{yml['app']}-{key}"


def _role(root: Path, key: str, name: str, environ: Mapping[str, str]) -> Role:
    trust, policy = (
        json.loads((root / "role" / f"{file}.json").read_text(encoding="utf-8"))
        for file in ("trust-policy", key)
    )
    return Role(name, trust, of_function(key, policy, environ))


def _layer(text: str, names: Mapping[str, str]) -> str:
    found = _OUTPUT.fullmatch(text)
    if found is None or found[1] not in names:
        message = f"serverless.yml names a layer that no yml of layers/ describes: {text}"
        raise NotDescribed(message)
    return names[found[1]]


def filled_in_yml(path: Path, environ: Mapping[str, str]) -> Yml:
    """Read a yml with its variables filled in; outputs of layers stay as they are written."""
    document: Yml = yaml.safe_load(path.read_text(encoding="utf-8"))
    known = {name: str(document[name]) for name in ("app", "stage")}

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [fill(item) for item in value]
        return _VARIABLE.sub(replace, value) if isinstance(value, str) else value

    def replace(match: re.Match[str]) -> str:
        found = known.get(match[1], environ.get(match[1]))
        if found is None:
            message = f"{path.name} names {match[1]}, which is not set: set it in .env"
            raise NotDescribed(message)
        return found

    filled: Yml = fill(document)
    return filled
