"""The API over NATS: request `gnatwork.api.<namespace>.<verb>`, reply with the answer or a problem.

All managers share the requests (queue group). A request's body is a JSON object, empty for a verb that asks for
nothing; the reply is `{"v": 1, …}` as over HTTP, or `{"v": 1, "problem": {…}}`.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import orjson

from gnatwork_bus.live import Request, answering
from gnatwork_bus.service import WorkReport, announced, work_report
from gnatwork_manager.actors import Actor, actor
from gnatwork_manager.audit.notes import Notes, notes
from gnatwork_manager.audit.verbs import AuditedVerbs
from gnatwork_manager.bodies import parse_json
from gnatwork_manager.problems import ProblemError, describe, invalid, to_problem
from gnatwork_manager.services import Services
from gnatwork_manager.verb_request import VerbRequest
from gnatwork_manager.verbs import VERBS, answer
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.model import VERSION
from gnatwork_schemas.names import NAME_PATTERN
from gnatwork_schemas.problem import Problem

_QUEUE_GROUP = "manager"
#: Requests that are worked on at once; more wait in the subscription. Those that only wait for a run do not count.
_CONCURRENCY = 1024
#: Whoever can connect is trusted with everything.
_ACTOR = Actor("nats")
_NAMESPACE = re.compile(NAME_PATTERN)


@dataclass(slots=True)
class _Tally:
    requests: int = 0
    errors: int = 0
    seconds: float = 0.0


class NatsApi:
    """Answers requests for as long as the context of `serve` lasts."""

    def __init__(self, services: Services, audited: AuditedVerbs) -> None:
        self._services = services
        self._audited = audited
        self._room = asyncio.Semaphore(_CONCURRENCY)
        self._tasks: set[asyncio.Task[None]] = set()
        self._tallies = {verb: _Tally() for verb in VERBS}

    @contextlib.asynccontextmanager
    async def serve(self, metadata: Mapping[str, str]) -> AsyncIterator[None]:
        """Answer; at the end take no more requests and finish those that came."""
        connection = self._services.connection
        async with announced(
            connection, "gnatwork-manager", description="The API of Gnatwork", metadata=metadata, report=self._report
        ):
            try:
                async with answering(connection, subjects.API_SUBJECTS, _QUEUE_GROUP, self._received):
                    yield
            finally:
                await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _received(self, message: Request) -> None:
        await self._room.acquire()
        task = asyncio.create_task(self._answer(message), name="nats-api")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, message: Request) -> None:
        _, _, namespace, verb = message.subject.split(".", 3)
        begun = time.perf_counter()
        noted = Notes()
        actor.set(_ACTOR)
        notes.set(noted)
        with contextlib.ExitStack() as room:
            room.callback(self._room.release)
            try:
                request = self._read(message, namespace, room.close)
                reply = {"v": VERSION, **await answer(verb, request)}
                await self._audited.done(verb, namespace, request.body, noted)
                self._reply(message, orjson.dumps(reply))
                failed = False
            except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an answer
                self._refuse(message, describe(error))
                failed = True
        if tally := self._tallies.get(verb):
            tally.requests += 1
            tally.errors += failed
            tally.seconds += time.perf_counter() - begun

    def _read(self, message: Request, namespace: str, on_wait: Callable[[], None]) -> VerbRequest:
        if not _NAMESPACE.fullmatch(namespace):
            raise invalid("", f"`{namespace}` is not the name of a namespace")
        body = parse_json(message.data) if message.data else {}
        if not isinstance(body, dict):
            raise invalid("", "the body of a request is a JSON object")
        if (version := body.pop("v", VERSION)) != VERSION:
            raise ProblemError(
                "message.unknown_version", f"the request has v={version!r}, this manager reads v={VERSION}"
            )
        return VerbRequest(self._services, namespace, body, message.headers, on_wait)

    def _reply(self, message: Request, data: bytes) -> None:
        connection = self._services.connection
        if len(data) > connection.nc.max_payload:
            limit = connection.nc.max_payload
            detail = f"the answer has {len(data)} bytes and NATS carries {limit}; ask for it over HTTP"
            self._refuse(message, to_problem("payload.too_large", detail))
        else:
            connection.send(message.reply, data)

    def _refuse(self, message: Request, problem: Problem) -> None:
        body = {"v": VERSION, "problem": problem.model_dump(mode="json")}
        headers = {header_names.SERVICE_ERROR: problem.code, header_names.SERVICE_ERROR_CODE: str(problem.status)}
        self._services.connection.send(message.reply, orjson.dumps(body), headers=headers)

    def _report(self) -> list[WorkReport]:
        return [
            work_report(
                verb.replace(".", "-"),
                subjects.api("*", verb),
                _QUEUE_GROUP,
                requests=tally.requests,
                errors=tally.errors,
                seconds=tally.seconds,
                data={},
            )
            for verb, tally in self._tallies.items()
        ]
