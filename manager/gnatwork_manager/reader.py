"""Runs as their history tells them: no answer is older than its question."""

import contextlib
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_bus.message import StoredMessage
from gnatwork_engine.core.event import RunAddress
from gnatwork_engine.core.explain import run_waits_for, undone, waiters_of
from gnatwork_engine.core.replies import first_reply
from gnatwork_engine.core.state import RunState
from gnatwork_engine.core.view import run_summary, task_input, task_paths, task_view
from gnatwork_engine.deferred import stored_of
from gnatwork_engine.render import Rendered
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.replies import Reply, parse_reply
from gnatwork_manager.run_states import LoadedRun, RunStates, not_found
from gnatwork_manager.stored_values import StoredValues
from gnatwork_schemas import subjects
from gnatwork_schemas.control_block import ControlledBlock
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import TemplateError
from gnatwork_schemas.messages import Complete, Message
from gnatwork_schemas.names import RUN_ID_PATTERN
from gnatwork_schemas.payload import PayloadRef, as_reference
from gnatwork_schemas.status import Run, RunStatus

#: Bytes of payloads that a page of tasks opens; larger values beyond it stay references.
_PAGE_BYTES = 8 * 1024 * 1024
#: Nothing else becomes part of a subject.
_RUN_ID = re.compile(RUN_ID_PATTERN)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunReader:
    """Answers questions about runs. Every method raises ProblemError `run.not_found` for a run that is not there."""

    history: History
    states: RunStates
    values: StoredValues
    statuses: Bucket

    async def start(self, namespace: str, run_id: str) -> StoredMessage:
        """The `start` of a run."""
        message = await self.history.find_start(namespace, run_id) if _RUN_ID.fullmatch(run_id) else None
        if message is None:
            raise not_found(namespace, run_id)
        return message

    async def base(self, namespace: str, run_id: str) -> str:
        """The history base of a run."""
        return (await self.start(namespace, run_id)).subject.removesuffix(f".{subjects.START}")

    async def status(self, namespace: str, run_id: str) -> RunStatus:
        """What the status document says; `pending` before there is one. Unknown runs are pending too."""
        entry = await self.statuses.get(subjects.status_key(namespace, run_id))
        return RunStatus(orjson.loads(entry.value)["status"]) if entry else RunStatus.PENDING

    async def run(self, namespace: str, run_id: str) -> dict[str, Any]:
        """The run with its input and output."""
        async with self.states.loaded(namespace, run_id) as run:
            shown = await run.look(_shown_run)
        return await self._run_document(shown)

    async def tasks(self, namespace: str, run_id: str, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of tasks, in the order of the definition, those of loops and groups behind these."""
        place = decode_cursor(cursor, str)
        after = place[0] if place else None
        async with self.states.loaded(namespace, run_id) as run:
            shown = await run.look(lambda state: _shown_page(state, after, limit + 1))
        room = _PAGE_BYTES
        items = []
        for task in shown[:limit]:
            room -= task.stored_bytes
            items.append(await self._task_document(task) if room >= 0 else task.document)
        return page(items, encode_cursor(items[-1]["task"]) if len(shown) > limit else None)

    async def task(self, namespace: str, run_id: str, path: str) -> dict[str, Any]:
        """One task; ProblemError `task.not_found`."""
        async with self.states.loaded(namespace, run_id) as run:
            try:
                shown = _shown_task(run.state, path)
            except KeyError:
                raise ProblemError("task.not_found", f"run {run_id} has no task `{path}`") from None
        return await self._task_document(shown)

    async def waiters(self, namespace: str, run_id: str, signal: str) -> tuple[ControlledBlock, ...]:
        """The blocks, and steps of programs, that wait for a signal now."""
        async with self.states.loaded(namespace, run_id) as run:
            return await run.look(lambda state: waiters_of(state, signal))

    async def outcome(self, namespace: str, run_id: str) -> Reply | dict[str, Any] | None:
        """What the caller of a run waits for: the first reply of a block, else the run once it has ended."""
        async with self.states.loaded(namespace, run_id) as run:
            output = _first_reply(run)
            shown = await run.look(_shown_run) if run.state.ended else None
            address = run.state.address
        if output is not None and (reply := parse_reply(await self.values.open(address, output))):
            return reply
        return await self._run_document(shown) if shown else None

    async def events(self, namespace: str, run_id: str, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of the stored events."""
        place = decode_cursor(cursor, int)
        base = await self.base(namespace, run_id)
        messages = await self.history.page(base, after=place[0] if place else 0, limit=limit + 1)
        documents = [event_document(message) for message in messages[:limit]]
        items = [document for document in documents if not subjects.is_upkeep(document["event"])]
        return page(items, encode_cursor(messages[limit - 1].sequence) if len(messages) > limit else None)

    async def _run_document(self, run: "_ShownRun") -> dict[str, Any]:
        """A run with its values, however large."""
        document, address = run.document, run.address
        document["input"] = await self.values.open(address, run.input)
        document["output"] = None
        if isinstance(end := run.end, Complete):
            try:
                output = await self.values.open(address, end.output)
                document["output"] = await self.values.resolve(address, output, end.deferred)
            except TemplateError as error:
                # Only now does it show that the path leads nowhere: the scheduler does not open payloads.
                info = ErrorInfo(code=error.code, message=f"the run's output: {error.detail}")
                document["error"] = info.model_dump(mode="json")
        return document

    async def _task_document(self, task: "_ShownTask") -> dict[str, Any]:
        """A task with its values, however large."""
        document = task.document
        document["output"] = await self.values.open(task.address, document["output"])
        if task.rendered and task.rendered.deferred:
            # A path that leads nowhere has made the task fail; its input then stays as it was sent.
            with contextlib.suppress(TemplateError):
                document["input"] = await self.values.resolve(task.address, *task.rendered)
        return document


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


class _ShownRun(NamedTuple):
    """A run as it is shown, its values not opened."""

    address: RunAddress
    document: dict[str, Any]
    input: Any
    end: Message | None


class _ShownTask(NamedTuple):
    """A task as it is shown, its values not opened."""

    address: RunAddress
    document: dict[str, Any]
    rendered: Rendered | None

    @property
    def stored_bytes(self) -> int:
        """Bytes of payloads that opening it takes."""
        references: list[Any] = [as_reference(self.document["output"])]
        references += stored_of(*self.rendered) if self.rendered else ()
        return sum(reference.size for reference in references if isinstance(reference, PayloadRef))


def _shown_run(state: RunState) -> _ShownRun:
    run = Run(**dict(run_summary(state)), waiting_for=run_waits_for(state), undone=undone(state))
    document = run.model_dump(mode="json", exclude={"v"})
    return _ShownRun(state.address, document, state.start.input, state.end)


def _shown_task(state: RunState, path: str) -> _ShownTask:
    """A task; KeyError when there is none of this path."""
    document = task_view(state, path).model_dump(mode="json", exclude={"v"})
    return _ShownTask(state.address, document, task_input(state, path))


def _shown_page(state: RunState, after: str | None, limit: int) -> list[_ShownTask]:
    return [_shown_task(state, path) for path in task_paths(state, after, limit)]


def _first_reply(run: LoadedRun) -> Any:
    """The output of the first block that replied; None when none has."""
    return first_reply(run.plan.control_block, run.state)
