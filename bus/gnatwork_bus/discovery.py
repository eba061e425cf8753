"""Which managers, schedulers and executors there are right now, by asking them (`$SRV.INFO`)."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import orjson
from nats.aio.msg import Msg

from gnatwork_bus.connection import Connection

_INFO = "$SRV.INFO"


class FoundService(NamedTuple):
    """A process that has announced itself; see `gnatwork_bus.service.announced`."""

    #: What it is, e.g. `gnatwork-executor`.
    name: str
    #: Tells it from its siblings.
    id: str
    version: str
    metadata: Mapping[str, str]
    #: What it works at or answers.
    subjects: tuple[str, ...]


async def find_services(connection: Connection, *, patience: float) -> tuple[FoundService, ...]:
    """Everyone who answers within `patience` seconds, by name and id; nobody knows how many there are to wait for."""
    found: list[FoundService] = []

    async def take(message: Msg) -> None:
        if not message.data:
            return  # the server says that there is nobody at all
        info = orjson.loads(message.data)
        worked_at = tuple(endpoint["subject"] for endpoint in info.get("endpoints") or ())
        found.append(FoundService(info["name"], info["id"], info["version"], info.get("metadata") or {}, worked_at))

    inbox = connection.nc.new_inbox()
    subscription = await connection.nc.subscribe(inbox, cb=take)
    try:
        connection.send(_INFO, b"", reply=inbox)
        await asyncio.sleep(patience)
    finally:
        if not connection.nc.is_closed:
            await subscription.unsubscribe()
    return tuple(sorted(found, key=lambda service: (service.name, service.id)))
