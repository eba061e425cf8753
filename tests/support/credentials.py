"""The manager's side of connections, played for executors, and work that mentions them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import orjson

from gnatwork_bus.connection import Connection
from gnatwork_bus.live import Request, answering
from gnatwork_engine.render import Renderer, Scope
from gnatwork_engine.template import parse_template
from gnatwork_manager.problems import to_problem
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.connections import ResolvedConnection
from gnatwork_schemas.messages import Work
from gnatwork_schemas.template import TemplateLeaf
from support.executing import make_work


def mentioning(config: dict[str, str], type_: str = "odd", **fields: Any) -> Work:
    """A work item whose config is these texts, as the scheduler renders it."""
    leaves = [TemplateLeaf(at=(key,), parts=parts) for key, text in config.items() if (parts := parse_template(text))]
    rendered = Renderer(config, leaves).render(Scope(input={}, outputs={}, run={}, trigger={}))
    return make_work(type_, rendered.config, deferred=rendered.deferred, **fields)


class Vault:
    """Answers `connection.resolve`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.connections: dict[str, ResolvedConnection] = {}
        self.keep = 60.0
        #: The code of the problem to answer with.
        self.problem: str | None = None
        #: What was asked.
        self.asked: list[dict[str, Any]] = []
        #: Set with the first question.
        self.heard = asyncio.Event()
        #: Answers wait for it.
        self.open = asyncio.Event()
        self.open.set()

    async def answer(self, request: Request) -> None:
        """Answer one request."""
        body = orjson.loads(request.data)
        self.asked.append(body)
        self.heard.set()
        await self.open.wait()
        if self.problem is not None:
            problem = to_problem(self.problem, "told in detail").model_dump(mode="json")
            headers = {header_names.SERVICE_ERROR: self.problem}
            self._connection.send(request.reply, orjson.dumps({"v": 1, "problem": problem}), headers=headers)
            return
        found = {name: self.connections[name].model_dump() for name in body["names"]}
        self._connection.send(request.reply, orjson.dumps({"v": 1, "connections": found, "keep": self.keep}))


@contextlib.asynccontextmanager
async def vault(connection: Connection, **connections: dict[str, str]) -> AsyncIterator[Vault]:
    """Connections of these values, all of them secret."""
    found = Vault(connection)
    for name, values in connections.items():
        found.connections[name] = ResolvedConnection(values={**values}, secret=tuple(values))
    subject = subjects.api("*", subjects.CONNECTION_RESOLVE)
    async with answering(connection, subject, "manager", found.answer):
        yield found
