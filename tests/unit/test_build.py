"""The zips that `make build` makes: what is in them, and that they repeat."""

from __future__ import annotations

import json
import re
import struct
import sys
import zipfile
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import pytest

from layers import build
from tests.unit.zips import FUNCTIONS, PARTS, Built, build_twice

MAGIC_3_10 = struct.pack("<H", 3439) + b"\r\n"
UNCHECKED_HASH = struct.pack("<I", 0b01)
ELF_X86_64 = 62
OURS = build.ROOT / "layers" / "instance_refresh" / "instance_refresh"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build_twice(tmp_path_factory.getbasetemp())


@pytest.mark.parametrize("part", PARTS)
def test_a_second_build_is_the_same_byte_for_byte(built: Built, part: str) -> None:
    zips = [(folder / f"{part}.zip").read_bytes() for folder in (built.first, built.second)]
    assert zips[0] == zips[1]


@pytest.mark.parametrize("part", PARTS)
def test_every_module_has_byte_code_that_no_packager_can_make_stale(
    built: Built, part: str
) -> None:
    with built.zip(part) as archive:
        compiled = [name for name in archive.namelist() if name.endswith(".pyc")]
        assert compiled
        for name in compiled:
            head = archive.read(name)[:8]
            assert head == MAGIC_3_10 + UNCHECKED_HASH, name


def test_a_layer_has_each_modules_byte_code_alone(built: Built) -> None:
    ours = [f"instance_refresh/{path.relative_to(OURS).as_posix()}" for path in OURS.rglob("*.py")]
    others = [n for n in names_in_wheels(built) if n.endswith(".py") and not build.is_left_out(n)]
    for part, modules in (("instance_refresh", ours), ("dependencies", others)):
        with built.zip(f"layers/{part}") as archive:
            code = {name for name in archive.namelist() if name.endswith((".py", ".pyc"))}
            assert code == {f"{module}c" for module in modules}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_keeps_its_source_for_who_opens_it_in_the_console(
    built: Built, function: str
) -> None:
    with built.zip(f"functions/{function}") as archive:
        assert {"index.py", "__pycache__/index.cpython-310.pyc"} == set(archive.namelist())


def test_only_binaries_of_the_platform_are_inside(built: Built) -> None:
    with built.zip("layers/dependencies") as archive:
        names = archive.namelist()
        for name in names:
            head = archive.read(name)[:20]
            if head.startswith(b"\x7fELF"):
                assert name.endswith((".cpython-310-x86_64-linux-gnu.so", ".abi3.so"))
                assert struct.unpack("<H", head[18:20]) == (ELF_X86_64,)
            else:
                assert not name.endswith((".so", ".dylib", ".dll", ".pyd", ".exe")), name


def test_packages_lie_at_the_root(built: Built) -> None:
    with built.zip("layers/instance_refresh") as archive:
        assert {PurePosixPath(name).parts[0] for name in archive.namelist()} == {"instance_refresh"}
        assert {f"instance_refresh/page/status.{kind}" for kind in ("html", "css")} <= {
            *archive.namelist()
        }
    with built.zip("layers/dependencies") as archive:
        assert {"requests/__init__.pyc", "tencentcloud/__init__.pyc"} <= set(archive.namelist())


def test_the_zips_are_small(built: Built) -> None:
    size = {part: (built.first / f"{part}.zip").stat().st_size for part in PARTS}
    assert size["layers/dependencies"] < 1895 * 1024
    assert size["layers/instance_refresh"] < 212 * 1024
    assert max(size[f"functions/{function}"] for function in FUNCTIONS) < 4 * 1024


def test_what_is_left_out_is_not_there(built: Built) -> None:
    with built.zip("layers/dependencies") as archive:
        assert not [name for name in archive.namelist() if build.is_left_out(name)]


