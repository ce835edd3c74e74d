"""`docs/architecture.md` says how the rooms lie, and who writes to the cloud."""

from __future__ import annotations

import ast
import re

from tests.unit.documents import PACKAGE, ROOT, quoted, table

SOURCES = {
    path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
    for path in PACKAGE.rglob("*.py")
}
ROOMS = table("docs/architecture.md", "room", "holds", "imports")
PARTS = ("command", "deploy", "examples", "functions", "layers", "local", "role", "tests")
WRITES = r"\.(?:set_image|(?:start|stop|resume|rollback|cancel)_instance_refresh|(?:un)?tag)\("


def room(path: str) -> str:
    return path.split("/", maxsplit=1)[0].removesuffix(".py")


def imported() -> dict[str, set[str]]:
    """Give the rooms that each room imports, for its annotations too."""
    found: dict[str, set[str]] = {}
    for name, text in SOURCES.items():
        if name == "__init__.py":
            continue
        rooms = found.setdefault(room(name), set())
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = name.split("/")[:-1]
                base = base[: len(base) - node.level + 1]
                modules = [node.module] if node.module else [each.name for each in node.names]
                rooms |= {room("/".join([*base, *module.split(".")])) for module in modules}
        rooms.discard(room(name))
    return found


def test_no_function_is_longer_than_40_lines() -> None:
    files = [path for part in PARTS for path in (ROOT / part).rglob("*.py")]
    functions = {
        f"{path.relative_to(ROOT)}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    assert len(functions) > 1000
    assert {name: lines for name, lines in functions.items() if lines > 40} == {}


def test_every_room_and_what_it_imports() -> None:
    documented = {row[0].strip("`"): set(quoted(row[2])) for row in ROOMS}
    assert documented == imported()


def test_the_rooms_lie_as_the_linter_has_them() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (layers,) = re.findall(r"^layers = \[(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    names = re.findall(r"\w+", layers)
    assert [name for row in ROOMS for name in quoted(row[0])] == names


def test_who_writes_to_the_cloud() -> None:
    (answer,) = [
        row[1]
        for row in table("docs/architecture.md", "question", "answer")
        if row[0] == "which module may write to the cloud"
    ]
    writers = {name for name, text in SOURCES.items() if re.search(WRITES, text)}
    named = {name for name in quoted(answer) if name.endswith(".py")}
    assert named == writers | {"gateway/actions.py", "gateway/tag.py"}
