"""Deploy with the vendor's CLI `scf`: `python deploy/deploy.py COMMAND`, or `make COMMAND`.

check      say what is missing, and stop
role       write each role's policy to build/role/, limited to the ids and the bucket of .env
deploy     build, then deploy both layers and the functions
update     the same without the layer of dependencies: after a fix in our own code
rollback   deploy another commit or tag, with the .env of now: rollback v1.2.0
remove     remove the functions, then the layers

SCF_FLAGS="--debug" hands flags on to the CLI.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from deploy.client import CallFailed
from deploy.url import auth_of_the_url
from deploy.variables import (
    DEPENDENCIES,
    LAYER,
    MAY_BE_EMPTY,
    OF_THE_CLI,
    PLACEHOLDER,
    ROOT,
    invalid,
    missing,
    needed,
    needed_by_roles,
    needed_by_yml,
    read_variables,
    readable_by_others,
    unknown,
    unset,
    variables,
    variables_of,
)

CLI = "scf"


class NotReady(Exception):
    """Names everything that is missing, each with its remedy."""


def main(arguments: list[str]) -> int:
    command, *rest = arguments or [""]
    commands: dict[str, Callable[..., None]] = {
        "check": check,
        "role": role,
        "deploy": deploy,
        "update": update,
    }
    commands |= {"rollback": rollback, "remove": remove}
    if command not in commands or len(rest) != (command == "rollback"):
        print(__doc__, file=sys.stderr)  # noqa: T201 — a command
        return 2
    for line in readable_by_others(ROOT / ".env"):
        print(f"warning: {line}", file=sys.stderr)  # noqa: T201 — a command
    try:
        environ = variables()
        commands[command](environ, *rest)
    except (NotReady, CallFailed, OSError) as error:
        print(f"{command}: {error}", file=sys.stderr)  # noqa: T201 — a command
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{command}: stopped, as `{error.cmd[0]}` failed (above)", file=sys.stderr)  # noqa: T201 — a command
        return 1
    return 0


def check(environ: dict[str, str]) -> None:
    wrong = missing(environ, needed()) or invalid(environ)
    wrong += unknown(read_variables(ROOT / ".env"))
    _stop_if([*wrong, *_no_cli(environ)])


def _no_cli(environ: dict[str, str]) -> list[str]:
    if shutil.which(CLI, path=environ.get("PATH")):
        return []
    return [f"`{CLI}` is not there: npm install -g serverless-cloud-framework"]


def _stop_if(wrong: list[str]) -> None:
    if wrong:
        raise NotReady("\n  ".join(["not everything is there yet.", *wrong]))


def role(environ: dict[str, str]) -> None:
    _stop_if(missing(environ, needed_by_roles() | {"COS_BUCKET"}))
    folder = ROOT / "build" / "role"
    folder.mkdir(parents=True, exist_ok=True)
    for template in sorted((ROOT / "role").glob("*.json")):
        document = filled_in(json.loads(template.read_text(encoding="utf-8")), environ)
        path = folder / template.name
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        print(path.relative_to(ROOT))  # noqa: T201 — a command


def filled_in(policy: dict[str, Any], environ: dict[str, str]) -> dict[str, Any]:
    """Fill in a policy's resources; a variable with commas gives one resource a value."""
    for statement in policy["statement"]:
        resources = []
        for resource in statement.get("resource", []):
            texts = [resource]
            for name in PLACEHOLDER.findall(resource):
                parts = [part.strip() for part in environ[name].split(",") if part.strip()] or [""]
                texts = [text.replace(f"${{{name}}}", part) for text in texts for part in parts]
            resources += texts
        if resources:
            statement["resource"] = resources
    return policy


def deploy(environ: dict[str, str]) -> None:
    check(environ)
    _build(environ)
    for folder in (DEPENDENCIES, LAYER):
        _cli("deploy", folder, environ)
    _deploy_functions(environ)


def update(environ: dict[str, str]) -> None:
    check(environ)
    _build(environ)
    _cli("deploy", LAYER, environ)
    _deploy_functions(environ)


