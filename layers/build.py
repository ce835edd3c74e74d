"""Turn the tree into the zips that SCF takes: `python layers/build.py`, or `make build`.

Written to build/: a folder for each layer and function, as SCF unpacks it, its zip beside it,
packages/ with the zips under their hashes, and sbom.json, the bill of the packages in them.
Any Python from 3.10 on runs this; the byte code and the choice of wheels are Python 3.10's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from layers.packages import named_by_content
from layers.sbom import bill
from layers.version import version

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
REQUIREMENTS = ROOT / "requirements.txt"
RUNTIME = "cpython-310"  # as byte code is tagged: another implementation's is not read
PLATFORM = "manylinux2014_x86_64"
SHIPPED = (".py", ".json", ".html", ".css")
# Where SCF unpacks them, for the paths in a traceback.
LAYER_ROOT, FUNCTION_ROOT = "/opt", "/var/user"

# What deployed code can't use, and why it can be left out. tests/unit/test_build_runs.py runs the
# functions without it.
LEFT_OUT = {
    "*.pyi": "types are for checkers",
    "*/py.typed": "types are for checkers",
    "*.data/*": "scripts for a shell",
    "*.dist-info/RECORD": "for installers; licences and METADATA stay",
    "*.dist-info/WHEEL": "for installers",
    "*.dist-info/entry_points.txt": "for installers",
    "*.dist-info/top_level.txt": "for installers",
    "charset_normalizer*": "only guesses encodings, of texts that nothing reads",
    "aws_lambda_powertools/__init__.py": "loads Metrics and Tracer; Logger is imported past it",
    "aws_lambda_powertools/event_handler/*": "only Logger is used",
    "aws_lambda_powertools/metrics/*": "only Logger is used",
    "aws_lambda_powertools/middleware_factory/*": "only Logger is used",
    "aws_lambda_powertools/tracing/*": "only Logger is used",
    "aws_lambda_powertools/utilities/[!_j]*": "Logger needs jmespath_utils alone",
    "jsonschema/tests/*": "tests",
    "jsonschema/benchmarks/*": "benchmarks",
    "jsonschema/__main__.py": "the command",
    "jsonschema/cli.py": "the command",
    "jsonschema_specifications/tests/*": "tests",
    "referencing/tests/*": "tests",
    "tencentcloud/*_async.py": "needs httpx, which is not installed",
    "urllib3/contrib/emscripten/*": "for browsers",
    "urllib3/contrib/pyopenssl.py": "needs pyOpenSSL, which is not installed",
    "urllib3/http2/__init__.py": "needs h2, and loads importlib.metadata for it; probe.py stays",
    "urllib3/http2/connection.py": "needs h2, which is not installed",
    "urllib3/contrib/socks.py": "needs PySocks, which is not installed",
}


class BuildFailed(Exception):
    """Says what is missing or went wrong, and what to do."""


def main() -> int:
    try:
        python = find_python(candidates())
        for path in build(python):
            print(f"{path.stat().st_size:>9,}  {path.relative_to(ROOT)}")  # noqa: T201 — a command
    except (BuildFailed, OSError) as error:
        print(f"build: {error}", file=sys.stderr)  # noqa: T201 — a command
        return 1
    return 0


def candidates() -> list[str]:
    """Name where a Python 3.10 may be: this one, the path's, pyenv's, uv's."""
    kept = (
        ".pyenv/versions/3.10.*/bin/python3.10",
        ".local/share/uv/python/cpython-3.10*/bin/python3.10",
    )
    found = [str(path) for pattern in kept for path in sorted(Path.home().glob(pattern))]
    return [sys.executable, "python3.10", *found]


def find_python(names: list[str]) -> str:
    """Find a Python 3.10 that has pip; BuildFailed says how to get one."""
    probe = "import sys; print(sys.implementation.cache_tag); import pip"
    without_pip = ""
    for name in names:
        path = shutil.which(name)
        if path is None:
            continue
        command = [path, "-c", probe]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 — a Python
        except OSError:  # made for another machine
            continue
        if answer.stdout.split() != [RUNTIME]:
            continue
        if answer.returncode == 0:
            return path
        without_pip = path
    if without_pip:
        message = f"{without_pip} has no pip: run `{without_pip} -m ensurepip`"
        raise BuildFailed(message)
    message = (
        "SCF runs the functions on Python 3.10, and there is no `python3.10` here to compile them."
        " Install it (apt install python3.10, brew install python@3.10, pyenv install 3.10,"
        " uv python install 3.10), or name it: make build PYTHON=/path/to/python3.10"
    )
    raise BuildFailed(message)


