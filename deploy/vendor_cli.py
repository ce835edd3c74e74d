"""Deploy with the vendor's CLI `scf`: `python deploy/vendor_cli.py COMMAND`, or `make COMMAND-scf`.

deploy     build, then deploy both layers and the functions; the roles are to be there
update     the same without the layer of dependencies: after a fix in our own code
rollback   deploy another commit or tag, with the .env of now: rollback v1.2.0
remove     remove the functions, then the layers

SCF_FLAGS="--debug" hands flags on to the CLI.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from deploy.client import Client
from deploy.command import run
from deploy.commit import tree_of
from deploy.description import function_name
from deploy.ready import NotReady, build, check, stop_if
from deploy.triggers import triggers_of
from deploy.variables import (
    OF_THE_CLI,
    ROOT,
    needed_by_yml,
    read_variables,
    unset,
    variables_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

CLI = "scf"
URLS = {"webhook": "WEBHOOK", "status": "STATUS"}  # function with a URL -> its variables
DEPENDENCIES, LAYER = Path("layers", "dependencies"), Path("layers", "instance_refresh")


def main(arguments: list[str]) -> int:
    commands: dict[str, Callable[..., None]] = {
        "deploy": deploy,
        "update": update,
        "rollback": rollback,
        "remove": remove,
    }
    return run(commands, arguments, __doc__ or "")


def deploy(environ: dict[str, str]) -> None:
    deploy_tree(environ, ROOT)


def deploy_tree(environ: dict[str, str], root: Path) -> None:
    check(environ, *_no_cli(environ))
    build(environ, root)
    for folder in (DEPENDENCIES, LAYER):
        _cli("deploy", root / folder, environ)
    _deploy_functions(environ, root)


def update(environ: dict[str, str]) -> None:
    check(environ, *_no_cli(environ))
    build(environ, ROOT)
    _cli("deploy", ROOT / LAYER, environ)
    _deploy_functions(environ, ROOT)


def rollback(environ: dict[str, str], commit: str) -> None:
    with tree_of(commit, environ) as tree:
        deploy_tree(environ, tree)


def remove(environ: dict[str, str]) -> None:
    empty = [f"{name} is not set: set it in .env" for name in unset(environ, needed_by_yml())]
    stop_if([*empty, *_no_cli(environ)])
    for folder in (_functions(environ, ROOT), ROOT / LAYER, ROOT / DEPENDENCIES):
        _cli("remove", folder, environ)


def _no_cli(environ: dict[str, str]) -> list[str]:
    if shutil.which(CLI, path=environ.get("PATH")):
        return []
    return [f"`{CLI}` is not there: npm install -g serverless-cloud-framework"]


def _deploy_functions(environ: dict[str, str], root: Path) -> None:
    """Deploy functions and triggers, and read back who checks the callers of each URL.

    The CLI updates a function before its triggers, and says nothing where that of a trigger is
    refused (tencent-component-toolkit 2.27.6, HttpTrigger.update). So before a function trusts CAM
    on an open URL, its URL is closed while it serves nobody.
    """
    opened = [
        name
        for function, name in URLS.items()
        if environ[f"{name}_URL_AUTH"] == "CAM" and _auth_of_the_url(environ, function) == "NONE"
    ]
    if opened:
        signing = {f"{name}_AUTH": "signature" for name in opened}  # without a secret
        closed = {**environ, **signing}
        _cli("deploy", _functions(closed, root), closed)
        _confirm_auth(environ)
    _cli("deploy", _functions(environ, root), environ)
    _confirm_auth(environ)


def _confirm_auth(environ: dict[str, str]) -> None:
    for function, name in URLS.items():
        asked, found = environ[f"{name}_URL_AUTH"], _auth_of_the_url(environ, function)
        if found != asked:
            has = f"THE {name}'S URL HAS AuthType {found or 'unknown'}, AND {asked} WAS ASKED FOR."
            message = f"{has} Set it in the console of SCF, then run this again"
            raise NotReady(message)


def _auth_of_the_url(environ: dict[str, str], function: str) -> str:
    """Give the AuthType of a function's URL, NONE or CAM; empty where it has no URL."""
    client = Client(_logged_in(environ))
    found = triggers_of(client, function_name(ROOT, function))
    return next((str(each.desc["AuthType"]) for each in found if each.type == "http"), "")


def _functions(environ: dict[str, str], root: Path) -> Path:
    """Write the functions' yml without the settings that are empty, and give its folder."""
    folder = root / "build" / "deploy"
    folder.mkdir(parents=True, exist_ok=True)
    text = without_empty((root / "serverless.yml").read_text(encoding="utf-8"), environ)
    text = text.replace("./build/functions", "../functions")
    (folder / "serverless.yml").write_text(text, encoding="utf-8")
    return folder


def without_empty(yml: str, environ: dict[str, str]) -> str:
    """Leave out the lines whose variable is empty: SCF takes no setting without a value."""
    lines = yml.splitlines(keepends=True)
    return "".join(line for line in lines if all(map(environ.get, variables_of(line))))


def _cli(command: str, folder: Path, environ: dict[str, str]) -> None:
    """Run the CLI where .env lies: a login writes its keys there, once for all folders."""
    path = shutil.which(CLI, path=environ.get("PATH")) or CLI
    target = ["--target", str(folder.relative_to(ROOT))]
    flags = environ.get("SCF_FLAGS", "").split()
    subprocess.run(  # noqa: S603 — the CLI
        [path, command, *target, *flags], cwd=ROOT, env=_logged_in(environ), check=True
    )


def _logged_in(environ: dict[str, str]) -> dict[str, str]:
    """Add the keys that a login has written to .env meanwhile."""
    own = read_variables(ROOT / ".env")
    return {**environ, **{name: value for name, value in own.items() if name in OF_THE_CLI}}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
