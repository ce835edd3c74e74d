"""`local` is a package of its own: what it may import, its services' files, and no circles."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN_FUNCTIONS = ("local.__main__", "local.demo", "local.invoke", "local.scf.project")
SERVICES = ("autoscaling", "cos", "cvm", "tag")


def modules() -> dict[str, Path]:
    """Find the modules of `local` and of the tests."""
    paths = (path for folder in ("local", "tests") for path in (ROOT / folder).rglob("*.py"))
    names = ((".".join(path.relative_to(ROOT).with_suffix("").parts), path) for path in paths)
    return {name.removesuffix(".__init__"): path for name, path in names}


def imports(path: Path) -> set[str]:
    """Name all that a module imports, for its annotations and inside its functions, too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return found


def test_no_module_is_part_of_a_circle() -> None:
    known = modules()
    packages = {name for name, path in known.items() if path.name == "__init__.py"}
    graph = {name: (imports(path) & known.keys()) - packages for name, path in known.items()}
    assert set(TopologicalSorter(graph).static_order()) == known.keys()


def test_only_the_demo_and_what_loads_functions_know_this_project() -> None:
    knowing = {
        name
        for name, path in modules().items()
        if name.startswith("local")
        if any(each.partition(".")[0] == "instance_refresh" for each in imports(path))
    }
    assert [name for name in sorted(knowing) if not name.startswith(OWN_FUNCTIONS)] == []


def test_services_have_the_same_files() -> None:
    for service in SERVICES:
        files = {path.stem for path in (ROOT / "local" / service).glob("*.py")}
        assert files >= {"models", "actions", "rendering", "errors"}, service
