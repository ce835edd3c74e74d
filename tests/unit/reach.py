"""Which actions of the cloud a function can reach, read from the source."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "layers" / "instance_refresh" / "instance_refresh"
_CALLS = ("_call", "_pages", "_by_ids")
_SERVICES = {"autoscaling": "as", "cvm": "cvm"}
_COS_METHODS = {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject"}


class Definition(NamedTuple):
    """A function or method: its module, the names its module knows, its code, and its class."""

    module: str
    names: dict[str, str]
    code: ast.FunctionDef
    owner: str = ""


class Source(NamedTuple):
    """Module-level functions by dotted name, and methods by their bare name."""

    functions: dict[str, Definition]
    methods: dict[str, list[Definition]]


def actions(function: str) -> set[str]:
    """Give the actions that a function can reach, as CAM writes them: `name/as:…`."""
    index = ROOT / "functions" / function / "index.py"
    module = ast.parse(index.read_text(encoding="utf-8"))
    handler = next(node for node in module.body if isinstance(node, ast.FunctionDef))
    waiting = [Definition("index", _imports(module, "index"), handler)]
    seen: set[int] = set()
    found: set[str] = set()
    while waiting:
        definition = waiting.pop()
        if id(definition.code) in seen:
            continue
        seen.add(id(definition.code))
        found |= set(_called_actions(definition))
        waiting += _referred(definition)
    return found


def _referred(definition: Definition) -> list[Definition]:
    source = _source()
    names = {**definition.names, **_imports(definition.code, definition.module)}
    found: list[Definition] = []
    for node in ast.walk(definition.code):
        if isinstance(node, ast.Name):
            dotted = names.get(node.id, f"{definition.module}.{node.id}")
            if dotted in source.functions:
                found.append(source.functions[dotted])
            found += source.methods.get(f"{dotted}()", [])
        elif isinstance(node, ast.Attribute):
            owner = names.get(node.value.id, "") if isinstance(node.value, ast.Name) else ""
            if f"{owner}.{node.attr}" in source.functions:
                found.append(source.functions[f"{owner}.{node.attr}"])
            elif not owner:
                found += _methods(source.methods.get(node.attr, []), node, definition)
    return found


def _methods(
    named: list[Definition], attribute: ast.Attribute, definition: Definition
) -> list[Definition]:
    """Take those of the class itself where they are called on self, else all of the name."""
    own = [method for method in named if method.owner and method.owner == definition.owner]
    on_self = isinstance(attribute.value, ast.Name) and attribute.value.id == "self"
    return own if on_self and own else named


def _called_actions(definition: Definition) -> list[str]:
    *_, module = definition.module.split(".")
    if module == "cos" and definition.module.endswith("gateway.cos"):
        constants = [n.value for n in ast.walk(definition.code) if isinstance(n, ast.Constant)]
        words = [str(word) for word in constants if word in _COS_METHODS]
        return [f"name/cos:{_COS_METHODS[word]}" for word in words]
    if module not in _SERVICES or definition.code.name in _CALLS:
        return []
    calls = [n for n in ast.walk(definition.code) if isinstance(n, ast.Call)]
    firsts = [
        c.args[0] for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr in _CALLS
    ]
    return [f"name/{_SERVICES[module]}:{_text(first, definition.code)}" for first in firsts]


def _text(value: ast.expr, code: ast.FunctionDef) -> str:
    """Read an action's name: a constant, or a local that was given one."""
    if isinstance(value, ast.Constant):
        return str(value.value)
    assert isinstance(value, ast.Name)
    for node in ast.walk(code):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            assert isinstance(node.value, ast.Tuple)
            for target, given in zip(node.targets[0].elts, node.value.elts, strict=True):
                if isinstance(target, ast.Name) and target.id == value.id:
                    return _text(given, code)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == value.id:
            return _text(node.value, code)
    raise AssertionError(f"{code.name}: where does {value.id} come from?")


@lru_cache(maxsize=1)
def _source() -> Source:
    functions: dict[str, Definition] = {}
    methods: dict[str, list[Definition]] = {}
    for path in PACKAGE.rglob("*.py"):
        dotted = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        module = dotted.removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = _imports(tree, dotted)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                functions[f"{module}.{node.name}"] = Definition(module, names, node)
            if isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef):
                        owner = f"{module}.{node.name}"
                        definition = Definition(module, names, method, owner)
                        # Naming a class is reaching what Python calls by itself.
                        special = method.name.startswith("__")
                        key = f"{owner}()" if special else method.name
                        methods.setdefault(key, []).append(definition)
    return Source(functions, methods)


def _imports(tree: ast.AST, module: str) -> dict[str, str]:
    """Map the names that a module or function imports from the package to what they stand for."""
    names: dict[str, str] = {}
    body = tree.body if isinstance(tree, ast.Module) else list(ast.walk(tree))
    for node in body:
        if isinstance(node, ast.ImportFrom):
            package = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            for alias in node.names:
                names[alias.asname or alias.name] = f"{base}.{alias.name}"
    return names
