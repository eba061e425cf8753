"""The block that every task of a simulation runs: succeeds, fails, or takes too long, as chance will have it."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

from support.sim.clock import PROCESS

from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from simulation.scenario import TYPE

#: Called when the block begins to run: run, task, attempt.
Begun = Callable[[str, str, int], None]


def play_block(source: Random, begun: Begun) -> type[Block]:
    """The block type of one simulation."""

    class Play(Block):
        type = TYPE
        title = "Play"
        summary = "Plays a block."

        async def run(self, ctx: BlockContext, config: Any) -> Any:  # noqa: ARG002 - the signature of every block
            process = PROCESS.get()
            if process and process.dead:
                raise asyncio.CancelledError
            begun(ctx.run_id, ctx.task, ctx.attempt)
            if source.random() < 0.6:
                await asyncio.sleep(0.2 * source.random() if source.random() < 0.7 else 6.0 * source.random())
            match source.random():
                case drawn if drawn < 0.7:
                    return {"value": ctx.attempt, "padding": "x" * (70_000 if source.random() < 0.02 else 0)}
                case drawn if drawn < 0.9:
                    again = 0.5 * source.random() if source.random() < 0.3 else None
                    raise BlockError("play.failed", "It is played.", retryable=True, retry_after=again)
                case _:
                    raise BlockError("play.refused", "It is played.")

    return Play
