"""A flow that is a definition."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import Any, Self

import orjson

from gnatwork.errors import RunError
from gnatwork.local.catalogue import LocalCatalogue
from gnatwork.local.crew import Crew
from gnatwork.local.engine import LocalEngine
from gnatwork.local.events import Events
from gnatwork.local.host import Host
from gnatwork.local.world import World
from gnatwork.transport import RunEvent
from gnatwork_blocks.block import Block
from gnatwork_engine.core import Event, RunState
from gnatwork_engine.core.run_error import run_error
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import DefinitionError
from gnatwork_schemas.messages import Complete, PauseRequest, ResumeRequest, Signal
from gnatwork_schemas.problem import Fault


def _read(text: str | bytes) -> Any:
    """A definition from its text."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        message = f"the text of a definition is JSON, and this is not: {error}"
        raise DefinitionError((Fault(pointer="", code=DefinitionError.code, message=message),)) from None


class DefinitionFlow:
    """A run of a definition; an asynchronous context, whose end stops the run if it has not ended."""

    def __init__(
        self,
        definition: Mapping[str, Any] | str | bytes,
        given: Any = None,
        *,
        labels: Mapping[str, str] | None = None,
        blocks: Iterable[type[Block]] = (),
        workflows: Mapping[str, Any] | None = None,
        connections: Mapping[str, Mapping[str, Any]] | None = None,
        egress_allow: str | None = None,
    ) -> None:
        self._definition = _read(definition) if isinstance(definition, str | bytes) else definition
        self._given = given
        self._labels = labels or {}
        self._events = Events()
        self._end: asyncio.Future[RunState] = asyncio.get_running_loop().create_future()
        self._stack = AsyncExitStack()
        self._crew = Crew(self._crashed)
        self._host = Host(egress_allow, self._told)
        world = World(
            catalogue=LocalCatalogue(blocks),
            host=self._host,
            workflows=workflows or {},
            connections=connections or {},
        )
        self._engine = LocalEngine(self._crew, world, self._happened)
        self._base = ""

    async def __aenter__(self) -> Self:
        await self._stack.enter_async_context(self._host)
        self._stack.push_async_callback(self._crew.stop)
        self._stack.callback(self._events.close)
        try:
            self._base = self._engine.begin(self._definition, self._given, self._labels)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._end.cancel()
        await self._stack.aclose()

    def __aiter__(self) -> AsyncIterator[RunEvent]:
        return self._events.follow()

    async def result(self) -> Any:
        """The output of the run, once it has completed.

        Raises:
            RunError: It failed, was cancelled or timed out.
        """
        state = await asyncio.shield(self._end)
        if isinstance(state.end, Complete):
            return self._engine.implicit.output(state.end)
        raise RunError(state.address.run_id, state.status, run_error(state))

    def signal(self, name: str, data: Any = None) -> None:
        """Say something that a block of the run waits for, or will."""
        self._say(subjects.signal_event(name), Signal(name=name, data=self._engine.values.guarded(data)))

    def cancel(self, reason: str = "") -> None:
        """Stop the run; it ends as `cancelled`."""
        self._engine.cancel(self._base, reason)

    def pause(self) -> None:
        """Let nothing new begin until the run is resumed; what runs is finished."""
        self._say(subjects.REQUEST_PAUSE, PauseRequest())

    def resume(self) -> None:
        """Let the run go on."""
        self._say(subjects.REQUEST_RESUME, ResumeRequest())

    def _say(self, event: str, body: Signal | PauseRequest | ResumeRequest) -> None:
        if not self._engine.runs[self._base].state.ended:
            self._engine.append(self._base, event, body)

    def _happened(self, event: Event) -> None:
        state = self._engine.runs[event.base].state
        if state.start.parent is not None or self._end.done():
            # Of child runs only their outcomes are told, as those of the tasks that waited for them.
            return
        body = event.body.model_dump(mode="json", exclude_none=True) if event.body else None
        self._events.add(RunEvent(event=event.name, sequence=event.sequence, at=event.at, body=body))
        if state.ended:
            self._end.set_result(state)
            self._events.close()

    def _told(self, run_id: str, task: str, kind: str, fields: dict[str, Any]) -> None:
        if self._base.endswith(f".{run_id}"):
            self._events.add(RunEvent(event=f"block.{task}.{kind}", body=fields))

    def _crashed(self, error: BaseException) -> None:
        if not self._end.done():
            self._end.set_exception(error)
        self._events.close()
