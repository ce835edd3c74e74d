"""The command line: what can be said, with examples."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from instance_refresh import clock
from instance_refresh.link import status_link

from . import act, show
from .account import NotConfigured, account
from .look import look, of_region, watch_over
from .options import Duration, in_json, of_a_target, of_an_action, of_start, together

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from .account import Account

    Option = Callable[[Callable[..., Any]], Callable[..., Any]]

EPILOG = """\b
Examples:
  instance-refresh status --family web
  instance-refresh status --watch
  instance-refresh plan asg-9dn1a5y6 --image img-1a2b3c4d
  instance-refresh start --tag service=web --family web --batch-size 25%
  instance-refresh stop asg-9dn1a5y6
  instance-refresh resume asg-9dn1a5y6 --mode CONTINUE
  instance-refresh rollback asg-9dn1a5y6 --yes
  instance-refresh hold --tag service=web --reason "freeze until Monday"
  instance-refresh link --family web --lasts 8h

\b
Exit codes:
  0    done, or there was nothing to do; status: nobody is needed
  1    it failed: a call of the API, the credentials, a setting
  2    the command line is wrong
  3    refused, or somebody is needed
  4    not confirmed: nothing was done
  130  stopped by Ctrl-C

\b
Credentials and region: TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY,
TENCENTCLOUD_TOKEN and TENCENTCLOUD_REGION, else what `tccli configure` has kept.
The functions' settings (MAX_REFRESHING, IMAGE_CREATORS, ...) count here too, where
they are in the environment: set them as deployed, and the status says the same.
"""


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--region", default="", help="default: the environment's, or tccli's")
@click.option("--profile", help="a profile of tccli; default: the environment, or tccli's default")
@click.pass_context
def cli(context: click.Context, region: str, profile: str | None) -> None:
    """See and steer the rollouts of machine images, straight on Tencent Cloud's API.

    It decides by the same rules as the functions, with your own credentials; no function need be
    deployed. What changes something is shown first, and asked.
    """
    context.obj = lambda: account(os.environ, Path.home(), profile, region)


@cli.command()
@of_a_target
@click.option("--family", "families", multiple=True, help="groups that follow this family")
@click.option("--watch", is_flag=True, help="look again and again, until nothing goes on")
@click.option("--every", type=Duration(), default="10s", help="how often; default: 10s")
@in_json
@click.pass_obj
def status(
    known: Callable[[], Account],
    /,
    *,
    groups: tuple[str, ...],
    tags: tuple[tuple[str, str], ...],
    families: tuple[str, ...],
    watch: bool,
    every: timedelta,
    as_json: bool,
) -> int:
    """Say where the rollouts stand: all, or of these groups, tags and families."""
    owner = known()

    def see() -> dict[str, Any]:
        return look(owner, families, groups, tags)

    if watch:
        return watch_over(see, every, as_json=as_json)
    document = see()
    if as_json:
        click.echo(show.as_json(of_region(document)))
    else:
        show.console().print(show.status(document))
    return act.REFUSED if show.needs_somebody(document) else act.DONE


@cli.command()
@of_start
@in_json
@click.pass_obj
def plan(known: Callable[[], Account], /, *, as_json: bool, **said: Any) -> int:
    """Say what a start would do; nothing is changed."""
    return act.carry_out(_started(**said), known(), plan=True, yes=False, as_json=as_json)


@cli.command()
@of_start
@of_an_action
@click.pass_obj
def start(
    known: Callable[[], Account], /, *, plan: bool, yes: bool, as_json: bool, **said: Any
) -> int:
    """Refresh groups: onto an image, a family's newest, or what they are configured with.

    Without groups and tags it is for all that follow the image's family.
    """
    return act.carry_out(_started(**said), known(), plan=plan, yes=yes, as_json=as_json)


def _started(
    groups: tuple[str, ...], tags: tuple[tuple[str, str], ...], **said: Any
) -> dict[str, Any]:
    """Write a start in the API's words."""
    size = said["batch_size"]
    rolling = {
        "BatchSize": int(size) if size and size.isdigit() else size,
        "BatchPause": said["batch_pause"],
        "FailProcess": said["fail_process"],
        "MaxSurge": said["max_surge"],
    }
    settings = {
        "RollingUpdateSettings": {name: one for name, one in rolling.items() if one is not None},
        "CheckInstanceTargetHealth": said["check_health"],
    }
    return act.document(
        "StartInstanceRefresh",
        groups,
        tags,
        ImageId=said["image"],
        ImageFamily=said["family"],
        RefreshMode=said["refresh_mode"],
        RefreshSettings={name: one for name, one in settings.items() if one not in (None, {})},
        MaxGroups=said["max_groups"],
        Force=said["force"],
    )


