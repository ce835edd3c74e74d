"""Deploy with the vendor's SDK: `python deploy/deploy.py COMMAND`, or `make COMMAND`.

plan       build, and show what `deploy` would do
deploy     build, show the plan, ask, carry it out, look whether it is there, and try it out
destroy    show what stands there, ask, and remove it: all versions of the layers too
rollback   deploy another commit or tag, with the .env of now: rollback v1.2.0
role       write each role's policy to build/role/, for who makes the roles by hand

YES=1 asks nothing. ROLES=no leaves the roles to others, and writes their policies.
Whatever it stops at: run it again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from deploy import plan as planning
from deploy.client import Client
from deploy.command import run
from deploy.commit import tree_of
from deploy.description import described
from deploy.ready import NotReady, build, check, stop_if, write_policies
from deploy.resources import Stopped
from deploy.try_out import try_out
from deploy.variables import OF_WHO_DEPLOYS, ROOT, needed_by_yml, unset

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.resources import Resource


def main(arguments: list[str]) -> int:
    commands: dict[str, Callable[..., None]] = {
        "plan": plan,
        "deploy": deploy,
        "destroy": destroy,
        "rollback": rollback,
        "role": write_policies,
    }
    return run(commands, arguments, __doc__ or "")


def plan(environ: dict[str, str]) -> None:
    _ready(environ)
    build(environ, ROOT)
    steps = planning.to_deploy(_resources(environ, ROOT), Client(environ))
    say(planning.written(steps))


def deploy(environ: dict[str, str]) -> None:
    deploy_tree(environ, ROOT)


def deploy_tree(environ: dict[str, str], root: Path) -> None:
    _ready(environ)
    build(environ, root)
    client = Client(environ)
    apply(planning.to_deploy(_resources(environ, root), client), client, environ)
    look(environ, root, client)


def destroy(environ: dict[str, str]) -> None:
    names = needed_by_yml() | OF_WHO_DEPLOYS
    stop_if([f"{name} is not set: set it in .env" for name in unset(environ, names)])
    client = Client(environ)
    apply(planning.to_destroy(_resources(environ, ROOT), client), client, environ)


def rollback(environ: dict[str, str], commit: str) -> None:
    with tree_of(commit, environ) as tree:
        deploy_tree(environ, tree)


def apply(steps: list[planning.Step], client: Client, environ: dict[str, str]) -> None:
    """Show the plan, ask, and take its steps; nothing is asked where nothing is to be done."""
    say(planning.written(steps))
    left = planning.changes(steps)
    if left and not environ.get("YES"):
        if not sys.stdin.isatty():
            message = "nobody is there to ask: say YES=1"
            raise NotReady(message)
        if input("Do this? [y/N] ").strip().lower() not in ("y", "yes"):
            message = "nothing was done"
            raise NotReady(message)
    for number, step in enumerate(left, 1):
        say(f"{number}/{len(left)} {step.verb} {step.resource.kind} {step.resource.name}")
        step.take(client)


def look(environ: dict[str, str], root: Path, client: Client) -> None:
    """Say whether what stands there is what was asked for, and what each function answers."""
    again = planning.to_deploy(_resources(environ, root), client)
    if left := planning.changes(again):
        message = f"what stands there is NOT what was asked for:\n{planning.written(left)}"
        raise Stopped(message)
    say(f"Looked again: all is there as described.\n{planning.standing(again)}")
    answers = []
    for answer in try_out(described(root, environ), client, environ):
        say(answer.what)
        answers.append(answer)
    if broken := [answer.what for answer in answers if not answer.works]:
        message = "\n  ".join(
            ["it stands there, and DOES NOT WORK; see the function's log:", *broken]
        )
        raise Stopped(message)


def _ready(environ: dict[str, str]) -> None:
    check(environ)
    keys = [f"{name} is not set: set it in .env" for name in unset(environ, OF_WHO_DEPLOYS)]
    stop_if(keys)
    if environ.get("ROLES") == "no":
        write_policies(environ)


def _resources(environ: dict[str, str], root: Path) -> list[Resource]:
    roles = environ.get("ROLES") != "no"
    return planning.resources(described(root, environ), roles=roles)


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 — a command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
