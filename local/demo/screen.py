"""What is shown: a bar a group and the summary. Plain lines without a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from rich.progress import TaskID
    from typing_extensions import Self

    from local.demo import progress as seen
    from local.scf.invocation import Invocation

PLAIN_WIDTH = 160
# A bar's line and the summary fit into 80 columns.
BAR_WIDTH, CHAT_WIDTH = 14, 90
INDENT = (0, 0, 0, 2)


def console() -> Console:
    """Make the console; without a terminal it is wide enough for the summary."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


def line(on: Console, text: str) -> None:
    """Print one line as it is, however long."""
    on.print(f"  {text}", markup=False, soft_wrap=True)


def paragraph(on: Console, text: str) -> None:
    """Print a text, on a terminal over as many lines as it needs, all of them indented."""
    if on.is_terminal:
        on.print(Padding(Text(text), INDENT))
    else:
        line(on, text)


def chat(on: Console, names: Sequence[str], text: str) -> None:
    """Print a message as people have it in their chat."""
    width = min(CHAT_WIDTH, on.width - 4)
    shown = Panel(Text(text), title=" and ".join(names), title_align="left", width=width)
    on.print(Padding(shown, INDENT, expand=False))


def ran(done: Invocation, did: str) -> str:
    """Tell how a function ran, and what it did."""
    start = "cold" if done.cold else "warm"
    failed = "" if done.status == 200 else f"failed with {done.status}, "
    said = f"; {did}" if did else ""
    return f"{done.function} ran: {failed}{done.duration_ms:.0f} ms, {start} start{said}"


class Bars:
    """A bar a group while its refresh advances; used as a context manager."""

    def __init__(self, on: Console) -> None:
        """Begin without a bar."""
        self._console = on
        self._last: dict[str, str] = {}
        self._tasks: dict[str, TaskID] = {}
        self._bars = Progress(
            TextColumn("  [bold]{task.description:<8}"),
            BarColumn(bar_width=BAR_WIDTH),
            TextColumn("{task.completed}/{task.total} instances"),
            TextColumn("batch {task.fields[batch]}"),
            TextColumn("[cyan]{task.fields[image]}"),
            TextColumn("{task.fields[status]}"),
            console=on,
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._bars.stop()

    def show(self, now: seen.Progress) -> None:
        """Show where a group stands; a plain line only if that has changed."""
        if not self._console.is_terminal:
            if self._last.get(now.group) != str(now):
                self._last[now.group] = str(now)
                line(self._console, str(now))
            return
        fields: dict[str, Any] = {
            "batch": f"{now.batch}/{now.batches}",
            "image": now.image,
            "status": status(now.stands),
        }
        if now.group not in self._tasks:
            self._tasks[now.group] = self._bars.add_task(now.name, total=now.total, **fields)
        self._bars.update(self._tasks[now.group], completed=now.done, total=now.total, **fields)


def status(name: str) -> str:
    """Colour where a group stands."""
    colours = {"SUCCESSFUL": "green", "RUNNING": "yellow", "INIT": "yellow", "waiting": "dim"}
    return f"[{colours.get(name, 'red')}]{name}[/]"


def summary(on: Console, rows: list[tuple[str, ...]]) -> None:
    """Tabulate what was started and with which activity; each row's last item is why."""
    table = Table(title="What was started", title_justify="left")
    for name in ("Trigger", "Group", "Image", "Activity", "Ended", "Outcome"):
        table.add_column(name)
    for row in rows:
        table.add_row(*row[:-1])
    on.print()
    on.print(table)
    for row in rows:
        paragraph(on, f"{row[1]}: {row[-1]}")
