"""A run, from the outside."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from gnatwork.errors import RunError
from gnatwork.pages import Page, all_pages
from gnatwork.transport import Call, RunEvent, Transport, run_path
from gnatwork_schemas.messages import Complete
from gnatwork_schemas.payload import is_reference
from gnatwork_schemas.status import Run, RunStatus, Task
from gnatwork_schemas.subjects import COMPLETE

#: Items of a list that are asked for at once.
_PAGE = 500


class RunHandle:
    """A run that was started here or elsewhere."""

    def __init__(self, transport: Transport, run_id: str) -> None:
        self._transport = transport
        #: UUIDv7.
        self.run_id = run_id

    def __repr__(self) -> str:
        return f"RunHandle({self.run_id!r})"

    async def get(self) -> Run:
        """The run as of now, with its input and output."""
        return Run.model_validate(await self._transport.call(self._call("run.get")))

    async def result(self, timeout: float | None = None) -> Any:
        """The output of the run, once it has completed.

        Args:
            timeout: seconds to wait, for ever when None.

        Raises:
            RunError: it failed, was cancelled or timed out.
            TimeoutError: it has not ended in time; it goes on.
        """
        async with asyncio.timeout(timeout):
            end = await self._transport.ended(self.run_id)
        if end is not None and end.event == COMPLETE:
            complete = Complete.model_validate(end.body)
            if not complete.deferred and not is_reference(complete.output):
                return complete.output
        run = await self.get()
        if run.status is not RunStatus.COMPLETED or run.error is not None:
            raise RunError(run.run_id, run.status, run.error)
        return run.output

    async def cancel(self, reason: str = "") -> None:
        """Stop the run; it ends as `cancelled` as soon as its scheduler has seen to it."""
        await self._transport.call(self._call("run.cancel", "POST", "/cancel", body={"reason": reason}))

    async def tasks(self) -> list[Task]:
        """All tasks, in the order of the definition."""
        return [Task.model_validate(item) async for item in self._all("run.tasks", "/tasks")]

    async def history(self) -> list[RunEvent]:
        """All stored events so far."""
        return [RunEvent.model_validate(item) async for item in self._all("run.history", "/history")]

    def events(self, after: int = 0) -> AsyncGenerator[RunEvent, None]:
        """Stored events after a sequence, then everything as it happens, until the run has ended."""
        return self._transport.events(self.run_id, after)

    def _all(self, verb: str, path: str) -> AsyncIterator[Any]:
        async def page(cursor: str | None) -> Page[Any]:
            answer = await self._transport.call(self._call(verb, path=path, query={"limit": _PAGE, "cursor": cursor}))
            return Page(answer["items"], answer["next_cursor"])

        return all_pages(page)

    def _call(self, verb: str, method: str = "GET", path: str = "", **more: Any) -> Call:
        path = run_path(self.run_id, path)
        return Call(verb=verb, method=method, path=path, subject={"run_id": self.run_id}, **more)
