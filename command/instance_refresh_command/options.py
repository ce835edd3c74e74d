"""The options that several commands take, and how their values are read."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from instance_refresh.model.policy import FAIL_PROCESSES, PAUSES
from instance_refresh.model.readers import duration
from instance_refresh.model.request import REPLACE, RESET

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., Any]")


class Duration(click.ParamType[timedelta]):
    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        try:
            return value if isinstance(value, timedelta) else duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Tag(click.ParamType[tuple[str, str]]):
    name = "key=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        key, sign, said = str(value).partition("=")
        if not (key and sign):
            self.fail("must be key=value", param, ctx)
        return key, said


def together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


groups = click.argument("groups", nargs=-1, metavar="[asg-...]...")
tags = click.option("--tag", "tags", type=Tag(), multiple=True, help="groups with this tag")
in_json = click.option("--json", "as_json", is_flag=True, help="print JSON")
yes = click.option("--yes", is_flag=True, help="do it without asking")
dry = click.option("--dry-run", "plan", is_flag=True, help="say what it would do, and no more")
of_a_target = together(groups, tags)
of_an_action = together(dry, yes, in_json)
of_start = together(
    of_a_target,
    click.option("--image", metavar="img-...", help="the image to bring"),
    click.option("--family", help="bring the newest image of this family"),
    click.option("--refresh-mode", type=click.Choice([RESET, REPLACE])),
    click.option("--batch-size", help="instances of a batch: 2, or 25%"),
    click.option("--batch-pause", type=click.Choice(PAUSES)),
    click.option("--fail-process", type=click.Choice(FAIL_PROCESSES)),
    click.option("--max-surge", type=int, help="instances more, meanwhile"),
    click.option("--check-health/--no-check-health", default=None, help="by the load balancer"),
    click.option("--max-groups", type=int, help="how many groups --tag may start"),
    click.option("--force", is_flag=True, help="pass the rules on age and rejection"),
)
