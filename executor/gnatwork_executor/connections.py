"""Connections as blocks need them: asked for when an attempt mentions them, and kept in memory for a minute at most."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from gnatwork_blocks.errors import BlockError
from gnatwork_bus.connection import Connection
from gnatwork_bus.patience import until_available
from gnatwork_engine.redaction import Redactor
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.codes import CODES
from gnatwork_schemas.connections import ResolveBody, Resolved, ResolvedConnection, secret_part
from gnatwork_schemas.errors import UnavailableError
from gnatwork_schemas.messages import Work
from gnatwork_schemas.model import VERSION, Model
from gnatwork_schemas.problem import Problem

#: Seconds for which an answer is kept, whatever it says.
_LONGEST = 60.0
#: Seconds for an answer. A manager that has to ask a service may take longer; it is asked again, and goes on meanwhile.
_PATIENCE = 10.0
#: What passes when a manager, or NATS, is there again.
_PASSING = frozenset({"engine.unavailable", "engine.store_full"})


class Credentials(NamedTuple):
    """What an attempt was given."""

    #: By name of the connection its values, by name.
    values: Mapping[str, Mapping[str, Any]]
    #: Takes them out of whatever the attempt publishes.
    redactor: Redactor


class _Refusal(Model):
    problem: Problem


#: Namespace, block type and name.
_Key = tuple[str, str, str]


class Connections:
    """Those that the block types of this process may have."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._kept: dict[_Key, ResolvedConnection] = {}
        self._asking: dict[_Key, asyncio.Task[ResolvedConnection]] = {}
        #: By the secrets that they take out; making one takes as long as many a block.
        self._redactors: dict[tuple[str, ...], Redactor] = {}

    async def get(self, work: Work, names: Sequence[str]) -> Credentials:
        """The values of connections for an attempt; waits as long as no manager answers.

        Raises:
            BlockError: A manager refuses; its code tells why.
        """
        found = {name: await self._one(work, name) for name in names}
        secrets = tuple(secret for connection in found.values() for secret in _secrets(connection))
        return Credentials({name: connection.values for name, connection in found.items()}, self._redactor(secrets))

    async def close(self) -> None:
        """Ask no more."""
        for task in tuple(self._asking.values()):
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    def _redactor(self, secrets: tuple[str, ...]) -> Redactor:
        if (found := self._redactors.get(secrets)) is None:
            found = self._redactors[secrets] = Redactor(secrets)
            asyncio.get_running_loop().call_later(_LONGEST, self._redactors.pop, secrets, None)
        return found

    async def _one(self, work: Work, name: str) -> ResolvedConnection:
        key = work.namespace, work.type, name
        if (kept := self._kept.get(key)) is not None:
            return kept
        if (task := self._asking.get(key)) is None:
            # One question for all attempts that want to know; it goes on when the first of them is stopped.
            task = asyncio.create_task(until_available(lambda: self._ask(key, work.run_id)), name=f"connection-{name}")
            self._asking[key] = task
            task.add_done_callback(lambda done: self._answered(key, done))
        return await asyncio.shield(task)

    def _answered(self, key: _Key, task: asyncio.Task[ResolvedConnection]) -> None:
        del self._asking[key]
        if not task.cancelled():
            # Attempts that were stopped meanwhile do not ask what came of it.
            task.exception()

    async def _ask(self, key: _Key, run_id: str) -> ResolvedConnection:
        namespace, type_, name = key
        body = {"v": VERSION, **ResolveBody(names=(name,), type=type_, run_id=run_id).model_dump()}
        subject = subjects.api(namespace, subjects.CONNECTION_RESOLVE)
        reply = await self._connection.request(subject, orjson.dumps(body), _PATIENCE)
        if reply.headers and header_names.SERVICE_ERROR in reply.headers:
            raise _refusal(reply.data)
        resolved = Resolved.model_validate_json(reply.data)
        connection = resolved.connections[name]
        if (keep := min(resolved.keep, _LONGEST)) > 0:
            self._kept[key] = connection
            asyncio.get_running_loop().call_later(keep, self._kept.pop, key, None)
        return connection


def _secrets(connection: ResolvedConnection) -> list[str]:
    """What is to be taken out."""
    return [secret for name in connection.secret if (secret := secret_part(str(connection.values[name])))]


def _refusal(data: bytes) -> Exception:
    """What to raise for a problem that a manager has answered with."""
    try:
        problem = _Refusal.model_validate_json(data).problem
    except ValidationError:
        return UnavailableError("a manager answers in words that are not understood")
    if problem.code in _PASSING or problem.code not in CODES:
        return UnavailableError(problem.detail)
    return BlockError(problem.code, problem.detail or problem.title, retryable=CODES[problem.code].retryable != "no")
