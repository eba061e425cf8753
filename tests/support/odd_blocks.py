"""Blocks for tests of the executor: made on the spot, or in a module where worker processes find them."""

import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from gnatwork_blocks.sdk import Block, BlockContext, BlockError


def block_of(run: Callable[[BlockContext, Any], Awaitable[Any]], **attributes: Any) -> type[Block]:
    """A block of the type `odd`, or what `attributes` say, that does this."""

    async def run_method(_self: Block, ctx: BlockContext, config: Any) -> Any:
        return await run(ctx, config)

    declared = {"type": "odd", "title": "Odd", "summary": "Behaves oddly.", "run": run_method, **attributes}
    return type("Odd", (Block,), declared)


class Burn(Block):
    """Works in a worker process."""

    type = "burn"
    title = "Burn"
    summary = "Keeps a CPU busy."
    runs_in = "process"

    @staticmethod
    def compute(config: Any) -> Any:
        match config:
            case {"pid": _}:
                return os.getpid()
            case {"forever": fifo}:
                Path(fifo).write_text(str(os.getpid()))
                while True:
                    pass
            case {"raise": "block"}:
                raise BlockError("burn.bad", "Burnt.", retryable=True, retry_after=2.5, details={"a": 1})
            case {"raise": "invalid"}:
                raise BlockError("block.config_invalid", "The config is of another version.")
            case {"raise": "unforeseen"}:
                raise KeyError("the password is 1234")
            case {"log": text, "file": file}:
                with contextlib.closing(logging.FileHandler(file)) as handler:
                    logging.getLogger("burn").addHandler(handler)
                    logging.getLogger("burn").warning("burning %s", text)
                return text
            case {"quote": text}:
                raise ValueError(text)
            case {"die": _}:
                os._exit(9)
        raise AssertionError(config)
