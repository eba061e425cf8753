"""Any manager, over NATS."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import orjson

from gnatwork.ends import Ends
from gnatwork.errors import ClientError, RequestError, UnreachableError
from gnatwork.feeds import EventFeed, LogFeed
from gnatwork.logins import Keeper, Login
from gnatwork.nats_events import NatsEvents
from gnatwork.transport import Call, RunEvent, run_path
from gnatwork_bus.audit import audit_entries, last_entry
from gnatwork_bus.connection import Connection
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.audit import AuditRecord
from gnatwork_schemas.errors import UnavailableError
from gnatwork_schemas.live import LogLine
from gnatwork_schemas.messages import Message
from gnatwork_schemas.model import VERSION
from gnatwork_schemas.problem import Problem
from gnatwork_schemas.status import Run

#: Seconds that it may take to connect.
_CONNECT = 5.0
#: Seconds of silence after which one who waits asks whether the end was lost: at first, and at most.
_FIRST_SILENCE, _LONGEST_SILENCE = 10.0, 300.0
#: Verbs that begin a run, whose end someone may wait for.
_BEGINNING = frozenset({"submit", "workflow.start", "run.retry", "run.rerun", "trigger.fire"})


class NotConnectedError(ClientError):
    """It is not connected; use it as `async with Client(…) as client:`."""


class NoLoginError(ClientError):
    """Over NATS nobody logs in: whoever can connect may do everything; use the manager's http:// address."""


class TooLargeError(ClientError):
    """NATS does not carry a request that large; send it over HTTP."""


class _Refusal(Message):
    problem: Problem | None = None


class NatsTransport:
    """One connection to NATS."""

    def __init__(self, url: str, *, namespace: str, timeout: float) -> None:
        self._url = url
        self._namespace = namespace
        self._timeout = timeout
        self._stack = contextlib.AsyncExitStack()
        self._connected: Connection | None = None
        self._followed: NatsEvents | None = None
        self._ends = Ends()
        self._listening = asyncio.Lock()

    @property
    def _connection(self) -> Connection:
        if self._connected is None:
            raise NotConnectedError
        return self._connected

    @property
    def _events(self) -> NatsEvents:
        if self._followed is None:
            raise NotConnectedError
        return self._followed

    async def open(self) -> None:
        """See `Transport`."""
        patience = min(self._timeout, _CONNECT)
        opening = self._stack.enter_async_context(Connection.open(self._url, name="client", patience=patience))
        try:
            connection = await opening
        except UnavailableError as error:
            raise UnreachableError(error.detail) from None
        connection.on_reconnect(self._ends.missed)
        self._connected = connection
        self._followed = NatsEvents(connection, self._namespace, self._run)

    async def close(self) -> None:
        """See `Transport`."""
        self._connected = None
        await self._stack.aclose()

    async def call(self, call: Call) -> Any:
        """See `Transport`."""
        if call.verb.startswith("auth."):
            raise NoLoginError
        if call.verb not in _BEGINNING:
            return await self._request(call)
        await self._listen()
        self._ends.submitting()
        run_id: str | None = None
        try:
            answer = await self._request(call)
            run_id = answer["run_id"]
            return answer
        finally:
            self._ends.submitted(run_id)

    async def ended(self, run_id: str) -> RunEvent | None:
        """See `Transport`."""
        await self._listen()
        silence = _FIRST_SILENCE
        certain = self._ends.certain(run_id)
        while (end := self._ends.taken(run_id)) is None:
            # Listening comes first, so that an end between the answer and the listening is not lost.
            with self._ends.listener(run_id) as heard:
                if not certain and await self._is_over(run_id):
                    return None
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(silence):
                        end = await heard
            if end is not None:
                break
            certain = False
            silence = min(2 * silence, _LONGEST_SILENCE)
        return end.read()

    async def events(self, feed: EventFeed, after: int | None) -> AsyncGenerator[RunEvent, None]:
        """See `Transport`."""
        async with contextlib.aclosing(self._events.events(feed, after)) as events:
            async for event in events:
                yield event

    async def audit(self, after: int | None) -> AsyncGenerator[AuditRecord, None]:
        """See `Transport`."""
        start = await last_entry(self._connection) if after is None else after
        async with contextlib.aclosing(audit_entries(self._connection, start)) as messages:
            async for message in messages:
                # Anyone may send what looks like an entry.
                with contextlib.suppress(ValueError):
                    yield AuditRecord.model_validate({**orjson.loads(message.data), "id": message.sequence})

    def log_in(self, login: Login, keeper: Keeper | None) -> None:  # noqa: ARG002 - of the protocol
        """See `Transport`."""
        raise NoLoginError

    async def log(self, feed: LogFeed) -> AsyncGenerator[LogLine, None]:
        """See `Transport`."""
        async with contextlib.aclosing(self._events.log(feed)) as lines:
            async for line in lines:
                yield line

    async def _listen(self) -> None:
        """Hear the ends of runs from now on; a client that starts and awaits none need not."""
        async with self._listening:
            if not self._ends.listening:
                for subject in Ends.SUBJECTS:
                    await self._connection.listen(subject, self._ends.hear)
                self._ends.listening = True

    async def _is_over(self, run_id: str) -> bool:
        """Whether a run has ended; while no manager answers nobody knows, and so not."""
        try:
            return (await self._run(run_id)).status.ended
        except UnreachableError:
            return False

    async def _run(self, run_id: str) -> Run:
        call = Call(verb="run.get", method="GET", path=run_path(run_id), subject={"run_id": run_id})
        return Run.model_validate(await self._request(call))

    async def _request(self, call: Call) -> Any:
        given = call.body or {} if call.body_field is None else {call.body_field: call.body}
        body: dict[str, Any] = {"v": VERSION, **call.subject, **given}
        body |= {name: value for name, value in call.query.items() if value is not None}
        body |= {name.lower().replace("-", "_"): value for name, value in call.conditions.items()}
        if call.idempotency_key is not None:
            body["idempotency_key"] = call.idempotency_key
        data = orjson.dumps(body)
        limit = self._connection.nc.max_payload
        if len(data) > limit:
            raise TooLargeError(f"{len(data)} bytes, at most {limit} are carried")
        try:
            reply = await self._connection.request(subjects.api(self._namespace, call.verb), data, self._timeout)
        except UnavailableError as error:
            raise UnreachableError(error.detail) from error
        if reply.headers and header_names.SERVICE_ERROR in reply.headers:
            refusal = _Refusal.model_validate_json(reply.data)
            if refusal.problem is not None:
                raise RequestError(refusal.problem)
        return orjson.loads(reply.data)
