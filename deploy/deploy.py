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
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
DEPENDENCIES = ROOT / "layers" / "dependencies"
LAYER = ROOT / "layers" / "instance_refresh"
CLI = "scf"
_REFERENCE = re.compile(r"\$\{env:(\w+)\}")
_COMMENT = re.compile(r"\s#")
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_OF_THE_CLI = {  # a login writes the first four to .env
    "TENCENT_APP_ID",
    "TENCENT_SECRET_ID",
    "TENCENT_SECRET_KEY",
    "TENCENT_TOKEN",
    "SCF_FLAGS",
}
_MAY_BE_EMPTY = {
    "ALLOWED_GROUPS",
    "ALLOWED_REGIONS",
    "IMAGE_CREATORS",
    "MANIFEST_PREFIX",
    "WEBHOOK_SECRET_PREVIOUS",
}


def _list(form: str) -> str:
    """Give the form of what is listed with commas."""
    return rf"({form}\s*(,\s*|$))+"


_ENDPOINT = r"https://(?!localhost\b|127\.)[A-Za-z0-9.-]+(:[0-9]+)?/?"
_REGION = r"[a-z]{2,4}(-[a-z0-9]+)+"
_GROUPS, _CONFIGURATIONS = _list("asg-[a-z0-9]+"), _list("asc-[a-z0-9]+")
_FORMS = {
    "AS_ENDPOINT": (_ENDPOINT, "an https:// endpoint of Tencent Cloud"),
    "CVM_ENDPOINT": (_ENDPOINT, "an https:// endpoint of Tencent Cloud"),
    "REGION": (_REGION, "a region such as ap-guangzhou"),
    "COS_BUCKET": (r"[a-z0-9][a-z0-9-]*-[0-9]+", "a bucket with its APPID: images-1250000000"),
    "ALLOWED_GROUPS": (_GROUPS, "asg-… ids with commas between them, or empty"),
    "ALLOWED_REGIONS": (_list(_REGION), "regions with commas between them, or empty"),
    "IMAGE_CREATORS": (_list(r"\w+"), "account ids with commas between them, or empty"),
    "AUTO_SCALING_GROUPS": (rf"\*|{_GROUPS}", "asg-… ids with commas between them, or *"),
    "LAUNCH_CONFIGURATIONS": (rf"\*|{_CONFIGURATIONS}", "asc-… ids with commas between them, or *"),
    "MANIFEST_PREFIX": (r"[^/].*", "what keys begin with, without a / before it: manifests/"),
    "SCHEDULE_CRON": (r"(\S+ ){6}\S+", "seven fields, from seconds to year: 0 */5 * * * * *"),
    "WEBHOOK_AUTH": (r"signature|cam", "signature or cam"),
    "WEBHOOK_SECRET": (
        r"whsec_[A-Za-z0-9+/]{32,}={0,2}",
        'what this prints: echo "whsec_$(openssl rand -base64 32)"',
    ),
}


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
    try:
        environ = variables()
        commands[command](environ, *rest)
    except (NotReady, OSError) as error:
        print(f"{command}: {error}", file=sys.stderr)  # noqa: T201 — a command
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{command}: stopped, as `{error.cmd[0]}` failed (above)", file=sys.stderr)  # noqa: T201 — a command
        return 1
    return 0


def variables() -> dict[str, str]:
    """Give .env's variables, else the environment's, else what .env.example has as defaults."""
    example, own = read_variables(ROOT / ".env.example"), read_variables(ROOT / ".env")
    return derived({**example, **os.environ, **own})


def derived(environ: dict[str, str]) -> dict[str, str]:
    """Add what follows from the others, so that they can't contradict each other."""
    url_auth = "CAM" if environ.get("WEBHOOK_AUTH") == "cam" else "NONE"
    app_id = environ.get("COS_BUCKET", "").rpartition("-")[2]
    return {**environ, "WEBHOOK_URL_AUTH": url_auth, "COS_APPID": app_id}


def read_variables(path: Path) -> dict[str, str]:
    """Read NAME=value lines; none where there is no such file."""
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8-sig", errors="replace")  # a comment may be in GBK
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name.strip(): _COMMENT.split(value)[0].strip().strip("'\"") for name, _, value in pairs}


