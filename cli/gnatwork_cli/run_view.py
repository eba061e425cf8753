"""How a run under way is shown: a table that changes on a terminal, a line per step in a pipe."""

import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from rich.live import Live
from rich.table import Table
from rich.text import Text

from gnatwork_cli.heard import Heard
from gnatwork_cli.messages import say
from gnatwork_cli.output import cell, lasted
from gnatwork_cli.progress import Progress, line, note, tally, took
from gnatwork_schemas.status import Run, Task, TaskStatus

_STYLES = {
    TaskStatus.QUEUED: "cyan",
    TaskStatus.RUNNING: "bold cyan",
    TaskStatus.RETRYING: "yellow",
    TaskStatus.COMPLETED: "green",
    TaskStatus.FAILED: "red",
}
#: The most rows of the table; of a larger run those that are not settled come first.
_ROWS = 30
#: Characters up to which the column of the tasks grows with their names.
_WIDEST = 40


class View(Protocol):
    """Shows tasks to someone."""

    def show(self, tasks: Sequence[Task], heard: Heard) -> None:
        """The tasks as of now, and what running attempts have told."""

    def show_numbers(self, run: Run) -> None:
        """How many tasks each block has in which state, where there are too many to tell of."""

    def tick(self) -> None:
        """A second has passed in which nothing happened."""


class Silence:
    """Shows nothing, for those who want the result alone."""

    def show(self, tasks: Sequence[Task], heard: Heard) -> None:
        """See `View`."""

    def show_numbers(self, run: Run) -> None:
        """See `View`."""

    def tick(self) -> None:
        """See `View`."""


class Lines:
    """A line for each step, as it becomes known."""

    def __init__(self) -> None:
        self._progress = Progress()
        self._told: dict[str, str] = {}
        #: Grows with the names of tasks, so that what follows them stays in one column.
        self._width = 12

    def show(self, tasks: Sequence[Task], heard: Heard) -> None:
        """See `View`."""
        begin = min((task.queued_at for task in tasks if task.queued_at), default=0.0)
        self._width = max([self._width, *(min(len(task.task), _WIDEST) for task in tasks)])
        for step in self._progress.steps(tasks, heard.attempts):
            say(line(step, begin, self._width))

    def show_numbers(self, run: Run) -> None:
        """See `View`."""
        for block, counts in run.blocks.items():
            if self._told.get(block) != (text := tally(counts)):
                self._told[block] = text
                say(f"{block:<20} {text}")

    def tick(self) -> None:
        """See `View`."""


class Rows:
    """A table that is drawn anew each time."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._shown: tuple[Sequence[Task], Heard] | None = None

    def show(self, tasks: Sequence[Task], heard: Heard) -> None:
        """See `View`."""
        self._shown = tasks, heard
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("BLOCK", "TYPE", "STATUS", "ATTEMPTS", "TOOK", ""):
            table.add_column(title)
        shown = tasks if len(tasks) <= _ROWS else sorted(tasks, key=lambda task: task.status.ended)[:_ROWS]
        for task in shown:
            running = heard.running(task)
            status = TaskStatus.RUNNING if running else task.status
            style = _STYLES.get(status, "dim")
            attempts = str(task.attempts or "")
            time_ = lasted(running.at, time.time()) if running else took(task)
            said = heard.report(task) if running else note(task)
            table.add_row(task.task, task.type, Text(status.value, style), attempts, time_, cell(said))
        if len(tasks) > len(shown):
            table.caption = f"and {len(tasks) - len(shown)} more"
        self._live.update(table, refresh=True)

    def tick(self) -> None:
        """See `View`: what runs has been running for a second more."""
        if self._shown is not None:
            self.show(*self._shown)

    def show_numbers(self, run: Run) -> None:
        """See `View`."""
        self._shown = None
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("BLOCK", "TASKS"):
            table.add_column(title)
        blocks = sorted(run.blocks.items(), key=lambda entry: _is_over(entry[1]))
        for block, counts in blocks[:_ROWS]:
            table.add_row(block, Text(tally(counts), "dim" if _is_over(counts) else "bold cyan"))
        if len(blocks) > _ROWS:
            table.caption = f"and {len(blocks) - _ROWS} more"
        self._live.update(table, refresh=True)


def _is_over(counts: Mapping[str, int]) -> bool:
    return all(TaskStatus(status).ended for status in counts)
