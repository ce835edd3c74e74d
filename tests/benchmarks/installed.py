"""The folders that are compared: what `make build` makes, and what `pip install -t` would."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING, NamedTuple

import tencentcloud.autoscaling

from layers import build

if TYPE_CHECKING:
    from pathlib import Path

_OF_THE_BARE_SCRIPT = (
    *("certifi", "charset_normalizer", "idna", "requests"),
    *("tencentcloud_sdk_python_common", "urllib3"),
)


class Installed(NamedTuple):
    """Paths for PYTHONPATH; `usual` and `built` hold all but the function itself."""

    python: str
    zips: list[Path]
    built: list[Path]
    functions: Path
    usual: list[Path]
    usual_functions: Path
    bare: list[Path]


def install(folder: Path) -> Installed:
    """Build, and lay the two others out beside it."""
    python = build.find_python(build.candidates())
    built, usual, bare = folder / "built", folder / "usual", folder / "bare"
    wheels = build.download(python, built / "wheels")
    zips = build.assemble(python, wheels, built)
    _unzip(wheels, usual)
    layer = build.ROOT / "layers" / "instance_refresh"
    shutil.copytree(layer, usual, dirs_exist_ok=True, ignore=_BYTE_CODE)
    shutil.copytree(build.ROOT / "functions", folder / "functions", ignore=_BYTE_CODE)
    _unzip([wheel for wheel in wheels if wheel.name.startswith(_OF_THE_BARE_SCRIPT)], bare)
    (typed,) = tencentcloud.autoscaling.__path__
    shutil.copytree(typed, bare / "tencentcloud" / "autoscaling", ignore=_BYTE_CODE)
    compiling = [python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*compiling, str(bare)], check=True)
    return Installed(
        python=python,
        zips=zips,
        built=[built / "layers" / "dependencies", built / "layers" / "instance_refresh"],
        functions=built / "functions",
        usual=[usual],
        usual_functions=folder / "functions",
        bare=[bare],
    )


_BYTE_CODE = shutil.ignore_patterns("__pycache__")


def _unzip(wheels: list[Path], folder: Path) -> None:
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
