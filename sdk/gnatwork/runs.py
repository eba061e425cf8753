"""A run, from the outside."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import quote

from gnatwork.errors import RunError
from gnatwork.feeds import EventFeed, LogFeed
from gnatwork.pages import Page, all_pages
from gnatwork.transport import Call, RunEvent, Transport, run_path
from gnatwork_schemas.event_kinds import EventKind
from gnatwork_schemas.live import LogLevel, LogLine
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

    async def pause(self, reason: str = "") -> None:
        """Let nothing new of the run begin until it is resumed; what runs is finished."""
        await self._transport.call(self._call("run.pause", "POST", "/pause", body={"reason": reason}))

    async def resume(self) -> None:
        """Let the run go on."""
        await self._transport.call(self._call("run.resume", "POST", "/resume"))

    async def signal(self, name: str, data: Any = None, *, idempotency_key: str | None = None) -> None:
        """Say something that a block of the run waits for, or will.

        Args:
            name: what the block calls it.
            data: any JSON that meets the block's schema.
            idempotency_key: repeating a signal with the same key says it once.
        """
        rest = f"/signals/{quote(name, safe='')}"
        call = self._call("run.signal", "POST", rest, body={"data": data}, idempotency_key=idempotency_key)
        # The path names it over HTTP.
        await self._transport.call(replace(call, subject={**call.subject, "name": name}))

    async def rerun(self, *, idempotency_key: str | None = None) -> "RunHandle":
        """Start the run anew, with the same input; the new run."""
        return await self._begin("run.rerun", "/rerun", {}, idempotency_key)

    async def retry(
        self, *, version: int | Literal["published"] | None = None, idempotency_key: str | None = None
    ) -> "RunHandle":
        """Start a run that goes on where this one failed; the new run.

        Args:
            version: of the stored workflow, if another one than this run's is to go on.
            idempotency_key: repeating a request with the same key starts no second run.
        """
        body = {} if version is None else {"version": version}
        return await self._begin("run.retry", "/retry", body, idempotency_key)

    async def delete(self) -> None:
        """Remove everything of the run, which must have ended."""
        await self._transport.call(self._call("run.delete", "DELETE"))

    async def tasks(self) -> list[Task]:
        """All tasks, in the order of the definition."""
        return [Task.model_validate(item) async for item in self._all("run.tasks", "/tasks")]

    async def task_page(self, *, limit: int = 50, cursor: str | None = None) -> Page[Task]:
        """A part of the tasks, in the same order: a run may have a hundred thousand."""
        query = {"limit": limit, "cursor": cursor}
        answer = await self._transport.call(self._call("run.tasks", path="/tasks", query=query))
        return Page([Task.model_validate(item) for item in answer["items"]], answer["next_cursor"])

    async def history(self) -> list[RunEvent]:
        """All stored events so far."""
        return [RunEvent.model_validate(item) async for item in self._all("run.history", "/history")]

    def events(
        self, after: int = 0, *, kinds: Collection[EventKind] = (), live: bool = True
    ) -> AsyncGenerator[RunEvent, None]:
        """Stored events after a sequence, then everything as it happens, until the run has ended.

        A connection that is lost is made again, and the events go on where they were.

        Args:
            after: the sequence of the last event that is known.
            kinds: only these.
            live: with what running tasks tell.
        """
        return self._transport.events(EventFeed(run_id=self.run_id, kinds=kinds, live=live), after)

    async def logs(
        self, *, task: str | None = None, level: LogLevel = LogLevel.DEBUG, follow: bool = False
    ) -> AsyncIterator[LogLine]:
        """What the blocks have logged, the oldest first.

        Args:
            task: only this one, by its path.
            level: only lines that matter at least so much.
            follow: go on with what is logged from now on, until the run has ended.
        """
        feed = LogFeed(run_id=self.run_id, task=task, level=level)
        if follow:
            async with aclosing(self._transport.log(feed)) as lines:
                async for line in lines:
                    yield line
            return
        async for item in self._all("run.logs", "/logs", feed.query):
            yield LogLine.model_validate(item)

    async def _begin(self, verb: str, path: str, body: Mapping[str, Any], key: str | None) -> "RunHandle":
        answer = await self._transport.call(self._call(verb, "POST", path, body=body, idempotency_key=key))
        return RunHandle(self._transport, answer["run_id"])

    def _all(self, verb: str, path: str, query: Mapping[str, Any] | None = None) -> AsyncIterator[Any]:
        async def page(cursor: str | None) -> Page[Any]:
            asked = {**(query or {}), "limit": _PAGE, "cursor": cursor}
            answer = await self._transport.call(self._call(verb, path=path, query=asked))
            return Page(answer["items"], answer["next_cursor"])

        return all_pages(page)

    def _call(self, verb: str, method: str = "GET", path: str = "", **more: Any) -> Call:
        path = run_path(self.run_id, path)
        return Call(verb=verb, method=method, path=path, subject={"run_id": self.run_id}, **more)
