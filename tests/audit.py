"""Ask the package index for known vulnerabilities of what is pinned: `python -m tests.audit FILE…`.

The index is pip's; it must serve PyPI's JSON API (`/pypi/<name>/<version>/json`). Ends with 1 if
there is a vulnerability. Where the index can't be asked it says so, and ends with 0; with
`--strict`, as a release wants it, with 2.
"""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pip._internal.models.index import PyPI  # the only place that says where pip asks by default

TIMEOUT = 10
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
Pin = tuple[str, str]


class NotChecked(Exception):
    """Says why the index could not be asked."""


def pins(files: list[Path]) -> list[Pin]:
    """Read the name and version of every package that the files pin, each once."""
    found = [pin for file in files for pin in _PIN.findall(file.read_text(encoding="utf-8"))]
    return sorted(set(found))


def index_of_pip() -> str:
    """Give the address that pip's index has, without its `/simple`."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    index = os.environ.get("PIP_INDEX_URL") or asked.stdout.strip() or PyPI.simple_url
    return index.rstrip("/").removesuffix("/simple")


def vulnerabilities(index: str, pin: Pin) -> list[str]:
    """Give a line for each known vulnerability of a pinned package."""
    name, version = pin
    url = f"{index}/pypi/{name}/{version}/json"
    trust = ssl.create_default_context(cafile=os.environ.get("PIP_CERT"))
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT, context=trust) as answer:
            known = json.load(answer)["vulnerabilities"]
        return [
            f"{name} {version}: {', '.join([each['id'], *each['aliases']])};"
            f" mended in {', '.join(each['fixed_in']) or 'no version yet'}"
            for each in known
            if not each.get("withdrawn")
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        status = getattr(error, "code", "")
        reason = f"answered {status}" if status else f"could not be asked ({type(error).__name__})"
        message = f"the index {reason} for {name} {version}"
        raise NotChecked(message) from None


def main(arguments: list[str]) -> int:
    strict = "--strict" in arguments
    wanted = pins([Path(name) for name in arguments if name != "--strict"])
    index = index_of_pip()
    if not wanted:
        sys.stdout.write("audit: nothing is pinned in these files\n")
        return 2
    try:
        vulnerabilities(index, wanted[0])  # so that one question is enough where none is answered
        with ThreadPoolExecutor(8) as pool:
            listed = list(pool.map(lambda pin: vulnerabilities(index, pin), wanted))
    except NotChecked as error:
        sys.stdout.write(
            f"audit: NOT CHECKED. {error}; it has no list of known vulnerabilities, so nothing is"
            f" known of the {len(wanted)} pinned packages.\n"
        )
        return 2 if strict else 0
    found = [line for lines in listed for line in lines]
    sys.stdout.write("".join(f"audit: {line}\n" for line in found))
    sys.stdout.write(f"audit: {len(wanted)} packages, {len(found)} known vulnerabilities\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
