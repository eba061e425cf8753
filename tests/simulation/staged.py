"""Puts the world of a simulation in the place of the real one, for the code under test."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest.mock import patch

from support.sim.clock import PROCESS

from gnatwork_engine.core import Event, Plan, RunState, apply, decide
from gnatwork_engine.core.actions import Action
from gnatwork_executor.implicit.base import ImplicitBlock
from gnatwork_executor.implicit.hosting import implicit_blocks
from simulation.world import World

#: Levels that runs may lie one within another here.
_DEPTH = 3


@contextlib.contextmanager
def staged(world: World) -> Iterator[None]:
    """As long as the context lasts."""

    def applying(plan: Plan, state: RunState | None, event: Event) -> RunState:
        after = apply(plan, state, event)
        world.invariants.applied(_name(), event)
        return after

    def deciding(plan: Plan, state: RunState, event: Event) -> tuple[Action, ...]:
        actions = decide(plan, state, event)
        world.invariants.decided(_name(), state, actions)
        return actions

    def hosted(names: tuple[str, ...]) -> tuple[type[ImplicitBlock], ...]:
        return tuple(block for block in implicit_blocks(names) if block.type in world.types)

    housekeeping = world.scenario.housekeeping
    replaced: Mapping[str, object] = {
        "gnatwork_bus.connection.TolerantClient": world.new_client,
        "gnatwork_scheduler.shard.apply": applying,
        "gnatwork_scheduler.shard.decide": deciding,
        "gnatwork_scheduler.serve.announced": _announced,
        "gnatwork_executor.serve.announced": _announced,
        # Of a clock of its own, or of no clock at all.
        "gnatwork_executor.serve.leased": _announced,
        "gnatwork_executor.serve.Watchdog": _Unwatched,
        "gnatwork_executor.serve.implicit_blocks": hosted,
        "gnatwork_executor.implicit.start_run.MOST_DEPTH": _DEPTH,
        "gnatwork_scheduler.shard._IDLE": housekeeping.idle,
        "gnatwork_scheduler.shard._LONG_LIMIT": housekeeping.long_limit,
        "gnatwork_scheduler.snapshots._EVERY": housekeeping.snapshot_every,
        "asyncio.to_thread": _to_thread,
    }
    logger, watcher = logging.getLogger(), _Watcher(world)
    before = logger.handlers, logger.level
    with contextlib.ExitStack() as stack:
        for target, value in replaced.items():
            stack.enter_context(patch(target, value))
        logger.handlers = [watcher]
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.handlers = before[0]
            logger.setLevel(before[1])


class _Watcher(logging.Handler):
    """A trace in the log of a process that lives is a mistake."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        """Tell of it."""
        process = PROCESS.get()
        if record.exc_info and not (process and process.dead):
            self._world.invariants.fail(f"{_name()} logs: {record.getMessage()}: {record.exc_info[1]!r}")


@contextlib.asynccontextmanager
async def _announced(*_args: object, **_options: object) -> Any:
    yield


class _Unwatched:
    """In the place of the watchdog, which is a thread."""

    def __init__(self, *_args: object, **_options: object) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


async def _to_thread(work: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """There are no threads under virtual time."""
    return work(*args, **options)


def _name() -> str:
    process = PROCESS.get()
    return process.name if process else ""
