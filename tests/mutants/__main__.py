"""Change the code of the decisions, one place at a time, and say what no test notices.

`make mutants` does all, `make mutants MODULE=rules/watch.py` one module. Cosmic Ray makes the
changes, in copies of the project; `survivors` in the configuration explains those that may live.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from cosmic_ray.config import load_config, serialize_config
from cosmic_ray.work_db import use_db

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "mutants"
CODE = Path("layers/instance_refresh/instance_refresh")
COPIED = ("layers", "functions", "local", "role", "tests", "pyproject.toml", "serverless.yml")


def main(only: list[str], workers: int) -> int:
    """Give how many mutants live that are not explained, or are explained and don't."""
    wrong = 0
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(workers):
        copies.put(_copy(BUILD / f"copy{number}"))
    for file in sorted(Path(__file__).parent.glob("*.toml")):
        config = load_config(str(file))
        modules = [
            path.relative_to(ROOT / CODE).as_posix()
            for pattern in config["module-path"]
            for path in sorted((ROOT / CODE).glob(pattern))
            if path.name not in ("__init__.py", *config["excluded-modules"])
        ]
        wanted = [module for module in modules if not only or module in only]
        with ThreadPoolExecutor(workers) as pool:
            lived = list(pool.map(partial(_survivors, config, copies), wanted))
        wrong += _tell(dict(zip(wanted, lived, strict=True)), config.get("survivors", []))
    return wrong


def _copy(place: Path) -> Path:
    """Copy the project: what is changed is never what someone works on."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, place / name, ignore=ignored)
        else:
            shutil.copy(source, place)
    return place


def _survivors(config: Any, copies: SimpleQueue[Path], module: str) -> list[tuple[str, str]]:
    """Run the tests on each mutant of a module, and give the lines of those that live."""
    place = copies.get()
    try:
        session, settings = place / "session.sqlite", place / "session.toml"
        session.unlink(missing_ok=True)
        one = {**config, "module-path": str(CODE / module)}
        settings.write_text(serialize_config(one), encoding="utf-8")
        for tool, *arguments in (
            ("cosmic-ray", "baseline", settings),
            ("cosmic-ray", "init", settings, session),
            ("cr-filter-operators", session, settings),
            ("cosmic-ray", "exec", settings, session),
        ):
            command = [Path(sys.executable).parent / tool, *arguments]
            subprocess.run(command, cwd=place, check=True, capture_output=True)
        with use_db(str(session)) as db:
            results = [result for _, result in db.results if result.test_outcome]
        lived = [_change(result.diff) for result in results if not result.is_killed]
        sys.stdout.write(f"{module}: {len(results)} mutants, {len(lived)} live\n")
        sys.stdout.flush()
        return lived
    finally:
        copies.put(place)


def _change(diff: str) -> tuple[str, str]:
    """Give the line as it was, and as it became."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    was, became = ([line[1:].strip() for line in lines if line.startswith(sign)] for sign in "-+")
    return " ".join(was), " ".join(became)


def _tell(lived: dict[str, list[tuple[str, str]]], explained: list[dict[str, str]]) -> int:
    wrong = 0
    used: set[str] = set()
    for module, changes in lived.items():
        for was, became in changes:
            why = next((one for one in explained if _explains(one, module, was, became)), None)
            if why:
                used.add(str(why))
                continue
            wrong += 1
            sys.stdout.write(f"{module} lives:\n    - {was}\n    + {became}\n")
    for one in explained:
        if str(one) not in used and lived.keys() & {one["module"]}:
            wrong += 1
            sys.stdout.write(f"explained, but dead: {one['module']}: {one['became']}\n")
    return wrong


def _explains(one: dict[str, str], module: str, was: str, became: str) -> bool:
    return one["module"] in ("*", module) and one["was"] in was and one["became"] in became


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:], int(os.environ.get("WORKERS") or os.cpu_count() or 1)) else 0)
