"""Submits runs at a steady pace, again and again until each is accepted, and drives those that want it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import orjson

from chaos.cluster import Cluster
from chaos.kind import Kind
from chaos.recorder import Recorder
from chaos.workloads import KINDS
from gnatwork import Client, RequestError, UnreachableError

T = TypeVar("T")

#: Seconds that an answer may take before it is asked for elsewhere.
_PATIENCE = 5.0
#: Seconds before asking again: at first, and at most.
_WAITS = (0.05, 1.0)
#: One of so many submissions is made twice, at once and in different places.
_DOUBLED = 20


@dataclass
class Load:
    """The runs of a session."""

    seed: int
    runs: int
    #: Seconds over which they are spread.
    seconds: float
    hook: str
    recorder: Recorder
    log: Path
    clients: Sequence[Client] = ()
    #: Ids of the accepted runs.
    accepted: set[str] = field(default_factory=set)
    #: How often a request had to be made again.
    repeated: int = 0
    #: What was refused that must not be.
    refused: list[str] = field(default_factory=list)
    _drivers: set[asyncio.Task[None]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def connected(self, cluster: Cluster) -> AsyncIterator[None]:
        """With clients of both kinds, over HTTP to each manager and over NATS."""
        async with contextlib.AsyncExitStack() as stack:
            clients = [Client(api.api, token=api.token, timeout=_PATIENCE) for api in cluster.apis]
            clients.append(Client(cluster.nats, timeout=_PATIENCE))
            self.clients = [await stack.enter_async_context(client) for client in clients]
            yield

    async def store(self) -> None:
        """Store the workflows that others ask for."""
        for definition in (stored for kind in KINDS.values() for stored in kind.stored):
            await self.clients[0].put_workflow(definition["name"], definition)

    async def submit_all(self) -> None:
        """Return when all have been accepted."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        draw = Random(f"{self.seed}/kinds")  # noqa: S311 - a seed is to tell everything
        names = draw.choices(list(KINDS), [kind.share for kind in KINDS.values()], k=self.runs)
        with self.log.open("ab", buffering=0) as log:
            async with asyncio.TaskGroup() as tasks:
                for number, name in enumerate(names):
                    at = began + number * self.seconds / self.runs
                    tasks.create_task(self._one(number, name, at, log.write))

    async def stop(self) -> None:
        """Drive runs no more."""
        for task in self._drivers:
            task.cancel()
        await asyncio.gather(*self._drivers, return_exceptions=True)

    async def _one(self, number: int, name: str, at: float, write: Callable[[bytes], Any]) -> None:
        await asyncio.sleep(at - asyncio.get_running_loop().time())
        kind, chance = KINDS[name], Random(f"{self.seed}/{number}")  # noqa: S311 - as above
        run_id = await self._submit(number, kind, chance)
        record = {
            "number": number,
            "kind": name,
            "key": _key(number),
            "run_id": run_id,
            "at": time.time(),
            "ends": kind.ends(number),
            "at_least": kind.at_least,
            "waits": kind.waits,
            "once": kind.once,
            "order": kind.order,
            "limit": kind.limit,
        }
        write(orjson.dumps(record) + b"\n")
        if run_id is not None:
            self.accepted.add(run_id)
            driver = asyncio.create_task(kind.drive(_Driven(self, run_id, number, chance)), name=f"drive-{number}")
            self._drivers.add(driver)
            driver.add_done_callback(self._driven)

    def _driven(self, driver: asyncio.Task[None]) -> None:
        self._drivers.discard(driver)
        if not driver.cancelled() and (error := driver.exception()):
            self.refused.append(f"{driver.get_name()}: {error!r}")

    async def _submit(self, number: int, kind: Kind, chance: Random) -> str | None:
        """The run's id, or None when it was refused for good."""
        input_ = {"n": number, "hook": self.hook, **kind.more(number)}

        async def start(client: Client) -> str:
            return (await client.start(kind.definition, input=input_, idempotency_key=_key(number))).run_id

        times = 2 if chance.randrange(_DOUBLED) == 0 else 1
        try:
            ids = await asyncio.gather(*(self.call(start, chance) for _ in range(times)))
        except RequestError as error:
            self.refused.append(f"submission {number} was refused: {error}")
            return None
        if len(set(ids)) > 1:
            self.refused.append(f"submission {number} became two runs: {ids}")
        return ids[0]

    async def call(self, action: Callable[[Client], Awaitable[T]], chance: Random) -> T:
        """What `action` yields, asked of one client after the other; RequestError when it is wrong, not only early."""
        wait, longest = _WAITS
        place = chance.randrange(len(self.clients))
        while True:
            try:
                return await action(self.clients[place])
            except RequestError as error:
                if error.problem.status < 500:
                    raise
            except UnreachableError:
                pass
            self.repeated += 1
            place = (place + 1) % len(self.clients)
            await asyncio.sleep(wait)
            wait = min(2 * wait, longest)


@dataclass
class _Driven:
    """See `chaos.kind.LiveRun`."""

    load: Load
    run_id: str
    number: int
    chance: Random

    async def call(self, action: Callable[[Client], Awaitable[Any]]) -> None:
        try:
            await self.load.call(action, self.chance)
        except RequestError as error:
            if error.problem.code != "run.ended":
                self.load.refused.append(f"{self.run_id}: {error}")

    async def until(self, event: str) -> None:
        await self.load.recorder.until(self.run_id, event)

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _key(number: int) -> str:
    return f"chaos-{number}"
