"""Performs actions: most are one message each and are pipelined; what needs an answer first takes the slow path."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

import orjson

from gnatwork_bus.connection import Connection
from gnatwork_bus.history import History, expectation
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.publisher import QueuedAlreadyError
from gnatwork_engine.core import RunState, is_wanted
from gnatwork_engine.core.actions import (
    Action,
    CancelRun,
    Dispatch,
    DropTimers,
    End,
    PurgeTask,
    StopEpoch,
    StopWork,
)
from gnatwork_engine.deferred import TEMPLATE_KEY, VALUES_KEY
from gnatwork_engine.limits import LimitState
from gnatwork_scheduler.messages import PUBLISHABLE, Circumstances, Outgoing, outgoing
from gnatwork_scheduler.outlived import OutlivedLists
from gnatwork_scheduler.settings import SchedulerSettings
from gnatwork_schemas import subjects
from gnatwork_schemas.depth import is_too_deep
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import ConflictError, GnatworkError
from gnatwork_schemas.messages import CancelRequest, Complete, Failed, Message, StopControl
from gnatwork_schemas.payload import INLINE_LIMIT, is_reference, reference_value

log = logging.getLogger(__name__)

#: Called once for each action, with what went wrong or None.
Performed = Callable[[Exception | None], None]

#: The payload that holds a run's output when it is too large for the end itself.
_OUTPUT_PAYLOAD = "output"


class Performer:
    """Turns actions into messages and requests."""

    def __init__(
        self,
        connection: Connection,
        history: History,
        payloads: Payloads,
        settings: SchedulerSettings,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self._connection = connection
        self._history = history
        self._payloads = payloads
        self._outlived = OutlivedLists(payloads)
        self._settings = settings
        self._tasks = tasks

    def perform(
        self, state: RunState | LimitState, actions: Sequence[Action], *, again: bool, performed: Performed
    ) -> None:
        """Perform actions in order; `performed` is called for each of them, now or later."""
        messages: list[Outgoing] = []
        at = self._circumstances(again)
        for action in actions:
            if not isinstance(action, PUBLISHABLE) or not _travels(action):
                break
            messages.append(outgoing(state, action, at))
        else:
            for message in messages:
                self._send(state, message, performed)
            return
        self._tasks.create_task(self._perform_slowly(state, tuple(actions), at, performed))

    def _circumstances(self, again: bool) -> Circumstances:
        settings = self._settings
        return Circumstances(self._history.shards, settings.archive_after, settings.retention, again, time.time())

    def _send(self, state: RunState | LimitState, message: Outgoing, performed: Performed) -> None:
        def done(result: int | GnatworkError) -> None:
            if isinstance(result, ConflictError):
                self._tasks.create_task(self._check_end(state, result, performed))
            else:
                # A work item that is queued already was dispatched before.
                performed(None if isinstance(result, int | QueuedAlreadyError) else result)

        self._connection.publisher.send(message.subject, message.body, done, message.headers)

    async def _check_end(self, state: RunState | LimitState, conflict: ConflictError, performed: Performed) -> None:
        """An end was refused: because the run has one, or because something that is no end stands in the way."""
        try:
            await self._require_end(state, conflict)
        except GnatworkError as error:
            performed(error)
        else:
            performed(None)

    async def _require_end(self, state: RunState | LimitState, conflict: ConflictError) -> None:
        last = await self._history.last(subjects.run_borders(state.base))
        if last is None or subjects.parse_history(last.subject).event not in subjects.ENDS:
            raise conflict

    async def _perform_slowly(
        self, state: RunState | LimitState, actions: Sequence[Action], at: Circumstances, performed: Performed
    ) -> None:
        """One after the other, so that nothing is queued before what it must not meet is gone."""
        for position, action in enumerate(actions):
            try:
                try:
                    await self._perform_one(state, action, at)
                except QueuedAlreadyError:
                    log.debug("%s: queued before", state.address.run_id)
                except ConflictError as conflict:
                    await self._require_end(state, conflict)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the service
                for _ in actions[position:]:
                    performed(error)
                return
            performed(None)

    async def _perform_one(self, state: RunState | LimitState, action: Action, at: Circumstances) -> None:
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
            case StopEpoch():
                # What is to be purged next may still be in the outbox.
                await self._connection.publisher.overtake_none(subjects.WORK_BARRIER)
                control = StopControl(epoch=action.epoch).model_dump_json().encode()
                self._connection.send(subjects.cancel_control(namespace, run_id), control)
            case DropTimers():
                # Not the one that puts the run away: whoever was frozen may come to this when another has set it.
                ended = state.end_sequence if isinstance(state, RunState) else 0
                await self._connection.api(
                    f"STREAM.PURGE.{subjects.HISTORY}", {"filter": subjects.timers(state.base), "seq": ended}
                )
            case CancelRun():
                await self._cancel_run(namespace, action)
            case _:
                await self._publish(state, action, at)

    async def _publish(self, state: RunState | LimitState, action: Action, at: Circumstances) -> None:
        if isinstance(state, RunState):
            if isinstance(action, Dispatch):
                if not is_wanted(state, action):
                    log.debug("%s: overtaken while it was purged for", state.address.run_id)
                    return
                action = await self._portable(state, action)
            elif isinstance(action, End):
                action = await self._storable(state, action)
        if not isinstance(action, PUBLISHABLE):
            raise TypeError(action)
        # As they were when it was decided: however long this process was frozen since, executors see that it is old.
        await self._connection.publisher.publish(*outgoing(state, action, at))

    async def _cancel_run(self, namespace: str, action: CancelRun) -> None:
        """Ask a run to stop, unless it has ended, or is no more."""
        base = subjects.history_base(self._history.shard(action.run_id), namespace, action.workflow, action.run_id)
        borders = subjects.run_borders(base)
        last = await self._history.last(borders)
        if last is None or subjects.parse_history(last.subject).event in subjects.ENDS:
            return
        body = CancelRequest(reason=action.reason).model_dump_json().encode()
        try:
            await self._connection.publisher.publish(
                f"{base}.{subjects.REQUEST_CANCEL}", body, expectation(borders, last.sequence)
            )
        except ConflictError:
            log.debug("%s has ended by itself", action.run_id)

    async def _portable(self, state: RunState, action: Dispatch) -> Dispatch:
        """The dispatch with the long part of its config stored, if it is too long for a message."""
        if action.long is None:
            return action
        data = orjson.dumps(action.config[action.long])
        if len(data) <= INLINE_LIMIT:
            return action
        _, namespace, _, run_id = state.address
        reference = await self._payloads.put(namespace, run_id, data, f"{action.task}-{action.long}")
        await self._outlived.follow(namespace, run_id, action.task, reference)
        root = f"blocks.{action.long}"
        leaf = {
            TEMPLATE_KEY: [{"path": ["blocks", action.long], "source": action.long}],
            VALUES_KEY: {root: reference_value(reference)},
        }
        config = {**action.config, action.long: leaf}
        return action._replace(config=config, deferred=(*action.deferred, f"/{action.long}"))

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


def _travels(action: Action) -> bool:
    """Whether an action's message is short enough for sure."""
    if isinstance(action, Dispatch):
        return action.long is None
    body: Message | None = action.body if isinstance(action, End) else None
    if not isinstance(body, Complete):
        return True
    try:
        return _fits(body, orjson.dumps(body.output))
    except TypeError:
        return False


def _fits(body: Complete, data: bytes) -> bool:
    """Whether an output, of which `data` is the JSON, is neither large nor deep, nor looks like a reference."""
    return len(data) <= INLINE_LIMIT and not is_too_deep(data) and not is_reference(body.output)
