"""Running a slice of a program in a worker process, whatever language it is written in."""

from collections.abc import Sequence

from gnatwork_blocks.context import BlockContext
from gnatwork_executor.ports import Ports
from gnatwork_executor.scripts.answer import Answer, read_answer
from gnatwork_executor.scripts.given import request_frame, values_frame
from gnatwork_executor.scripts.outcomes import Heard
from gnatwork_schemas.control_block import Script
from gnatwork_schemas.implicit import Slice

#: Seconds that a slice may compute: replaying ten thousand steps takes a tenth of a second.
COMPUTING = 10.0


class Running:
    """Runs slices."""

    def __init__(self, world: Ports) -> None:
        self._world = world

    async def run(self, ctx: BlockContext, script: Script, config: Slice, heard: Sequence[Heard], mark: str) -> Answer:
        """Where the program gets to with these outcomes.

        Raises:
            BlockError: `script.nondeterministic`, `script.too_large`, `code.timeout`, `code.memory`, `code.too_large`,
                and the retryable `code.crashed` and `code.busy`.
        """
        seconds = min(ctx.timeout, COMPUTING)
        values = values_frame(ctx, config, config.args, heard, mark)
        request = request_frame(script, config, mark, seconds)
        return read_answer(await self._world.javascript().run_slice(request, values, seconds))
