"""A slice: a program runs until it waits for steps that nobody knows the outcomes of yet."""

from typing import Any

import orjson

from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_blocks.program_steps import step_name
from gnatwork_programs.answer import Answer, Asked, End
from gnatwork_programs.asking import Steps
from gnatwork_programs.marks import Marks
from gnatwork_programs.ports import Carrier, World
from gnatwork_programs.running import Running
from gnatwork_schemas import implicit
from gnatwork_schemas.depth import is_too_deep
from gnatwork_schemas.error import ErrorInfo

#: Bytes of the output: no more than any message holds, for the scheduler reads it.
_MOST = 44 * 1024
#: Steps that one line of the log names.
_SHOWN = 3
#: Characters of the name of a function.
_LONGEST_NAME = 128


class Slices:
    """Runs slices. They do nothing to the world but store values, so each may run any number of times."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._running = Running(world.outcomes)

    async def run(self, ctx: BlockContext, config: implicit.Slice) -> Any:
        """`Slice` to `Sliced`, as what `orjson` writes.

        Raises:
            BlockError: What the program threw, an error of one of its steps among that, or why it can't be run.
            GnatworkError: A value is gone, or too large.
        """
        script = await self._world.scripts.get(config.control_block, config.block)
        answer, marks = await self._running.run(ctx, script, config)
        for level, line in answer.logs:
            ctx.log(level, marks.plain(line))
        if answer.omitted:
            ctx.log("warning", f"{answer.omitted} more lines are left out")
        carrier = self._world.carrier(ctx)
        if answer.end is not None:
            if answer.asked and answer.end.error is None:
                ctx.log("warning", marks.plain(_forgotten(answer.asked)))
            return await self._ended(answer.end, config, marks, carrier)
        return await self._waits(answer, config, Steps(self._world.types, marks, carrier))

    async def _ended(self, end: End, config: implicit.Slice, marks: Marks, carrier: Carrier) -> dict[str, Any]:
        if end.error is not None:
            raise _thrown(end.error, end.step, config, marks)
        text = marks.plain(end.value or "null").encode()
        if is_too_deep(text):
            _check_depth(text)
        value = await carrier.value(text, "output")
        if end.next is not None:
            return {"transition": {"function": _name(marks.plain(end.next)), "memory": value}}
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


def _name(text: str) -> str:
    """The name of a function. It becomes a part of the program, and may come from outside."""
    if len(text) > _LONGEST_NAME or not text.replace("$", "_").isidentifier():
        raise BlockError("script.invalid", f"`{text[:_LONGEST_NAME]}` can't be the name of a function to go over to.")
    return text


def _forgotten(asked: tuple[Asked, ...]) -> str:
    """What is told of steps that the program asked for at its end, without waiting: nobody takes them."""
    names = []
    for one in asked[:_SHOWN]:
        kind, type_, config, options = one.step
        names.append(f"`{step_name(kind, str(type_), config, options)}`" + (f" (line {one.line})" if one.line else ""))
    more = f" and {len(asked) - _SHOWN} more" if len(asked) > _SHOWN else ""
    return f"not taken, since the program ended without waiting: {', '.join(names)}{more}; is an `await` missing?"


def _check_depth(text: bytes) -> None:
    """Whether whoever reads this JSON can write it again."""
    try:
        orjson.dumps(orjson.loads(text))
    except (orjson.JSONDecodeError, TypeError):
        raise BlockError("script.too_large", "What the program yields is nested too deep.") from None


def _thrown(error: ErrorInfo, step: int | None, config: implicit.Slice, marks: Marks) -> BlockError:
    """The error of the block: that of a step, which the program did not catch, or its own."""
    message, details = marks.plain(error.message), dict(error.details or {})
    if step is not None and step < len(config.steps):
        number = config.first + step
        message = f"Step {number} (`{config.steps[step].name}`): {message}"
        details["step"] = number
    return BlockError(error.code, message, details=details or None)
