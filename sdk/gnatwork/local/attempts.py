"""Attempts: a block is called, and what comes of it becomes an event."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from gnatwork.local.crew import Crew
from gnatwork.local.implicit import Implicit
from gnatwork.local.values import LocalValues
from gnatwork.local.world import World
from gnatwork_blocks.block import Block
from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_engine.core import RunState
from gnatwork_engine.core.actions import Dispatch
from gnatwork_engine.deferred import connections_of
from gnatwork_engine.redaction import Redactor
from gnatwork_schemas import subjects
from gnatwork_schemas.connections import MIN_SECRET, secret_part
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.implicit import IMPLICIT_TYPES
from gnatwork_schemas.messages import Error, Message, Output

log = logging.getLogger(__name__)

#: Attempts at once; further ones wait for their turn.
_PLACES = 128


class _Running(NamedTuple):
    epoch: int
    task: asyncio.Task[None]


class Attempts:
    """The attempts under way, of all runs of a flow."""

    def __init__(
        self,
        crew: Crew,
        world: World,
        implicit: Implicit,
        values: LocalValues,
        append: Callable[[str, str, Message], None],
    ) -> None:
        self._crew = crew
        self._world = world
        self._implicit = implicit
        self._values = values
        self._append = append
        self._places = asyncio.Semaphore(_PLACES)
        #: By history base, task and attempt.
        self._running: dict[tuple[str, str, int], _Running] = {}

    def begin(self, state: RunState, action: Dispatch) -> None:
        """Make an attempt."""
        key = (state.base, action.task, action.attempt)
        task = self._crew.spawn(self._make(state, action))
        self._running[key] = _Running(action.epoch, task)
        task.add_done_callback(lambda _: self._running.pop(key, None))

    def stop(self, base: str, task: str, attempt: int) -> None:
        """Nobody wants what becomes of an attempt."""
        if running := self._running.get((base, task, attempt)):
            running.task.cancel()

    def stop_run(self, base: str, epoch: int | None = None) -> None:
        """Stop the attempts of a run, or those of its epochs before one."""
        for (of, _, _), running in tuple(self._running.items()):
            if of == base and (epoch is None or running.epoch < epoch):
                running.task.cancel()

    async def _make(self, state: RunState, action: Dispatch) -> None:
        async with self._places:
            started_at = time.time()
            secrets = self._secrets(action)
            try:
                value = await self._value(state, action, secrets)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what became of the attempt
                told = secrets.value(_described(action, error).model_dump(mode="json"))
                failed = Error(
                    task=action.task,
                    attempt=action.attempt,
                    error=ErrorInfo.model_validate(told),
                    started_at=started_at,
                    ended_at=time.time(),
                    executor="local",
                )
                self._append(state.base, subjects.error_event(action.task), failed)
            else:
                output = Output(
                    task=action.task,
                    attempt=action.attempt,
                    output=self._values.guarded(value),
                    started_at=started_at,
                    ended_at=time.time(),
                    executor="local",
                )
                self._append(state.base, subjects.output_event(action.task), output)

    def _secrets(self, action: Dispatch) -> Redactor:
        """What is kept out of all that an attempt says: the values of the connections that its config mentions."""
        found: set[str] = set()
        for name in connections_of(action.config, action.deferred):
            found.update(secret_part(str(value)) for value in self._world.connections.get(name, {}).values())
        return Redactor({secret for secret in found if len(secret) >= MIN_SECRET})

    async def _value(self, state: RunState, action: Dispatch, secrets: Redactor) -> Any:
        """What the block returns, as JSON."""
        config = self._values.resolved(action.config, action.deferred, self._world.connections)
        ctx = self._world.host.context(state, action, secrets)
        try:
            async with asyncio.timeout(action.timeout) as limit:
                if action.type in IMPLICIT_TYPES:
                    return await self._implicit.perform(state, action, config, ctx)
                block = self._world.catalogue.block(action.type)
                value = await self._called(block, config, ctx)
        except TimeoutError:
            if not limit.expired():
                raise
            message = f"The attempt took longer than its timeout of {action.timeout:g} s."
            raise BlockError("block.timeout", message, retryable=True) from None
        try:
            return orjson.loads(secrets.encoded(orjson.dumps(block.check_output(value))))
        except TypeError as error:
            raise BlockError("block.output_invalid", f"The output is not JSON: {error}") from error

    async def _called(self, block: Block, config: Any, ctx: BlockContext) -> Any:
        match block.runs_in:
            case "loop":
                return await block.run(ctx, block.parse_config(config))
            case "thread":
                return await asyncio.to_thread(block.run, ctx, block.parse_config(config))
            case "process":
                # It can't be killed here, which matters for what comes from strangers.
                return await asyncio.to_thread(block.compute, config)


def _described(action: Dispatch, error: Exception) -> ErrorInfo:
    if isinstance(error, BlockError):
        return error.info
    if isinstance(error, GnatworkError):
        return ErrorInfo(code=error.code, message=str(error))
    log.info("%s raised", action.task, exc_info=error)
    message = f"The block raised {type(error).__name__}: {error}"
    return ErrorInfo(code="block.failed", message=message, retryable=True)
