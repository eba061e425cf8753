"""Running a slice of a program in a worker process, whatever language it is written in."""

import secrets
from collections.abc import Sequence

from gnatwork_blocks.context import BlockContext
from gnatwork_executor.ports import Ports
from gnatwork_executor.scripts.answer import Answer, read_answer
from gnatwork_executor.scripts.given import request_frame, values_frame
from gnatwork_executor.scripts.marks import Marks
from gnatwork_executor.scripts.outcomes import Heard
from gnatwork_executor.scripts.snapshots import Snapshots
from gnatwork_schemas.control_block import Script
from gnatwork_schemas.implicit import Slice

#: Seconds that a slice may compute: replaying ten thousand steps takes a tenth of a second.
COMPUTING = 10.0


class Running:
    """Runs slices."""

    def __init__(self, world: Ports) -> None:
        self._world = world
        self._snapshots = Snapshots()

    async def run(
        self, ctx: BlockContext, script: Script, config: Slice, heard: Sequence[Heard]
    ) -> tuple[Answer, Marks]:
        """Where the program gets to with these outcomes, and the marks of its templates.

        Raises:
            BlockError: `script.nondeterministic`, `script.too_large`, `code.timeout`, `code.memory`, `code.too_large`,
                and the retryable `code.crashed` and `code.busy`.
        """
        seconds = min(ctx.timeout, COMPUTING)
        if script.language == "javascript":
            marks = Marks(secrets.token_hex(16))
            values = values_frame(ctx, config, heard, marks.mark)
            request = request_frame(script, config, marks.mark, seconds)
            return read_answer(await self._world.javascript().run_slice(request, values, seconds)), marks
        standing = self._snapshots.take(ctx, config, len(heard))
        marks = Marks(standing.mark if standing else secrets.token_hex(16))
        new = heard[standing.heard :] if standing else heard
        values = values_frame(ctx, config, new, marks.mark, standing.snapshot if standing else None)
        request = request_frame(script, config, marks.mark, seconds)
        answer = read_answer(await self._world.python().run_slice(request, values, seconds))
        self._snapshots.put(ctx, config, answer, len(heard), marks.mark)
        return answer, marks
