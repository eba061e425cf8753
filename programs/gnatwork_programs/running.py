"""Running a slice of a program in a worker process, whatever language it is written in."""

import secrets
from collections.abc import Sequence

from gnatwork_blocks.context import BlockContext
from gnatwork_programs.answer import Answer, MissingError, read_answer
from gnatwork_programs.given import Place, request_frame, values_frame
from gnatwork_programs.marks import Marks
from gnatwork_programs.outcomes import Settled, hear, settled
from gnatwork_programs.ports import Outcomes
from gnatwork_programs.snapshots import Snapshots
from gnatwork_schemas.control_block import Script
from gnatwork_schemas.implicit import Slice

#: Seconds that a slice may compute: replaying ten thousand steps takes a fifth of one.
COMPUTING = 5.0


class Running:
    """Runs slices."""

    def __init__(self, outcomes: Outcomes) -> None:
        self._outcomes = outcomes
        self._snapshots = Snapshots()

    async def run(self, ctx: BlockContext, script: Script, config: Slice) -> tuple[Answer, Marks]:
        """Where the program gets to with what came of its steps, and the marks of its templates.

        Raises:
            BlockError: `script.nondeterministic`, `script.too_large`, `code.timeout`, `code.memory`, `code.too_large`,
                and the retryable `code.crashed` and `code.busy`; `message.invalid`.
            PayloadError: A value is gone.
        """
        steps = settled(config.steps)
        place = self._snapshots.take(ctx, config, len(steps)) or Place(secrets.token_hex(16))
        try:
            answer, size = await self._ask(ctx, script, config, steps, place)
        except MissingError:
            answer, size = await self._ask(ctx, script, config, steps, Place(place.mark))
        self._snapshots.put(ctx, config, answer, Place(place.mark, len(steps), size, answer.snapshot))
        return answer, Marks(place.mark)

    async def _ask(
        self, ctx: BlockContext, script: Script, config: Slice, steps: Sequence[Settled], place: Place
    ) -> tuple[Answer, int]:
        heard, size = await hear(self._outcomes, ctx, config.steps, steps[place.heard :], place.size)
        seconds = min(ctx.timeout, COMPUTING)
        values = values_frame(ctx, config, heard, place)
        request = request_frame(script, config, place, seconds)
        service = ctx.javascript if script.language == "javascript" else ctx.python
        return read_answer(await service.run_slice(request, values, seconds)), size
