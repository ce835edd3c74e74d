"""What the command prints: the status as a table, and outcomes line by line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from instance_refresh.model.problem import printable
from instance_refresh.page.words import kind, span, waits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from instance_refresh.model.outcome import Outcome

_PLAIN_WIDTH = 160
_COLOURS = {
    "person": "red",
    "moving": "cyan",
    "waiting": "yellow",
    "ready": "green",
}


def console(*, error: bool = False) -> Console:
    """Make a console; without a terminal it is wide enough for the table."""
    made = Console(highlight=False, stderr=error)
    width = None if made.is_terminal else _PLAIN_WIDTH
    return Console(highlight=False, stderr=error, width=width)


def text(words: object, style: str = "") -> Text:
    """Show words as they are: no markup and no control character in them counts."""
    return Text(printable(str(words)), style=style)


def as_json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)


def status(document: Mapping[str, Any]) -> RenderableType:
    """Show the status: families, then each group, and what is to be done."""
    table = Table(
        title=f"Rollouts in {document['Region']}, {document['Time']}", title_justify="left"
    )
    for name in ("group", "family", "state", "runs", "to come", "refresh", "waits for"):
        table.add_column(name, overflow="fold")
    for group in document["Groups"]:
        table.add_row(*_cells(group, document["Time"]))
    families = [_family(family) for family in document["Families"]]
    why = [_why(group) for group in document["Groups"] if _is_held_up(group)]
    return Group(*families, table, *(one for lines in why for one in lines))


def line(document: Mapping[str, Any]) -> str:
    """Say it all in one line, for a log."""
    states = ", ".join(f"{count} {state}" for state, count in document["States"].items())
    shares = ", ".join(f"{one['Family']} {one['Share']:.0%}" for one in document["Families"])
    return printable(f"{document['Time']} {states}; {shares}")


def is_over(document: Mapping[str, Any]) -> bool:
    """Say whether nothing goes on any more: every group is done, or needs somebody."""
    return all(kind(group) == "ready" or _needs_somebody(group) for group in document["Groups"])


def needs_somebody(document: Mapping[str, Any]) -> bool:
    return any(map(_needs_somebody, document["Groups"]))


def _needs_somebody(group: Mapping[str, Any]) -> bool:
    """Say whether it goes on by nobody's doing: at the limit of its pause it is only told."""
    at_limit = group.get("WaitsFor", {}).get("Then") == "alert"
    return kind(group) == "person" or at_limit


def _is_held_up(group: Mapping[str, Any]) -> bool:
    """Say whether a person may want to know why it doesn't go on."""
    what = group.get("WaitsFor", {}).get("For")
    return kind(group) == "person" or what not in (None, "NextLook", "Batch")


def _name(group: Mapping[str, Any]) -> str:
    name, identifier = group.get("AutoScalingGroupName"), group.get("AutoScalingGroupId", "")
    return f"{name} ({identifier})" if name and name != identifier else identifier


def _cells(group: Mapping[str, Any], now: str) -> list[Text]:
    activity, family = group.get("Activity"), group.get("Family", "")
    state = " ".join(filter(None, (group["State"], group.get("Code"))))
    if "NextLook" in group:
        state += f", next: {group['NextLook']}"
    if "Hold" in group:
        state += f", held: {group['Hold']}"
    progress = ""
    if activity:
        batches = len(activity.get("Batches", ()))
        progress = (
            f"{activity['Status']}, batch {activity['Batch']} of {batches},"
            f" {activity['Done']} of {activity['Of']} instances"
        )
    return [
        text(_name(group)),
        text(f"{family}, ring {group['Ring']}" if family else ""),
        text(state, _COLOURS[kind(group)]),
        text(", ".join(map(_image, group.get("ImageNow", ())))),
        text(_image(group["ImageToCome"]) if "ImageToCome" in group else ""),
        text(progress),
        text(waits(group["WaitsFor"], now) if "WaitsFor" in group else ""),
    ]


def _image(image: Mapping[str, Any]) -> str:
    count = f" × {image['Instances']}" if "Instances" in image else ""
    old = f", {span(image['AgeSeconds'])} old" if "AgeSeconds" in image else ""
    return f"{image['ImageId']}{count}{old}"


def _family(family: Mapping[str, Any]) -> Text:
    newest = family.get("NewestImage", {}).get("ImageId", "no usable image")
    at_work = f", ring {family['Ring']} is at work" if "Ring" in family else ""
    return text(
        f"{family['Family']}: {newest} on {family['InstancesOnNewest']} of {family['Instances']}"
        f" instances, {family['Groups']} groups{at_work}"
    )


def _why(group: Mapping[str, Any]) -> list[Text]:
    lines = [text(f"{_name(group)}: {group['Reason']}", _COLOURS[kind(group)])]
    lines += [text(f"  {one}") for one in (*group.get("Notes", ()), group.get("Remedy")) if one]
    words = group.get("Activity", {}).get("PlatformWords", ())
    return lines + [text(f"  the platform says: {one}") for one in words]


def outcomes(done: Sequence[Outcome]) -> Iterable[Text]:
    """Say, a line a group, what is done or would be, and the remedy where somebody must act."""
    for one in done:
        name = f"{one.group_name} ({one.group})" if one.group_name else one.group or one.region
        yield text(f"{name}: {one.outcome}: {one.reason}")
        for note in one.notes:
            yield text(f"  {note}")
        if one.remedy and one.outcome not in ("already_current", "in_progress"):
            yield text(f"  {one.remedy}")
