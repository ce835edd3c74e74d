"""Look at the status: once, or again and again until nothing goes on."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click
from rich.live import Live

from instance_refresh import clock
from instance_refresh.contract import check
from instance_refresh.model.query import Query
from instance_refresh.rollout.survey import survey

from . import act, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import timedelta

    from .account import Account

    Look = Callable[[], dict[str, Any]]


def look(
    account: Account,
    families: tuple[str, ...],
    groups: tuple[str, ...],
    tags: Iterable[tuple[str, str]],
) -> dict[str, Any]:
    """Give the status document."""
    check("status_query", {"group": list(groups), "region": [account.region]}, "the command")
    query = Query(account.region, families, groups, tuple(tags))
    return survey(query, account.cloud, account.settings, clock.now())


def of_region(document: dict[str, Any]) -> dict[str, Any]:
    """Give it in the status function's form, which may be of several regions."""
    return {"Regions": [document]}


def watch_over(look: Look, every: timedelta, *, as_json: bool) -> int:
    """Show the status as it changes; ends when every group is done, or needs somebody."""
    document = look()
    if as_json or not show.console().is_terminal:
        while True:
            click.echo(json.dumps(of_region(document)) if as_json else show.line(document))
            if show.is_over(document):
                break
            time.sleep(every.total_seconds())
            document = look()
    else:
        with Live(show.status(document), console=show.console(), auto_refresh=False) as live:
            while not show.is_over(document):
                time.sleep(every.total_seconds())
                document = look()
                live.update(show.status(document), refresh=True)
    return act.REFUSED if show.needs_somebody(document) else act.DONE
