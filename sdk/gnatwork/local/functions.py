"""A flow that is an ordered list of functions, each `context -> updates`."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from inspect import isawaitable
from itertools import filterfalse
from typing import Any, Self

from gnatwork.local.crew import Crew
from gnatwork.local.events import Events
from gnatwork.transport import RunEvent
from gnatwork_blocks.errors import BlockError
from gnatwork_schemas import subjects
from gnatwork_schemas.error import ErrorInfo

log = logging.getLogger(__name__)

#: Takes the context, and returns what is new in it; None for nothing.
Step = Callable[[dict[str, Any]], Awaitable[Mapping[str, Any] | None]]


class FunctionFlow:
    """The functions, one after the other, on one context; an asynchronous context, whose end stops them.

    Each gets a copy of the context, and what it returns is merged into it. When one raises, the error is put into the
    context under `error`, as `{code, message, step}`, and the rest is left out.
    """

    def __init__(self, steps: Sequence[Step], given: Mapping[str, Any] | None = None) -> None:
        self._steps = tuple(steps)
        if strangers := list(filterfalse(callable, self._steps)):
            raise TypeError(
                f"a flow is a definition, or a list of `async` functions, but {strangers[0]!r} is in the list"
            )
        self._context: dict[str, Any] = dict(given or {})
        self._events = Events()
        self._end: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._crew = Crew(self._crashed)
        self._sequence = 0
        self._work: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._work = self._crew.spawn(self._run())
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._end.cancel()
        await self._crew.stop()
        self._events.close()

    def __aiter__(self) -> AsyncIterator[RunEvent]:
        return self._events.follow()

    async def result(self) -> dict[str, Any]:
        """The context as it is in the end; what went wrong is its `error`."""
        return await asyncio.shield(self._end)

    def cancel(self, reason: str = "") -> None:
        """Stop the function that runs and leave out the rest; the context gets an `error` that says so."""
        if self._work is not None and not self._end.done():
            self._work.cancel()
            self._over(subjects.CANCELLED, {"reason": reason}, error={"code": "run.cancelled", "message": reason})

    async def _run(self) -> None:
        self._tell(subjects.START, {"input": self._context})
        for number, step in enumerate(self._steps):
            name = getattr(step, "__name__", f"step-{number}")
            try:
                updates = await _updates(step, dict(self._context))
            except Exception as error:  # noqa: BLE001 - whatever it is, it becomes part of the context
                info = _info(error, name)
                self._tell(subjects.error_event(name), {"task": name, "error": info})
                self._over(subjects.FAILED, {"error": info}, error={**info, "step": name})
                return
            self._context = {**self._context, **updates}
            self._tell(subjects.output_event(name), {"task": name, "output": updates})
        self._over(subjects.COMPLETE, {"output": self._context})

    def _over(self, event: str, body: dict[str, Any], error: dict[str, Any] | None = None) -> None:
        if error is not None:
            self._context = {**self._context, "error": error}
        self._tell(event, body)
        if not self._end.done():
            self._end.set_result(self._context)
        self._events.close()

    def _tell(self, event: str, body: dict[str, Any]) -> None:
        self._sequence += 1
        self._events.add(RunEvent(event=event, sequence=self._sequence, at=time.time(), body={**body}))

    def _crashed(self, error: BaseException) -> None:
        if not self._end.done():
            self._end.set_exception(error)
        self._events.close()


async def _updates(step: Step, context: dict[str, Any]) -> dict[str, Any]:
    """What a function returns; TypeError for one that is not written as it should be."""
    called = step(context)
    if not isawaitable(called):
        raise TypeError("it has to be an `async` function")
    updates = await called
    if not isinstance(updates, Mapping | None):
        raise TypeError(f"it has to return a dict of what is new, or None, not {type(updates).__name__}")
    return dict(updates or {})


def _info(error: Exception, name: str) -> dict[str, Any]:
    if isinstance(error, BlockError):
        return error.info.model_dump(mode="json", exclude_none=True)
    log.info("%s raised", name, exc_info=error)
    info = ErrorInfo(code="block.failed", message=f"{type(error).__name__}: {error}", retryable=True)
    return info.model_dump(mode="json", exclude_none=True)
