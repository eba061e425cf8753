"""Runs as their history tells them: folded anew for each question, so that no answer is older than the question."""

import asyncio
import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.core import fold
from gnatwork_engine.core.event import Event, parse_event
from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.state import RunState
from gnatwork_engine.core.view import run_summary, task_input, task_paths, task_view
from gnatwork_engine.render import resolve, stored_of
from gnatwork_manager.control_blocks import ControlBlocks
from gnatwork_manager.index.feed import RunIndex
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.replies import Reply, parse_reply
from gnatwork_schemas import subjects
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import MessageError, TemplateError
from gnatwork_schemas.messages import Complete, Start
from gnatwork_schemas.names import RUN_ID_PATTERN
from gnatwork_schemas.payload import PayloadRef, as_reference
from gnatwork_schemas.status import RunStatus, TaskStatus

#: Histories of more events than this are folded off the event loop.
_LONG = 500
#: Bytes of payloads that a page of tasks opens; larger values beyond it stay references.
_PAGE_BYTES = 8 * 1024 * 1024
#: Nothing else becomes part of a subject.
_RUN_ID = re.compile(RUN_ID_PATTERN)


class LoadedRun(NamedTuple):
    """A run, folded."""

    plan: Plan
    state: RunState


@dataclass(frozen=True, kw_only=True, slots=True)
class RunReader:
    """Answers questions about runs. Every method raises ProblemError `run.not_found` for a run that is not there."""

    history: History
    payloads: Payloads
    statuses: Bucket
    control_blocks: ControlBlocks
    index: RunIndex

    async def start(self, namespace: str, run_id: str) -> StoredMessage:
        """The `start` of a run."""
        message = await self.history.find_start(namespace, run_id) if _RUN_ID.fullmatch(run_id) else None
        if message is None:
            raise _not_found(namespace, run_id)
        return message

    async def base(self, namespace: str, run_id: str) -> str:
        """The history base of a run."""
        return (await self.start(namespace, run_id)).subject.removesuffix(f".{subjects.START}")

    async def status(self, namespace: str, run_id: str) -> RunStatus:
        """What the status document says; `pending` before there is one. Unknown runs are pending too."""
        entry = await self.statuses.get(subjects.status_key(namespace, run_id))
        return RunStatus(orjson.loads(entry.value)["status"]) if entry else RunStatus.PENDING

    async def load(self, namespace: str, run_id: str) -> LoadedRun:
        """The run as of now."""
        if not _RUN_ID.fullmatch(run_id):
            raise _not_found(namespace, run_id)
        messages, archived = await self.history.load(namespace, run_id)
        events = _events(messages) if len(messages) < _LONG else await asyncio.to_thread(_events, messages)
        if not events or not isinstance(start := events[0].body, Start):
            raise _not_found(namespace, run_id)
        plan = await self.control_blocks.plan(start.control_block)
        state = fold(plan, events) if len(events) < _LONG else await asyncio.to_thread(fold, plan, events)
        if state is None:
            raise _not_found(namespace, run_id)
        if state.ended and not archived:
            # Whoever is told that a run has ended finds it so in lists, too.
            self.index.add(run_summary(state))
        return LoadedRun(plan, state)

    async def run(self, namespace: str, run_id: str) -> dict[str, Any]:
        """The run with its input and output."""
        return await self.document(await self.load(namespace, run_id))

    async def document(self, run: LoadedRun) -> dict[str, Any]:
        """A loaded run with its input and output."""
        state = run.state
        document = run_summary(state).model_dump(mode="json", exclude={"v"})
        document["input"] = await self._value(state, state.start.input)
        document["output"] = None
        if isinstance(end := state.end, Complete):
            try:
                output = await self._value(state, end.output)
                document["output"] = await self._resolved(state, output, end.deferred)
            except TemplateError as error:
                # Only now does it show that the path leads nowhere: the scheduler does not open payloads.
                info = ErrorInfo(code=error.code, message=f"the run's output: {error.detail}")
                document["error"] = info.model_dump(mode="json")
        return document

    async def tasks(self, namespace: str, run_id: str, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of tasks, in the order of the definition."""
        place = decode_cursor(cursor, int)
        first = max(0, place[0]) if place else 0
        run = await self.load(namespace, run_id)
        paths = task_paths(run.state)
        names = paths[first : first + limit]
        room = _PAGE_BYTES
        items = []
        for name in names:
            room -= _payload_bytes(run, name)
            items.append(await self._task(run, name, opened=room >= 0))
        more = first + limit < len(paths)
        return page(items, encode_cursor(first + limit) if more else None)

    async def task(self, namespace: str, run_id: str, name: str) -> dict[str, Any]:
        """One task; ProblemError `task.not_found`."""
        run = await self.load(namespace, run_id)
        if run.state.find(name) is None:
            raise ProblemError("task.not_found", f"run {run_id} has no task `{name}`")
        return await self._task(run, name, opened=True)

    async def events(self, namespace: str, run_id: str, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of the stored events."""
        place = decode_cursor(cursor, int)
        base = await self.base(namespace, run_id)
        messages = await self.history.page(base, after=place[0] if place else 0, limit=limit + 1)
        items = [event_document(message) for message in messages[:limit]]
        return page(items, encode_cursor(messages[limit - 1].sequence) if len(messages) > limit else None)

    async def reply(self, run: LoadedRun) -> Reply | None:
        """What the run's caller gets from the first block that replied; None when none has."""
        state = run.state
        tasks = state.root.tasks
        completed = [name for name in run.plan.responses if tasks[name].status is TaskStatus.COMPLETED]
        if not completed:
            return None
        first = min(completed, key=lambda name: tasks[name].ended_at or 0.0)
        return parse_reply(await self._value(state, state.root.outputs.get(first)))

    async def _task(self, run: LoadedRun, name: str, *, opened: bool) -> dict[str, Any]:
        view = task_view(run.state, name)
        document = view.model_dump(mode="json", exclude={"v"})
        if opened:
            document["output"] = await self._value(run.state, view.output)
            rendered = task_input(run.state, name)
            if rendered and rendered.deferred:
                # A path that leads nowhere has made the task fail; its input then stays as it was sent.
                with contextlib.suppress(TemplateError):
                    document["input"] = await self._resolved(run.state, *rendered)
        return document

    async def _resolved(self, state: RunState, value: Any, deferred: tuple[str, ...]) -> Any:
        stored = [reference for reference in stored_of(value, deferred) if isinstance(reference, PayloadRef)]
        loaded = {reference.id: await self._payload(state, reference) for reference in stored}
        return resolve(value, deferred, loaded)

    async def _value(self, state: RunState, value: Any) -> Any:
        reference = as_reference(value)
        return value if reference is None else await self._payload(state, reference)

    async def _payload(self, state: RunState, reference: PayloadRef) -> Any:
        address = state.address
        return orjson.loads(await self.payloads.get(address.namespace, address.run_id, reference))


def event_document(message: StoredMessage) -> dict[str, Any]:
    """A stored event as the API shows it."""
    event = subjects.parse_history(message.subject).event
    return {"sequence": message.sequence, "at": message.at, "event": event, "body": readable(message.data)}


def readable(data: bytes) -> Any:
    """The JSON of a message; what is none, as text."""
    try:
        return orjson.loads(data) if data else None
    except orjson.JSONDecodeError:
        return data.decode(errors="replace")


def _payload_bytes(run: LoadedRun, name: str) -> int:
    """Bytes of payloads that showing a task opens."""
    found = run.state.find(name)
    references = [as_reference(found[0].outputs.get(found[1])) if found else None]
    if rendered := task_input(run.state, name):
        references += [ref for ref in stored_of(*rendered) if isinstance(ref, PayloadRef)]
    return sum(reference.size for reference in references if reference)


def _events(messages: Iterable[StoredMessage]) -> list[Event]:
    """The events that can be read; the scheduler has put the others among the dead letters."""
    events = []
    for message in messages:
        with contextlib.suppress(MessageError):
            events.append(parse_event(*message))
    return events


def _not_found(namespace: str, run_id: str) -> ProblemError:
    return ProblemError("run.not_found", f"there is no run {run_id} in namespace {namespace}")
