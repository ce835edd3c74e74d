"""The steps of the pipelines in examples/, and the machine on which they run here."""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import tree_sitter_groovy
import yaml
from tree_sitter import Language, Parser

from deploy.variables import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local.credentials import Credentials

EXAMPLES = ROOT / "examples"
IMAGE = EXAMPLES / "image"
WORKFLOW = EXAMPLES / "github-actions" / "image.yml"
JENKINSFILE = EXAMPLES / "coding" / "Jenkinsfile"


class Step(NamedTuple):
    """A shell step: where it runs, with which shell, and what."""

    folder: str
    shell: list[str]
    script: str


def workflow() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return document


def of_workflow() -> list[Step]:
    """Give the shell steps of the workflow, as GitHub runs them."""
    (job,) = workflow()["jobs"].values()
    folder = job["defaults"]["run"]["working-directory"]
    return [
        Step(folder, ["bash", "-e", "-c"], step["run"]) for step in job["steps"] if "run" in step
    ]


def broken_groovy(text: str) -> list[str]:
    """Give the lines of a Jenkinsfile that are no Groovy."""
    parser = Parser(Language(tree_sitter_groovy.language()))
    nodes, broken = [parser.parse(text.encode()).root_node], []
    while nodes:
        node = nodes.pop()
        if node.type == "ERROR" or node.is_missing:
            broken.append(f"line {node.start_point[0] + 1}")
        nodes += node.children
    return broken


def of_jenkinsfile() -> list[Step]:
    """Give the shell steps of the Jenkinsfile; Jenkins traces those without a first line."""
    text = JENKINSFILE.read_text(encoding="utf-8")
    steps = []
    for match in re.finditer(r"dir\('(\w+)'\)|\bsh ('''|')(.*?)\2", text, flags=re.DOTALL):
        if match[1]:
            folder = match[1]
        else:
            traced = "-e" if match[3].startswith("#!/bin/sh -e\n") else "-xe"
            steps.append(Step(folder, ["sh", traced, "-c"], match[3]))
    *own, last = steps
    return [*own, last._replace(folder="")]  # of `post`, which stands in no folder


class Asked(NamedTuple):
    action: str
    authorization: str
    given: dict[str, Any]


@contextmanager
def security_token_service(keys: Credentials) -> Iterator[tuple[str, list[Asked]]]:
    """Serve STS, and the tokens of a job's identity; gives the address, and what is asked."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            (audience,) = parse_qs(urlsplit(self.path).query)["audience"]
            authorization = self.headers["Authorization"]
            asked.append(Asked("identity", authorization, {"audience": audience}))
            self._answer({"value": "the-jobs-identity"})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            action, authorization = self.headers["X-TC-Action"], self.headers["Authorization"]
            asked.append(Asked(action, authorization, body))
            found = {"TmpSecretId": keys.secret_id, "TmpSecretKey": keys.secret_key}
            credentials = {**found, "Token": keys.token}
            answer = {"Credentials": credentials, "ExpiredTime": 1, "RequestId": "r"}
            self._answer({"Response": answer})

        def _answer(self, content: dict[str, Any]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def log_message(self, *_: Any) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def tools(folder: Path, python: str, made: Path) -> None:
    """Put a python, and a packer that leaves a manifest, into a folder of commands."""
    folder.mkdir()
    for name, script in {
        "python": f'exec "{python}" "$@"',
        "packer": f'echo "packer $@"; [ "$1" != build ] || cp "{made}" manifest.json',
    }.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
