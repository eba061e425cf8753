"""What came of the tasks of a flow, by the event that says so."""

from typing import Any, NamedTuple

import orjson

from gnatwork.local.values import LocalValues
from gnatwork_blocks.context import BlockContext
from gnatwork_engine.core import Event
from gnatwork_programs.ports import Outcome
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.implicit import is_slice
from gnatwork_schemas.messages import ChildEnded, Error, Message, Output, Signal


class _Came(NamedTuple):
    """What an event says."""

    at: float
    failed: bool
    value: Any


class LocalOutcomes:
    """What events say that settled tasks, by sequence; all are kept, as a delay may be over with any."""

    def __init__(self, values: LocalValues) -> None:
        self._values = values
        self._came: dict[int, _Came] = {}

    def note(self, event: Event) -> None:
        """Remember what came of a task."""
        match event.body:
            case Error(error=error) | ChildEnded(error=ErrorInfo() as error):
                failure = error.model_dump(mode="json", exclude_none=True)
                self._came[event.sequence] = _Came(event.at, True, failure)
            case body:
                self._came[event.sequence] = _Came(event.at, False, _yielded(body))

    def result(self, sequence: int) -> Any:
        """What it yielded, `{"error": …}` where it failed, None where nothing is known."""
        if (came := self._came.get(sequence)) is None:
            return None
        return {"error": came.value} if came.failed else self._values.whole(came.value)

    async def get(self, ctx: BlockContext, sequence: int, *, delay: bool) -> Outcome:  # noqa: ARG002 - all runs count together
        """What the event with this sequence says, as programs are told it."""
        at, failed, value = self._came[sequence]
        if not failed:
            value = None if delay else self._values.whole(value)
        return Outcome(at, failed, orjson.dumps(value))


def _yielded(body: Message | None) -> Any:
    match body:
        case Output(task=task, output=output):
            # Of a program's last slice, what the program yielded.
            return output.get("output") if is_slice(task) else output
        case Signal(data=data):
            return data
    return None
