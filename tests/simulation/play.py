"""The blocks that the tasks of a simulation run: each does as chance will have it, task by task and try by try."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from random import Random
from typing import Any, ClassVar

from support.sim.chance import chance
from support.sim.clock import PROCESS
from support.workflows import FEW, FORK, PLAIN, PLAY, PORTS, SCARCE

from gnatwork_blocks.sdk import Block, BlockContext, BlockError

_LARGE = 70_000


class Stage:
    """What the blocks of one simulation know.

    `begun` is called when one begins to run, with its context and config, `fail` with what is wrong with them.
    """

    def __init__(self, seed: int, begun: Callable[[BlockContext, Any], None], fail: Callable[[str], None]) -> None:
        self.seed = seed
        self.begun = begun
        self.fail = fail
        self.tries: Counter[tuple[str, str, int]] = Counter()


STAGE: ContextVar[Stage] = ContextVar("STAGE")


class Played(Block):
    """What all of them have in common."""

    title = "Play"
    summary = "Plays a block."
    #: How often it fails.
    trouble: ClassVar[float] = 0.3

    async def run(self, ctx: BlockContext, config: Any) -> Any:
        """Take a while, then succeed or fail."""
        process, stage = PROCESS.get(), STAGE.get()
        if process and process.dead:
            raise asyncio.CancelledError
        stage.begun(ctx, config)
        key = ctx.run_id, ctx.task, ctx.attempt
        stage.tries[key] += 1
        source = chance("play", stage.seed, *key, stage.tries[key])
        if source.random() < 0.6:
            await asyncio.sleep(0.2 * source.random() if source.random() < 0.7 else 6.0 * source.random())
        drawn = source.random()
        if drawn >= 1 - self.trouble / 3:
            raise BlockError("play.refused", "It is played.")
        if drawn >= 1 - self.trouble:
            again = 0.5 * source.random() if source.random() < 0.3 else None
            raise BlockError("play.failed", "It is played.", retryable=True, retry_after=again)
        return self.output(source, ctx)

    def output(self, source: Random, ctx: BlockContext) -> Any:
        """What it yields when all is well."""
        raise NotImplementedError


class Play(Played):
    """Does some work."""

    type = PLAY

    def output(self, source: Random, ctx: BlockContext) -> Any:
        """A value, an array, and sometimes much more."""
        items: Any = list(range(10, 10 + source.randint(0, 4))) if source.random() < 0.9 else "none"
        large = {"padding": "x" * _LARGE} if source.random() < 0.03 else {}
        return {"value": ctx.attempt, "items": items, **large}


class Plain(Play):
    """The same, by an executor that resolves nothing."""

    type = PLAIN


class Scarce(Play):
    """The same, where few may do it at once."""

    type = SCARCE
    concurrency = FEW


class Fork(Played):
    """Goes one way or another."""

    type = FORK
    ports = PORTS

    def output(self, source: Random, ctx: BlockContext) -> Any:  # noqa: ARG002 - as of all
        """A port, which need not be one that anyone waits for."""
        return {"port": source.choice((*PORTS, "nowhere"))}


class Condition(Played):
    """Stands in for the block that would evaluate JavaScript in a process of its own."""

    type = "condition"
    trouble = 0.06

    def output(self, source: Random, ctx: BlockContext) -> Any:  # noqa: ARG002 - as of all
        """Yes or no."""
        return {"port": source.choice(("true", "false"))}


class Switch(Condition):
    """Likewise."""

    type = "switch"

    def output(self, source: Random, ctx: BlockContext) -> Any:  # noqa: ARG002 - as of all
        """One of the cases."""
        return {"port": source.choice(("one", "two", "other"))}


class Filter(Condition):
    """Likewise."""

    type = "filter"

    def output(self, source: Random, ctx: BlockContext) -> Any:  # noqa: ARG002 - as of all
        """Whether to go on."""
        return {"pass": source.random() < 0.6}


PLAYED: dict[str, type[Block]] = {block.type: block for block in (Play, Plain, Scarce, Fork, Condition, Switch, Filter)}
