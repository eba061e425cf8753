"""`slice`: runs a program until it waits for steps that nobody knows the outcomes of yet."""

from typing import Any

import orjson

from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_executor.implicit.base import ImplicitBlock
from gnatwork_executor.ports import Ports
from gnatwork_executor.scripts.answer import Answer, End
from gnatwork_executor.scripts.asking import Steps
from gnatwork_executor.scripts.carrying import Carrier
from gnatwork_executor.scripts.catalogue import Types
from gnatwork_executor.scripts.marks import Marks
from gnatwork_executor.scripts.programs import Programs
from gnatwork_executor.scripts.running import Running
from gnatwork_schemas import implicit
from gnatwork_schemas.error import ErrorInfo

#: Bytes of the output: no more than any message holds, for the scheduler reads it.
_MOST = 44 * 1024


class Slice(ImplicitBlock):
    """`Slice` to `Sliced`. It does nothing to the world but store values, so it may run any number of times."""

    type = implicit.SLICE
    title = "Slice"
    summary = "Runs a program until it waits."
    Config = implicit.Slice
    places = 8

    def __init__(self, world: Ports) -> None:
        super().__init__(world)
        self._programs = Programs(world.state)
        self._types = Types(world.state)
        self._running = Running(world)

    async def perform(self, ctx: BlockContext, config: implicit.Slice) -> Any:
        """Run the program.

        Raises:
            BlockError: What the program threw, an error of one of its steps among that, or why it can't be run.
            GnatworkError: A value is gone, or too large.
        """
        script = await self._programs.get(config.control_block, config.block)
        answer, marks = await self._running.run(ctx, script, config)
        for level, line in answer.logs:
            ctx.log(level, marks.plain(line))
        if answer.omitted:
            ctx.log("warning", f"{answer.omitted} more lines are left out")
        carrier = Carrier(self.world, ctx)
        if answer.end is not None:
            return await self._ended(answer.end, config, marks, carrier)
        return await self._waits(answer, config, Steps(self._types, marks, carrier))

    async def _ended(self, end: End, config: implicit.Slice, marks: Marks, carrier: Carrier) -> dict[str, Any]:
        if end.error is not None:
            raise _thrown(end.error, end.step, config, marks)
        value = await carrier.value(marks.plain(end.value or "null").encode(), "output")
        if end.next is not None:
            function = marks.plain(end.next)
            return {"transition": {"function": function, "memory": value}}
        return {"done": True, "output": value}

    async def _waits(self, answer: Answer, config: implicit.Slice, steps: Steps) -> dict[str, Any]:
        found: list[Any] = []
        room, number = _MOST, config.first + len(config.steps)
        for asked in answer.asked[: config.room]:
            step = await steps.step(asked, number + len(found))
            document = orjson.dumps(step.model_dump(mode="json", exclude_defaults=True))
            if found and len(document) > room:
                break
            room -= len(document)
            found.append(orjson.Fragment(document))
        return {"steps": found, "more": answer.more or len(found) < len(answer.asked)}


def _thrown(error: ErrorInfo, step: int | None, config: implicit.Slice, marks: Marks) -> BlockError:
    """The error of the block: that of a step, which the program did not catch, or its own."""
    message, details = marks.plain(error.message), dict(error.details or {})
    if step is not None and step < len(config.steps):
        number = config.first + step
        message = f"Step {number} (`{config.steps[step].name}`): {message}"
        details["step"] = number
    return BlockError(error.code, message, details=details or None)