def _verb(name: str, action: str, text: str, *options: Option) -> None:
    """Make the command of one action; `options` are named as the fields that they fill in."""

    def run(
        known: Callable[[], Account],
        /,
        *,
        groups: tuple[str, ...],
        tags: tuple[tuple[str, str], ...],
        plan: bool,
        yes: bool,
        as_json: bool,
        **fields: Any,
    ) -> int:
        asked = act.document(action, groups, tags, **fields)
        return act.carry_out(asked, known(), plan=plan, yes=yes, as_json=as_json)

    cli.command(name, help=text)(together(of_a_target, *options, of_an_action)(click.pass_obj(run)))


def _field(option: str, field: str, **attributes: Any) -> Option:
    """Make an option that fills in a field of the API's."""
    return click.option(option, field, **attributes)


_ACTIVITY = {"metavar": "asr-...", "help": "the refresh activity; default: the group's own"}
_MODE = {"type": click.Choice(["RETRY", "CONTINUE"]), "help": "what to do with what failed"}
_verb(
    "stop",
    "StopInstanceRefresh",
    "Pause refreshes: the batch that runs is finished first.",
    _field("--activity", "RefreshActivityId", **_ACTIVITY),
)
_verb(
    "resume",
    "ResumeInstanceRefresh",
    "Let paused refreshes go on.",
    _field("--activity", "RefreshActivityId", **_ACTIVITY),
    _field("--mode", "ResumeMode", **_MODE),
)
_verb(
    "rollback",
    "RollbackInstanceRefresh",
    "Put the images back that the instances ran before.",
    _field("--activity", "OriginRefreshActivityId", **_ACTIVITY),
)
_verb(
    "cancel",
    "CancelInstanceRefresh",
    "End paused refreshes: what was refreshed stays, and can't be rolled back any more.",
    _field("--activity", "RefreshActivityId", **_ACTIVITY),
)
_verb(
    "hold",
    "Hold",
    "Keep groups as they are: the schedule starts and resumes nothing there.",
    _field("--reason", "Reason", required=True, help="why, for whoever reads the status"),
)
_verb("release", "Release", "End a hold.")


@cli.command()
@of_a_target
@click.option("--family", "families", multiple=True, help="groups that follow this family")
@click.option("--lasts", type=Duration(), default="8h", help="how long it is good; default: 8h")
@click.option("--url", envvar="STATUS_URL", required=True, help="default: STATUS_URL")
@click.pass_context
def link(
    context: click.Context,
    /,
    *,
    groups: tuple[str, ...],
    tags: tuple[tuple[str, str], ...],
    families: tuple[str, ...],
    lasts: timedelta,
    url: str,
) -> int:
    """Print a link to the status page, signed with STATUS_SECRET, that ends."""
    from instance_refresh.settings import settings

    secret = settings({"STATUS_SECRET": os.environ.get("STATUS_SECRET", "")}).status_secret
    if not secret:
        message = "STATUS_SECRET is not set: it is what the status function has"
        raise NotConfigured(message)
    region = context.parent.params["region"] if context.parent else ""
    pairs = [
        *(("family", family) for family in families),
        *(("group", group) for group in groups),
        *(("tag", f"{key}={value}") for key, value in tags),
        *([("region", region)] if region else []),
    ]
    click.echo(status_link(url, secret, clock.now() + lasts, pairs))
    return act.DONE
