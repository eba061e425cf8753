"""The tasks of the event loop that a flow has under way; they end with it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Crew:
    """Like a task group, but for what happens when the flow is left: then all stop, and what its body raised stays."""

    def __init__(self, crashed: Callable[[BaseException], None]) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        #: Told of what no task should raise.
        self._crashed = crashed

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin something."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def stop(self) -> None:
        """Cancel all that is under way, and wait for it to end."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._crashed(error)
