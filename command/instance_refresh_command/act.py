"""Carry out what is asked: say what it will do, ask, do it, say what became of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from instance_refresh import clock
from instance_refresh.contract import check
from instance_refresh.model.request import request
from instance_refresh.rollout.run import roll_out

from . import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from instance_refresh.model.outcome import Outcome
    from instance_refresh.model.request import Request
    from instance_refresh.settings import Settings

    from .account import Account

DONE, FAILED, REFUSED, UNCONFIRMED = 0, 1, 3, 4
_REFUSED = ("refused", "rejected", "busy", "attention")
_TARGETS = ("AutoScalingGroupIds", "Tags")


def document(
    action: str, groups: Sequence[str], tags: Iterable[tuple[str, str]], **fields: Any
) -> dict[str, Any]:
    """Write a request in the API's words, without what is not said."""
    one = {"AutoScalingGroupId": groups[0]} if len(groups) == 1 else {}
    written = {
        "Action": action if action != "StartInstanceRefresh" else None,
        **one,
        "AutoScalingGroupIds": None if one else list(groups),
        "Tags": [{"Key": key, "Value": value} for key, value in tags],
        **fields,
    }
    return {name: value for name, value in written.items() if value not in (None, [], {}, False)}


def carry_out(
    asked: dict[str, Any], account: Account, *, plan: bool, yes: bool, as_json: bool
) -> int:
    """Do it, or only say what would be done; gives the exit code."""
    has_target = any(name in asked for name in ("AutoScalingGroupId", *_TARGETS))
    check("request" if has_target else "manifest", asked, "the command")
    wish = request(asked, region=account.region, asked_at=clock.now())
    rules = _as_asked(wish, account.settings)
    planned = roll_out(wish._replace(dry_run=True), account.cloud, rules, clock.now())
    if plan:
        return _said(planned, as_json=as_json)
    if not any(one.outcome == "planned" for one in planned):  # there is nothing to ask
        return _said(planned, as_json=as_json)
    error = show.console(error=True)
    error.print(f"In {wish.region}:")
    for line in show.outcomes(planned):
        error.print(line, soft_wrap=True)
    if not yes and not _confirmed():
        click.echo("Nothing was done.", err=True)
        return UNCONFIRMED
    done = roll_out(wish, account.cloud, rules, clock.now())
    return _said(done, as_json=as_json)


def _as_asked(wish: Request, settings: Settings) -> Settings:
    """MODE and MAX_REFRESHING bind what goes by itself: a person is served as by the webhook.

    Where no group is named, as many start as by a manifest.
    """
    most = settings.max_refreshing if wish.for_followers else 1
    return settings._replace(mode="act", max_refreshing=most)


def is_terminal() -> bool:
    return sys.stdin.isatty()


def _confirmed() -> bool:
    if not is_terminal():
        click.echo("There is no terminal to ask at: add --yes to go on unasked.", err=True)
        return False
    return click.confirm("Go on?", err=True)


def _said(outcomes: Sequence[Outcome], *, as_json: bool) -> int:
    if as_json:
        click.echo(show.as_json({"Outcomes": [one.document() for one in outcomes]}))
    else:
        console = show.console()
        for line in show.outcomes(outcomes):
            console.print(line, soft_wrap=True)
    ends = {one.outcome for one in outcomes}
    if "failed" in ends:
        return FAILED
    return REFUSED if ends.intersection(_REFUSED) else DONE
