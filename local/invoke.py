"""Run one event through a function: `python -m local.invoke webhook events/x.json`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local import webhook
from local.clock import ScaledClock
from local.cloud import Cloud
from local.remote import (
    PRINTED,
    SERVICES,
    TEMPORARY,
    Remote,
    Unusable,
    loopback,
    role_from,
    tencent_variables,
)
from local.scf import project
from local.scf.platform import Platform
from local.seed import PREFIX, REGION, fill

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from local.scf.function import Credentials
    from local.scf.host import Host
    from local.scf.invocation import Invocation


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 if the function answered, 1 if it failed, 2 if it was not run.

    130 when stopped by Ctrl-C.
    """
    options = parse(arguments)
    try:
        event = as_of_now(read_event(options.event))
        check_function(options.function)
        with ExitStack() as stack:
            if options.cloud == "tencent":
                remote = Remote(tencent_variables(os.environ))
                role = role_from(os.environ, TEMPORARY)
                confirm(options, remote.environment())
                done = run(options, remote, role, event)
            elif options.endpoint:
                variables = dict.fromkeys(SERVICES, loopback(options.endpoint))
                print(f"Against the stand-in at {options.endpoint}.")
                done = run(options, Remote(variables), role_from(os.environ, PRINTED), event)
            else:
                cloud = stack.enter_context(Cloud(clock=ScaledClock()))
                fill(cloud, options.event.parent)
                print("Against a fresh local stand-in: nothing real is touched.")
                done = run(options, cloud, cloud.role(), event)
                show(done)
                show_calls(cloud)
                return 0 if done.status == 200 else 1
        show(done)
    except Unusable as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0 if done.status == 200 else 1


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m local.invoke", description=__doc__)
    parser.add_argument("function", help="a folder in functions/")
    parser.add_argument("event", type=Path, help="a JSON file with the event")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--endpoint", metavar="URL", help="a running `make cloud`")
    where.add_argument("--cloud", choices=("local", "tencent"), default="local")
    parser.add_argument(
        "--region", help=f"default: TENCENTCLOUD_REGION; {REGION} for a fresh stand-in"
    )
    parser.add_argument("--unsigned", action="store_true", help="leave a webhook call unsigned")
    parser.add_argument("--yes", action="store_true", help="do not ask before the real cloud")
    options = parser.parse_args(arguments)
    there = options.endpoint or options.cloud == "tencent"
    options.region = options.region or (there and os.environ.get("TENCENTCLOUD_REGION")) or REGION
    return options


def read_event(path: Path) -> Any:
    """Read an event from a JSON file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise Unusable(message) from error
    except (ValueError, RecursionError) as error:
        message = f"{path} is not JSON: {error}"
        raise Unusable(message) from error


def as_of_now(event: Any) -> Any:
    """Give a timer's or COS' event as if it had just come."""
    now = datetime.now(timezone.utc)
    if isinstance(event, dict) and "Time" in event:
        return {**event, "Time": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
    records = event.get("Records") if isinstance(event, dict) else None
    for record in records if isinstance(records, list) else ():
        if isinstance(record, dict) and isinstance(record.get("event"), dict):
            record["event"]["eventTime"] = int(now.timestamp())
    return event


def check_function(name: str) -> None:
    """Refuse a name that is none of the functions."""
    if name not in project.names():
        message = f"There is no function {name!r}; there are: {', '.join(project.names())}."
        raise Unusable(message)


def confirm(options: argparse.Namespace, variables: Mapping[str, str]) -> None:
    """Say what will happen to the real cloud, and go on only with a yes."""
    print(f"This runs {options.function} with {options.event} against the REAL Tencent Cloud,")
    print(f"region {options.region}, with your credentials. It may change launch configurations")
    print("and start instance refreshes, which reinstall instances.")
    for name, service in SERVICES.items():
        own = f"https://{service}.tencentcloudapi.com"
        default = own if service != "cos" else "https://<bucket>.cos.<region>.myqcloud.com"
        print(f"  {name}: {variables.get(name, default)}")
    if options.yes:
        return
    if not sys.stdin.isatty():
        message = "Nothing was run: there is no terminal to ask at; add --yes to go on unasked."
        raise Unusable(message)
    try:
        answer = input("Go on? Type yes: ")
    except EOFError:
        answer = ""
    if answer.strip().lower() != "yes":
        message = "Nothing was run."
        raise Unusable(message)


def own_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Take the functions' settings along, all but where the cloud is."""
    project.import_layer()
    from instance_refresh.settings import NAMES

    own = [name for name in NAMES if name not in SERVICES and environ.get(name)]
    return {name: environ[name] for name in own}


def run(options: argparse.Namespace, host: Host, role: Credentials, event: Any) -> Invocation:
    """Run the event once in the runtime; a webhook of the local cloud may be asked for anything."""
    own = own_settings(os.environ)
    if options.cloud == "local":
        own.setdefault("MANIFEST_PREFIX", PREFIX)
        own.setdefault("ALLOWED_ACTIONS", project.every_action())
    if not options.unsigned and webhook.is_unsigned_call(event):
        name = "STATUS_SECRET" if options.function == "status" else "WEBHOOK_SECRET"
        secret = own.setdefault(name, webhook.new_secret())
        try:
            event = webhook.signed(event, secret)
        except ValueError as error:
            message = f"The call can't be signed with {name}: {error}"
            raise Unusable(message) from error
        print("The event is an unsigned HTTP call: it was signed for this run.")
    with Platform(host, project.FUNCTIONS, project.OPT, region=options.region) as platform:
        try:
            project.deploy(platform, options.function, role, own)
        except ValueError as error:
            raise Unusable(str(error)) from error
        return platform.invoke(options.function, event)


def show(done: Invocation) -> None:
    """Print the log lines and the result."""
    print(f"\nLog of {done.function}, request {done.request_id}:")
    for line in done.logs:
        print(f"  {line}")
    print(f"\nResult, after {done.duration_ms:.0f} ms with {done.memory_mb:.0f} MB:")
    if done.status == 200:
        print(json.dumps(readable(done.result), indent=2, ensure_ascii=False))
    else:
        print(json.dumps(done.error, indent=2))
        print(f"{done.error_type}: {done.error_message}" if done.error_type else done.error_message)


def readable(result: Any) -> Any:
    """Give a result with a JSON body read, for people."""
    try:
        return {**result, "body": json.loads(result["body"])}
    except (KeyError, TypeError, ValueError):
        return result


def show_calls(cloud: Cloud) -> None:
    """Print the calls that reached the stand-in."""
    print("\nCalls:")
    for call in cloud.calls:
        parameters = json.dumps(call.params, ensure_ascii=False)
        print(f"  {call.service} {call.action} {call.region} {call.code or 'ok'} {parameters}")


if __name__ == "__main__":
    sys.exit(main())
