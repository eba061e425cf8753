"""Watching a run: a table that changes on a terminal, a line per step in a pipe."""

import asyncio
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from typing import Protocol

from rich.live import Live
from rich.table import Table
from rich.text import Text

from gnatwork import RunEvent, RunHandle
from gnatwork_cli.messages import say
from gnatwork_cli.output import console
from gnatwork_cli.progress import Attempt, Progress, line, note, tally, took, verdict
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
#: Of a run with more tasks than these only the numbers are told, block by block.
_MOST_TASKS = 50
#: Characters up to which the column of the tasks grows with their names.
_WIDEST = 40
#: To see a run takes the longer the larger it is; a watcher looks for no more than this share of its time.
_SHARE = 0.2


class View(Protocol):
    """Shows tasks to someone."""

    def show(self, tasks: Sequence[Task], running: Sequence[Attempt]) -> None:
        """The tasks as of now, and the attempts of which it is known that they have begun."""

    def show_numbers(self, run: Run) -> None:
        """How many tasks each block has in which state, where there are too many to tell of."""


class Silence:
    """Shows nothing, for those who want the result alone."""

    def show(self, tasks: Sequence[Task], running: Sequence[Attempt]) -> None:
        """See `View`."""

    def show_numbers(self, run: Run) -> None:
        """See `View`."""


class Lines:
    """A line for each step, as it becomes known."""

    def __init__(self) -> None:
        self._progress = Progress()
        self._told: dict[str, str] = {}
        #: Grows with the names of tasks, so that what follows them stays in one column.
        self._width = 12

    def show(self, tasks: Sequence[Task], running: Sequence[Attempt]) -> None:
        """See `View`."""
        begin = min((task.queued_at for task in tasks if task.queued_at), default=0.0)
        self._width = max([self._width, *(min(len(task.task), _WIDEST) for task in tasks)])
        for step in self._progress.steps(tasks, running):
            say(line(step, begin, self._width))

    def show_numbers(self, run: Run) -> None:
        """See `View`."""
        for block, counts in run.blocks.items():
            if self._told.get(block) != (text := tally(counts)):
                self._told[block] = text
                say(f"{block:<20} {text}")


class Rows:
    """A table that is drawn anew each time."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, tasks: Sequence[Task], running: Sequence[Attempt]) -> None:
        """See `View`."""
        begun = {(attempt.task, attempt.number) for attempt in running}
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("BLOCK", "TYPE", "STATUS", "ATTEMPTS", "TOOK", ""):
            table.add_column(title)
        shown = tasks if len(tasks) <= _ROWS else sorted(tasks, key=lambda task: task.status.ended)[:_ROWS]
        for task in shown:
            runs = task.status is TaskStatus.QUEUED and (task.task, task.attempts) in begun
            status = TaskStatus.RUNNING if runs else task.status
            style = _STYLES.get(status, "dim")
            attempts = str(task.attempts or "")
            table.add_row(task.task, task.type, Text(status.value, style), attempts, took(task), note(task))
        if len(tasks) > len(shown):
            table.caption = f"and {len(tasks) - len(shown)} more"
        self._live.update(table, refresh=True)

    def show_numbers(self, run: Run) -> None:
        """See `View`."""
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


async def watch_run(run: RunHandle, *, quiet: bool = False) -> Run:
    """Show a run until it has ended, unless `quiet`; the run as it ended."""
    with _view(quiet) as view:
        await _follow(run, view)
    ended = await run.get()
    if not quiet:
        say(f"{verdict(ended)}\n")
    return ended


@contextmanager
def _view(quiet: bool) -> Iterator[View]:
    if quiet:
        yield Silence()
    elif sys.stdout.isatty():
        with Live(console=console(), auto_refresh=False) as live:
            yield Rows(live)
    else:
        yield Lines()


async def _follow(run: RunHandle, view: View) -> None:
    """Ask for the tasks whenever something has happened; once for all that happens meanwhile."""
    happened = asyncio.Event()
    running: list[Attempt] = []

    async def listen() -> None:
        try:
            async with aclosing(run.events()) as events:
                async for event in events:
                    if attempt := _started(event):
                        running.append(attempt)
                    happened.set()
        finally:
            happened.set()

    listening = asyncio.create_task(listen())
    look = _Look(run, view)
    try:
        while not listening.done():
            await happened.wait()
            happened.clear()
            seconds = await look(running)
            if look.is_large:
                # Whatever happens meanwhile is seen by the next look; the end is not waited for.
                await asyncio.wait({listening}, timeout=seconds * (1 / _SHARE - 1))
        await listening
        await look(running)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


class _Look:
    """Looks at a run: at its tasks, or at their numbers once there are too many."""

    def __init__(self, run: RunHandle, view: View) -> None:
        self._run = run
        self._view = view
        self.is_large = False

    async def __call__(self, running: Sequence[Attempt]) -> float:
        """Show the run as it is now; how many seconds it took to see it."""
        begun = time.monotonic()
        if not self.is_large:
            page = await self._run.task_page(limit=_MOST_TASKS)
            self.is_large = page.next_cursor is not None
            if not self.is_large:
                self._view.show(page.items, running)
        if self.is_large:
            self._view.show_numbers(await self._run.get())
        return time.monotonic() - begun


def _started(event: RunEvent) -> Attempt | None:
    """The attempt that a live event says has begun."""
    if event.sequence is None and event.event.endswith(".started"):
        return Attempt(event.body["task"], event.body["attempt"], event.body["at"])
    return None