def variables_of(text: str) -> set[str]:
    """Find the variables that a yml file takes from the environment, its comments aside."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return {name for line in lines for name in _REFERENCE.findall(line)}


def needed() -> set[str]:
    """Give every variable that a yml file or a role's policy names."""
    return needed_by_yml() | needed_by_roles()


def needed_by_yml() -> set[str]:
    """Give every variable that a yml file names."""
    files = [ROOT / "serverless.yml", DEPENDENCIES / "serverless.yml", LAYER / "serverless.yml"]
    texts = [file.read_text(encoding="utf-8") for file in files]
    return set().union(*map(variables_of, texts)) - derived({}).keys()


def needed_by_roles() -> set[str]:
    """Give every variable that a role's policy names."""
    policies = (path.read_text(encoding="utf-8") for path in (ROOT / "role").glob("*.json"))
    return {name for text in policies for name in _PLACEHOLDER.findall(text)} - derived({}).keys()


def unset(environ: dict[str, str], names: set[str]) -> list[str]:
    """Give the variables that need a value and have none."""
    optional = set(_MAY_BE_EMPTY)
    if environ.get("WEBHOOK_AUTH") == "cam":  # nobody signs
        optional.add("WEBHOOK_SECRET")
    return [name for name in sorted(names - optional) if not environ.get(name)]


def missing(environ: dict[str, str], names: set[str]) -> list[str]:
    """Say, one line each, which variable is not set or has not its form, and where to set it."""
    lines = []
    for name in unset(environ, names):
        what = f": {_FORMS[name][1]}" if name in _FORMS else ""
        lines.append(f"{name} is not set{what}")
    for name in sorted(names & _FORMS.keys()):
        form, what = _FORMS[name]
        value = environ.get(name, "")
        if value and not re.fullmatch(form, value):
            lines.append(f"{name} must be {what}")
            if form == _ENDPOINT:  # no secret; and the shell's own may be the stand-in's
                lines[-1] += f", and is {value}: set it in .env, or `unset {name}` in this shell"
    if lines:
        lines.append("Set them in .env: cp .env.example .env, then fill it in.")
    return lines


def unknown(own: dict[str, str]) -> list[str]:
    """Say which variables of .env nothing reads: a limit with a wrong name limits nothing."""
    read = needed() | derived({}).keys() | _OF_THE_CLI
    names = (
        name if name.isidentifier() else "a line without NAME=value"  # which may hold a secret
        for name in sorted(own.keys() - read)
    )
    return [
        f"{name} in .env is read by nothing: see .env.example for its right form" for name in names
    ]


def invalid(environ: dict[str, str]) -> list[str]:
    """Say which setting the functions would refuse."""
    sys.path.insert(0, str(LAYER))
    from instance_refresh.errors import InvalidSetting
    from instance_refresh.settings import settings

    try:
        settings(environ)
    except InvalidSetting as error:
        return [f"{error}"]
    finally:
        sys.path.remove(str(LAYER))
    return []


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
            for name in _PLACEHOLDER.findall(resource):
                parts = [part.strip() for part in environ[name].split(",") if part.strip()] or [""]
                texts = [text.replace(f"${{{name}}}", part) for text in texts for part in parts]
            resources += texts
        if resources:
            statement["resource"] = resources
    return policy


def deploy(environ: dict[str, str]) -> None:
    check(environ)
    _build(environ)
    for folder in (DEPENDENCIES, LAYER, _functions(environ)):
        _cli("deploy", folder, environ)


def update(environ: dict[str, str]) -> None:
    check(environ)
    _build(environ)
    for folder in (LAYER, _functions(environ)):
        _cli("deploy", folder, environ)


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
    lost = sorted(n for n in _MAY_BE_EMPTY - variables_of(yml) if environ.get(n))
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
    of_the_login = {n: v for n, v in read_variables(ROOT / ".env").items() if n in _OF_THE_CLI}
    subprocess.run(  # noqa: S603 — the CLI
        [path, command, *target, *flags], cwd=ROOT, env={**environ, **of_the_login}, check=True
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