def _deploy_functions(environ: dict[str, str]) -> None:
    """Deploy functions and triggers, and read back who checks the callers of the webhook's URL.

    The CLI updates a function before its triggers, and says nothing where that of a trigger is
    refused (tencent-component-toolkit 2.27.6, HttpTrigger.update). So before a function trusts CAM
    on an open URL, its URL is closed while it serves nobody.
    """
    if environ["WEBHOOK_URL_AUTH"] == "CAM" and auth_of_the_url(_logged_in(environ)) == "NONE":
        closed = {**environ, "WEBHOOK_AUTH": "signature"}  # without a secret
        _cli("deploy", _functions(closed), closed)
        _confirm_auth(environ)
    _cli("deploy", _functions(environ), environ)
    _confirm_auth(environ)


def _confirm_auth(environ: dict[str, str]) -> None:
    asked, found = environ["WEBHOOK_URL_AUTH"], auth_of_the_url(_logged_in(environ))
    if found != asked:
        message = f"THE WEBHOOK'S URL HAS AuthType {found or 'unknown'}, AND {asked} WAS ASKED FOR."
        raise NotReady(f"{message} Set it in the console of SCF, then run this again")


def remove(environ: dict[str, str]) -> None:
    empty = [f"{name} is not set: set it in .env" for name in unset(environ, needed_by_yml())]
    _stop_if([*empty, *_no_cli(environ)])
    for folder in (_functions(environ), LAYER, DEPENDENCIES):
        _cli("remove", folder, environ)


def rollback(environ: dict[str, str], commit: str) -> None:
    """Build and deploy a commit from a tree of its own; this one stays as it is."""
    git = shutil.which("git", path=environ.get("PATH"))
    if git is None or not commit:
        message = "say which commit or tag, in a git clone: make rollback TO=HEAD~1"
        raise NotReady(message)
    known = [git, "cat-file", "-e", f"{commit}:deploy/deploy.py"]
    if subprocess.run(known, cwd=ROOT, check=False, capture_output=True).returncode:  # noqa: S603 — git
        message = f"{commit} is no commit or tag of this clone that can be deployed this way"
        raise NotReady(message)
    show = [git, "show", f"{commit}:serverless.yml"]
    yml = subprocess.run(show, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603 — git
    lost = sorted(n for n in MAY_BE_EMPTY - variables_of(yml) if environ.get(n))
    if lost:
        names = ", ".join(lost)
        message = f"{commit} knows no {names}: to deploy it without, leave that empty in .env"
        raise NotReady(message)
    tree = ROOT / "build" / "rollback"
    shutil.rmtree(tree, ignore_errors=True)  # what an interrupted rollback has left
    add = [git, "worktree", "add", "--force", "--detach", str(tree), commit]
    subprocess.run(add, cwd=ROOT, check=True)  # noqa: S603 — git, with a commit of this clone
    try:
        command = [sys.executable, str(tree / "deploy" / "deploy.py"), "deploy"]
        subprocess.run(command, cwd=tree, env=environ, check=True)  # noqa: S603 — this script
    finally:
        drop = [git, "worktree", "remove", "--force", str(tree)]
        subprocess.run(drop, cwd=ROOT, check=True)  # noqa: S603 — git


def _functions(environ: dict[str, str]) -> Path:
    """Write the functions' yml without the settings that are empty, and give its folder."""
    folder = ROOT / "build" / "deploy"
    folder.mkdir(parents=True, exist_ok=True)
    text = without_empty((ROOT / "serverless.yml").read_text(encoding="utf-8"), environ)
    text = text.replace("./build/functions", "../functions")
    (folder / "serverless.yml").write_text(text, encoding="utf-8")
    return folder


def without_empty(yml: str, environ: dict[str, str]) -> str:
    """Leave out the lines whose variable is empty: SCF takes no setting without a value."""
    lines = yml.splitlines(keepends=True)
    return "".join(line for line in lines if all(map(environ.get, variables_of(line))))


def _build(environ: dict[str, str]) -> None:
    command = [sys.executable, str(ROOT / "layers" / "build.py")]
    subprocess.run(command, env=environ, check=True)  # noqa: S603 — our own build


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
