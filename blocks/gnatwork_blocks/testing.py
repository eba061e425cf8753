"""Run a block in a test, without an engine."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from gnatwork_blocks.block import Block
from gnatwork_blocks.context import BlockContext, Level
from gnatwork_blocks.output import encode_output
from gnatwork_blocks.resources import Resources
from gnatwork_blocks.services.memory import MemoryServices
from gnatwork_net.allow_list import AllowList


@dataclass(slots=True, kw_only=True)
class Recorder:
    """Makes contexts, and keeps what blocks tell them."""

    #: Messages, keys and files, in memory.
    services: MemoryServices = field(default_factory=MemoryServices)
    #: What else contexts have, and nothing that is private can be reached by it. A test whose block uses `ctx.http`,
    #: `ctx.javascript` or the like gives resources of its own here, and closes them.
    resources: Resources = field(default_factory=lambda: Resources.allowing(AllowList(), services=MemoryServices()))
    #: Lines of the log: level, message, fields.
    logs: list[tuple[Level, str, dict[str, Any]]] = field(default_factory=list)
    #: Reports of progress: fraction, message.
    progress: list[tuple[float, str]] = field(default_factory=list)

    def context(self, **changes: Any) -> BlockContext:
        """The context of the first attempt of the task `task`, but for `changes`."""
        values: dict[str, Any] = {
            "run_id": "01900000-0000-7000-8000-000000000000",
            "namespace": "default",
            "workflow": "adhoc",
            "task": "task",
            "attempt": 1,
            "max_attempts": 1,
            "idempotency_key": "01900000-0000-7000-8000-000000000000:task",
            "timeout": 60.0,
            "log_sink": lambda _ctx, level, message, fields: self.logs.append((level, message, fields)),
            "progress_sink": lambda _ctx, fraction, message: self.progress.append((fraction, message)),
            "resources": replace(self.resources, services=self.services),
        }
        return BlockContext(**(values | changes))


async def run_block(block: type[Block], config: Any, ctx: BlockContext | None = None) -> Any:
    """The output of a block as an executor would publish it, given its config as JSON.

    `ctx` is made by a `Recorder`, where the test wants to see what the block says; one that is forgotten unless given.

    A block that runs in a process is run in this one.

    Raises:
        BlockError: What the block raises, `block.config_invalid` or `block.output_invalid`.
    """
    if block.runs_in == "process":
        return _published(block, block.compute(config))
    ctx = ctx or Recorder().context()
    parsed = block.parse_config(config)
    if block.runs_in == "thread":
        return _published(block, await asyncio.to_thread(block().run, ctx, parsed))
    return _published(block, await block().run(ctx, parsed))


def _published(block: type[Block], value: Any) -> Any:
    return orjson.loads(encode_output(block, value))