def test_every_licence_travels_with_its_code(built: Built) -> None:
    licences = {
        name for name in names_in_wheels(built) if "LICEN" in name.upper() and name[-1] != "/"
    }
    licences -= {name for name in licences if name.startswith("charset_normalizer")}
    with built.zip("layers/dependencies") as archive:
        assert licences <= set(archive.namelist())
    assert len(licences) >= 10


def test_each_reason_to_leave_something_out_still_finds_something(built: Built) -> None:
    names = names_in_wheels(built)
    unused = {p for p in build.LEFT_OUT if not any(fnmatch(name, p) for name in names)}
    assert not unused


def names_in_wheels(built: Built) -> list[str]:
    names: list[str] = []
    for wheel in (built.first / "wheels").glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            names += archive.namelist()
    return names


def test_without_python_3_10_it_says_so_before_anything_is_done(tmp_path: Path) -> None:
    other = tmp_path / "python3.10"
    other.write_text("#!/bin/sh\necho cpython-312\n")
    other.chmod(0o755)
    foreign = tmp_path / "foreign"
    foreign.write_text("of another machine")
    foreign.chmod(0o755)
    with pytest.raises(build.BuildFailed, match=r"pyenv install 3\.10.*make build PYTHON="):
        build.find_python([str(other), str(foreign), "no-such-python"])


def test_a_python_3_10_whose_byte_code_cpython_does_not_read_is_none(tmp_path: Path) -> None:
    pypy = tmp_path / "python3.10"
    program = (
        "import sys; sys.version_info = (3, 10, 14);"
        "sys.implementation.cache_tag = 'pypy310-pp73'; exec(sys.argv[-1])"
    )
    pypy.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{program}" "$@"\n')
    pypy.chmod(0o755)
    with pytest.raises(build.BuildFailed, match=r"pyenv install 3\.10"):
        build.find_python([str(pypy)])


def test_nothing_hidden_is_shipped(tmp_path: Path) -> None:
    for name in ("a.py", "b/c.json", "._a.py", ".ipynb_checkpoints/a.py", "b/.c.py", "a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert set(build.tree(tmp_path)) == {"a.py", "b/c.json"}


def test_what_an_earlier_build_left_and_cannot_be_removed_is_not_shipped(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "old.py").write_bytes(b"")
    (tmp_path / "layer").symlink_to("kept")
    with pytest.raises(build.BuildFailed, match="layer, left by an earlier build"):
        build.lay_out({"new.py": b""}, tmp_path / "layer", sys.executable, build.LAYER_ROOT)


def test_a_python_3_10_without_pip_is_told_apart(tmp_path: Path) -> None:
    bare = tmp_path / "python3.10"
    bare.write_text("#!/bin/sh\necho cpython-310\nexit 1\n")
    bare.chmod(0o755)
    with pytest.raises(build.BuildFailed, match="ensurepip"):
        build.find_python([str(bare)])


def test_the_build_needs_only_the_standard_library() -> None:
    files = Path(build.__file__).parent.glob("*.py")
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    imports = [line.split()[1] for line in lines if line.startswith(("import ", "from "))]
    assert {name.partition(".")[0] for name in imports} <= sys.stdlib_module_names | {"layers"}


def test_the_bill_of_materials_lists_what_is_shipped(built: Built) -> None:
    first = (built.first / "sbom.json").read_text(encoding="utf-8")
    assert first == (built.second / "sbom.json").read_text(encoding="utf-8")
    components = json.loads(first)["components"]
    pinned = re.findall(r"^([a-z0-9-]+)==([^ ;]+)", build.REQUIREMENTS.read_text(), re.MULTILINE)
    listed = {f"{c['name'].lower().replace('_', '-')}=={c['version']}" for c in components}
    assert listed < {f"{name}=={version}" for name, version in pinned}
    assert not [name for name in listed if name.startswith("charset-normalizer")]
    names = {name.partition("==")[0] for name in listed}
    assert {"requests", "jsonschema", "aws-lambda-powertools"} < names
    assert all(c["licenses"][0]["license"]["name"] != "not stated" for c in components)
