"""Performs actions: most are one message each and are pipelined; what needs an answer first takes the slow path."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

import orjson

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.publisher import QueuedAlreadyError
from gnatwork_engine.core import RunState, is_wanted
from gnatwork_engine.core.actions import Action, Dispatch, DropTimer, End, PurgeTask, ReportError, SetTimer, StopWork
from gnatwork_scheduler.messages import Outgoing, outgoing
from gnatwork_schemas import subjects
from gnatwork_schemas.depth import is_too_deep
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import ConflictError, GnatworkError
from gnatwork_schemas.messages import Complete, Failed, Message
from gnatwork_schemas.payload import INLINE_LIMIT, is_reference, reference_value

log = logging.getLogger(__name__)

#: Called once for each action, with what went wrong or None.
Performed = Callable[[Exception | None], None]

#: The payload that holds a run's output when it is too large for the end itself.
_OUTPUT_PAYLOAD = "output"


class Performer:
    """Turns actions into messages and requests."""

    def __init__(self, connection: Connection, history: History, payloads: Payloads, tasks: asyncio.TaskGroup) -> None:
        self._connection = connection
        self._history = history
        self._payloads = payloads
        self._tasks = tasks

    def perform(self, state: RunState, actions: Sequence[Action], *, again: bool, performed: Performed) -> None:
        """Perform actions in order; `performed` is called for each of them, now or later."""
        messages: list[Outgoing] = []
        now = time.time()
        for action in actions:
            if isinstance(action, Dispatch | ReportError | SetTimer | End):
                if isinstance(action, End) and not _travels(action.body):
                    break
                messages.append(outgoing(state, action, again=again, now=now))
            else:
                break
        else:
            for message in messages:
                self._send(state, message, performed)
            return
        self._tasks.create_task(self._perform_slowly(state, tuple(actions), again, performed))

    def _send(self, state: RunState, message: Outgoing, performed: Performed) -> None:
        def done(result: int | GnatworkError) -> None:
            if isinstance(result, ConflictError):
                self._tasks.create_task(self._check_end(state, result, performed))
            else:
                # A work item that is queued already was dispatched before.
                performed(None if isinstance(result, int | QueuedAlreadyError) else result)

        self._connection.publisher.send(message.subject, message.body, done, message.headers)

    async def _check_end(self, state: RunState, conflict: ConflictError, performed: Performed) -> None:
        """An end was refused: because the run has one, or because something that is no end stands in the way."""
        try:
            await self._require_end(state, conflict)
        except GnatworkError as error:
            performed(error)
        else:
            performed(None)

    async def _require_end(self, state: RunState, conflict: ConflictError) -> None:
        last = await self._history.last(subjects.run_borders(state.base))
        if last is None or subjects.parse_history(last.subject).event not in subjects.ENDS:
            raise conflict

    async def _perform_slowly(
        self, state: RunState, actions: Sequence[Action], again: bool, performed: Performed
    ) -> None:
        """One after the other, so that nothing is queued before what it must not meet is gone."""
        for position, action in enumerate(actions):
            try:
                try:
                    await self._perform_one(state, action, again)
                except QueuedAlreadyError:
                    log.debug("%s: queued before", state.address.run_id)
                except ConflictError as conflict:
                    await self._require_end(state, conflict)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the service
                for _ in actions[position:]:
                    performed(error)
                return
            performed(None)

    async def _perform_one(self, state: RunState, action: Action, again: bool) -> None:
        _, namespace, _, run_id = state.address
        match action:
            case PurgeTask():
                await self._purge(
                    subjects.WORK, subjects.work_of_attempt(namespace, run_id, action.task, action.attempt)
                )
            case StopWork():
                await self._connection.publisher.overtake_none(subjects.WORK_BARRIER)
                await self._purge(subjects.WORK, subjects.work_of_run(namespace, run_id))
                self._connection.send(subjects.cancel_control(namespace, run_id), b"")
            case DropTimer():
                timer = f"{state.base}.{subjects.timer_event(action.id)}"
                await self._purge(subjects.HISTORY, timer)
            case Dispatch() if not is_wanted(state, action):
                log.debug("%s: overtaken while it was purged for", state.address.run_id)
            case _:
                if isinstance(action, End):
                    action = await self._storable(state, action)
                message = outgoing(state, action, again=again, now=time.time())
                await self._connection.publisher.publish(*message)

    async def _purge(self, stream: str, pattern: str) -> None:
        await self._connection.api(f"STREAM.PURGE.{stream}", {"filter": pattern})

    async def _storable(self, state: RunState, end: End) -> End:
        """The end with an output that fits its message: one that is too large is stored first."""
        body = end.body
        if not isinstance(body, Complete):
            return end
        try:
            data = orjson.dumps(body.output)
        except TypeError:
            error = ErrorInfo(code="payload.too_large", message="the run's output is nested too deep")
            return End(subjects.FAILED, Failed(error=error))
        if _fits(body, data):
            return end
        _, namespace, _, run_id = state.address
        reference = await self._payloads.put(namespace, run_id, data, _OUTPUT_PAYLOAD)
        return End(end.event, body.model_copy(update={"output": reference_value(reference)}))


def _travels(body: Message) -> bool:
    """Whether the body of an end fits into a message as it is."""
    if not isinstance(body, Complete):
        return True
    try:
        return _fits(body, orjson.dumps(body.output))
    except TypeError:
        return False


def _fits(body: Complete, data: bytes) -> bool:
    """Whether an output, of which `data` is the JSON, is neither large nor deep, nor looks like a reference."""
    return len(data) <= INLINE_LIMIT and not is_too_deep(data) and not is_reference(body.output)
