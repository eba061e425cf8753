"""Watching a run until it has ended."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress

from rich.live import Live

from gnatwork import RunHandle
from gnatwork_cli.heard import Heard
from gnatwork_cli.messages import say
from gnatwork_cli.output import console
from gnatwork_cli.progress import verdict
from gnatwork_cli.run_view import Lines, Rows, Silence, View
from gnatwork_schemas.status import Run

#: Of a run with more tasks than these only the numbers are told, block by block.
_MOST_TASKS = 50
#: To see a run takes the longer the larger it is; a watcher looks for no more than this share of its time.
_SHARE = 0.2
#: Seconds after which a table shows that time passes.
_TICK = 1.0


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
    heard = Heard()

    async def listen() -> None:
        try:
            async with aclosing(run.events()) as events:
                async for event in events:
                    heard.hear(event)
                    happened.set()
        finally:
            happened.set()

    listening = asyncio.create_task(listen())
    look = _Look(run, view)
    try:
        while not listening.done():
            await _wait(happened, view)
            seconds = await look(heard)
            if look.is_large:
                # Whatever happens meanwhile is seen by the next look; the end is not waited for.
                await asyncio.wait({listening}, timeout=seconds * (1 / _SHARE - 1))
        await listening
        await look(heard)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _wait(happened: asyncio.Event, view: View) -> None:
    """Until something has happened; the view may show how time passes."""
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(_TICK):
                await happened.wait()
                happened.clear()
                return
        view.tick()


class _Look:
    """Looks at a run: at its tasks, or at their numbers once there are too many."""

    def __init__(self, run: RunHandle, view: View) -> None:
        self._run = run
        self._view = view
        self.is_large = False

    async def __call__(self, heard: Heard) -> float:
        """Show the run as it is now; how many seconds it took to see it."""
        begun = time.monotonic()
        if not self.is_large:
            page = await self._run.task_page(limit=_MOST_TASKS)
            self.is_large = page.next_cursor is not None
            if not self.is_large:
                self._view.show(page.items, heard)
        if self.is_large:
            self._view.show_numbers(await self._run.get())
        return time.monotonic() - begun
