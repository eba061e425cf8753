"""Work that keeps a CPU busy only where there is much to do."""

from collections.abc import Callable
from typing import Any

import orjson

from gnatwork_blocks.context import BlockContext

#: Characters, or bytes of JSON, that are worked on at once: it takes some milliseconds at most.
SMALL = 16 * 1024
#: Items up to which it is worth a look how large they are.
_FEW = 4096


async def computed(ctx: BlockContext, function: Callable[[Any], Any], config: Any, source: Any) -> Any:
    """`function(config)`: at once if the `source` that it works on is small, else in a worker process.

    Args:
        ctx: of the block.
        function: one at module level.
        config: what it is called with.
        source: the text or the value of the config that its work grows with.

    Raises:
        BlockError: As `BlockContext.compute`.
    """
    if _is_small(source):
        return function(config)
    return await ctx.compute(function, config)


def _is_small(source: Any) -> bool:
    if isinstance(source, list | str) and len(source) > (SMALL if isinstance(source, str) else _FEW):
        return False
    return len(orjson.dumps(source)) <= SMALL
