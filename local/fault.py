"""Set a fault in a running local cloud: `python -m local.fault throttle StartInstanceRefresh`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from local.control import ALL, PATH
from local.remote import Unusable, loopback

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMEOUT_S = 30


def main(arguments: Sequence[str] | None = None) -> int:
    """Set a fault, or clear or list them, and print those that are set; 2 if that can't be done."""
    options = parse(arguments)
    try:
        for fault in json.loads(ask(options))["Faults"]:
            print(json.dumps(fault, ensure_ascii=False))
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m local.fault", description=__doc__)
    parser.add_argument("fault", choices=[*ALL, "clear", "list"], help="what goes wrong")
    parser.add_argument(
        "on", nargs="?", default="", help="an action (default: all), or the id of a resource"
    )
    parser.add_argument("--times", type=int, default=1, help="how often; 0: always; default: 1")
    parser.add_argument("--after", type=int, default=0, help="after so many calls; default: 0")
    parser.add_argument("--seconds", type=float, default=5.0, help="of a slow call; default: 5")
    parser.add_argument("--endpoint", metavar="URL", help="a running `make cloud`")
    return parser.parse_args(arguments)


def ask(options: argparse.Namespace) -> bytes:
    """Send the request, past any proxy of the environment, and give the answer."""
    endpoint = options.endpoint or os.environ.get("AS_ENDPOINT", "")
    methods = {"clear": "DELETE", "list": "GET"}
    wanted = {
        "Fault": options.fault,
        "On": options.on,
        "Times": options.times,
        "After": options.after,
        "Seconds": options.seconds,
    }
    request = Request(  # noqa: S310 — `loopback` lets only http through
        loopback(endpoint) + PATH,
        method=methods.get(options.fault, "POST"),
        data=None if options.fault in methods else json.dumps(wanted).encode(),
    )
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=TIMEOUT_S) as answer:
            content: bytes = answer.read()
            return content
    except HTTPError as error:
        message = json.loads(error.read())["Problem"]
        raise Unusable(message) from None
    except URLError as error:
        message = f"No local cloud answers at {endpoint}: {error.reason}"
        raise Unusable(message) from None


if __name__ == "__main__":
    sys.exit(main())
