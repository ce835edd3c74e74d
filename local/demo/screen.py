"""What is shown: a bar a group and the summary. Plain lines without a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import TaskID
    from typing_extensions import Self

    from local.demo import progress as seen
    from local.scf.invocation import Invocation

PLAIN_WIDTH = 160


def console() -> Console:
    """Make the console; without a terminal it is wide enough for the summary."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=PLAIN_WIDTH)


def line(on: Console, text: str) -> None:
    """Print one line as it is, however long."""
    on.print(f"  {text}", markup=False, soft_wrap=True)


def ran(done: Invocation) -> str:
    """Tell how a function ran."""
    start = "cold" if done.cold else "warm"
    failed = "" if done.status == 200 else f"failed with {done.status}, "
    return f"{done.function} ran: {failed}{done.duration_ms:.0f} ms, {start} start"


class Bars:
    """A bar a group while its refresh advances; used as a context manager."""

    def __init__(self, on: Console) -> None:
        """Begin without a bar."""
        self._console = on
        self._last: dict[str, str] = {}
        self._tasks: dict[str, TaskID] = {}
        self._bars = Progress(
            TextColumn("  [bold]{task.description:<8}"),
            BarColumn(bar_width=32),
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
            "status": status(now.status),
        }
        if now.group not in self._tasks:
            self._tasks[now.group] = self._bars.add_task(now.name, total=now.total, **fields)
        self._bars.update(self._tasks[now.group], completed=now.done, total=now.total, **fields)


def status(name: str) -> str:
    """Colour a refresh activity's status."""
    colours = {"SUCCESSFUL": "green", "RUNNING": "yellow", "INIT": "yellow", "": "dim"}
    return f"[{colours.get(name, 'red')}]{name or 'waiting'}[/]"


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
        line(on, f"{row[1]}: {row[-1]}")
