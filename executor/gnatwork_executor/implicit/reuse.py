"""`reuse`: yields what a task yielded in the run of which this one is a retry."""

from typing import Any

import orjson

from gnatwork_blocks.context import BlockContext
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.patience import until_available
from gnatwork_executor.implicit.base import ImplicitBlock
from gnatwork_schemas import implicit
from gnatwork_schemas.errors import PayloadError
from gnatwork_schemas.subjects import parse_history

#: How the task path of an `expand` ends.
_EXPAND = f":{implicit.EXPAND}"


class Reuse(ImplicitBlock):
    """`ReuseOutput` to that output."""

    type = implicit.REUSE
    title = "Reuse"
    summary = "Yields what a task yielded in an earlier run."
    Config = implicit.ReuseOutput
    places = 8

    async def perform(self, ctx: BlockContext, config: implicit.ReuseOutput) -> Any:
        """Read the event, live or archived, and copy what it refers to into this run.

        Raises:
            BlockError: `message.invalid`, when the event settles no task.
            PayloadError: It is gone, is not of that run, or its value is gone.
        """
        history, run_id, sequence = self.world.history, config.run_id, config.sequence
        event = (await until_available(lambda: history.pick(ctx.namespace, run_id, [sequence]))).get(sequence)
        if event is None:
            raise PayloadError(f"run {run_id} has no event {sequence}")
        text = await self.yielded(ctx.namespace, run_id, event)
        if _is_expansion(event):
            items = implicit.Expanded.model_validate_json(text).items
            await until_available(lambda: self.world.items.copy(ctx.namespace, run_id, ctx.run_id, items))
        return orjson.Fragment(text)


def _is_expansion(event: StoredMessage) -> bool:
    """Whether the value is a reference to items, which lie in the run's own payloads."""
    match parse_history(event.subject).event.split("."):
        case ["block", task, "output"]:
            return task.endswith(_EXPAND)
    return False