def build(python: str, to: Path = BUILD) -> list[Path]:
    """Build every layer and function into `to`, and give the zips."""
    zips = assemble(python, download(python, to / "wheels"), to)
    named_by_content(zips, to / "packages")
    return zips


def assemble(python: str, wheels: list[Path], to: Path) -> list[Path]:
    """Lay out, compile and zip every part, and give the zips."""
    ours = ROOT / "layers" / "instance_refresh" / "instance_refresh"
    parts: dict[str, tuple[str, dict[str, bytes]]] = {
        "layers/dependencies": (LAYER_ROOT, unpacked(wheels)),
        "layers/instance_refresh": (LAYER_ROOT, tree(ours, "instance_refresh/")),
    }
    for index in sorted((ROOT / "functions").glob("*/index.py")):
        parts[f"functions/{index.parent.name}"] = (FUNCTION_ROOT, tree(index.parent))
    to.mkdir(parents=True, exist_ok=True)
    materials = bill(wheels, lambda name: not is_left_out(name), version(ROOT))
    (to / "sbom.json").write_text(materials, encoding="utf-8")
    return [
        pack(lay_out(files, to / name, python, mounted)) for name, (mounted, files) in parts.items()
    ]


def download(python: str, to: Path) -> list[Path]:
    """Download the locked wheels for SCF, by hash, whatever machine this is.

    pip reads the lock's markers with the Python that runs it, hence with 3.10.
    """
    clear(to)
    command = [python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--platform", PLATFORM]
    command += ["--python-version", "3.10", "--implementation", "cp", "--abi", "cp310"]
    command += ["--requirement", str(REQUIREMENTS), "--dest", str(to)]
    done = subprocess.run(command, check=False)  # noqa: S603 — pip, with the lock
    if done.returncode:
        message = "pip could not download the wheels of requirements.txt: its message is above"
        raise BuildFailed(message)
    return sorted(to.glob("*.whl"))


def clear(folder: Path) -> None:
    """Remove a folder; BuildFailed if anything of it stays, as it would be shipped."""
    try:
        if folder.exists():
            shutil.rmtree(folder)
    except OSError:
        message = f"{folder}, left by an earlier build, can't be removed: remove it, and try again"
        raise BuildFailed(message) from None


def unpacked(wheels: list[Path]) -> dict[str, bytes]:
    """Read the wheels' files, without what is left out."""
    files: dict[str, bytes] = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if not name.endswith("/") and not is_left_out(name):
                    files[name] = archive.read(name)
    return files


def is_left_out(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in LEFT_OUT)


def tree(folder: Path, prefix: str = "") -> dict[str, bytes]:
    """Read a folder's own files: no byte code, and nothing hidden."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
    return {
        prefix + name: (folder / name).read_bytes()
        for name in names
        if name.endswith(SHIPPED) and "/." not in f"/{name}" and (folder / name).is_file()
    }


def lay_out(files: dict[str, bytes], folder: Path, python: str, mounted: str) -> Path:
    """Write the files into a fresh folder, and compile them as they will lie at `mounted`.

    A layer keeps the byte code alone, half of its size: nobody reads or edits it in SCF. Ours has
    no docstrings; others' code may read its own. An unchecked-hash .pyc is valid whatever time a
    packager gives its source, and SCF never writes one itself. The hash seed fixes the order of
    sets in the byte code.
    """
    clear(folder)
    for name, content in files.items():
        path = folder / PurePosixPath(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [python, "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", mounted, str(folder)]
    layer = mounted == LAYER_ROOT
    command += ["-b"] if layer else []
    command += ["-o", "2"] if folder.name == "instance_refresh" else []
    done = subprocess.run(command, check=False, env={**environ, "PYTHONHASHSEED": "0"})  # noqa: S603 — compileall
    if done.returncode:
        message = f"{folder.relative_to(folder.parents[2])} could not be compiled: see above"
        raise BuildFailed(message)
    for source in folder.rglob("*.py") if layer else ():
        source.unlink()
    return folder


def pack(folder: Path) -> Path:
    """Zip a folder so that the same files give the same bytes."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(item.relative_to(folder).as_posix() for item in folder.rglob("*")):
            if (folder / name).is_file():
                entry = zipfile.ZipInfo(name)  # dated 1980
                entry.external_attr = 0o100644 << 16
                entry.create_system = 3
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, (folder / name).read_bytes())
    return path


if __name__ == "__main__":
    sys.exit(main())
