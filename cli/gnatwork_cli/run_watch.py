"""Watching a run: a table that changes on a terminal, a line per step in a pipe."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import Protocol

from rich.live import Live
from rich.table import Table
from rich.text import Text

from gnatwork import RunEvent, RunHandle
from gnatwork_cli.messages import say
from gnatwork_cli.output import console
from gnatwork_cli.progress import Attempt, Progress, line, note, took, verdict
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


class View(Protocol):
    """Shows tasks to someone."""

    def show(self, tasks: Sequence[Task], running: Sequence[Attempt]) -> None:
        """The tasks as of now, and the attempts of which it is known that they have begun."""


class Silence:
    """Shows nothing, for those who want the result alone."""

    def show(self, tasks: Sequence[Task], running: Sequence[Attempt]) -> None:
        """See `View`."""


class Lines:
    """A line for each step, as it becomes known."""

    def __init__(self) -> None:
        self._progress = Progress()

    def show(self, tasks: Sequence[Task], running: Sequence[Attempt]) -> None:
        """See `View`."""
        begin = min((task.queued_at for task in tasks if task.queued_at), default=0.0)
        for step in self._progress.steps(tasks, running):
            say(line(step, begin))


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
    try:
        while not listening.done():
            await happened.wait()
            happened.clear()
            view.show(await run.tasks(), running)
        await listening
        view.show(await run.tasks(), running)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def _started(event: RunEvent) -> Attempt | None:
    """The attempt that a live event says has begun."""
    if event.sequence is None and event.event.endswith(".started"):
        return Attempt(event.body["task"], event.body["attempt"], event.body["at"])
    return None
