"""An executor that breaks the protocol where it can, to see that the conformance suite notices."""

import asyncio
import time

import orjson

from gnatwork_bus.connection import Connection
from gnatwork_bus.consume import Consumer
from gnatwork_bus.delivery import Delivery
from gnatwork_bus.kv import Bucket
from gnatwork_bus.reconcile import ensure_consumer
from gnatwork_bus.topology import executor_consumer
from gnatwork_schemas import subjects

TYPE = "sloppy"


class Sloppy:
    """Runs whatever it gets, acknowledges first, and tells no one what it can't read."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def host(self, stop: asyncio.Event) -> None:
        """Until it is to stop."""
        entry = {"v": 1, "type": TYPE, "title": "", "summary": "", "config_schema": True, "output_schema": True}
        consumer = executor_consumer(TYPE)
        await ensure_consumer(self.connection, consumer)
        pulling = Consumer(self.connection, subjects.WORK, consumer.name, batch=50, handle=self.run)
        await pulling.start()
        await Bucket(self.connection, subjects.STATE_BUCKET).put(subjects.catalogue_key(TYPE), orjson.dumps(entry))
        await stop.wait()
        await pulling.stop()

    def run(self, delivery: Delivery) -> None:
        """Everything that is wrong at once."""
        delivery.ack()
        try:
            work = orjson.loads(delivery.data)
        except orjson.JSONDecodeError:
            return
        now = time.time()
        body = {
            "v": 1,
            "task": work["task"],
            "attempt": work["attempt"],
            "output": str((work["config"] or {}).get("value")),
            "started_at": now,
            "ended_at": now,
        }
        self.connection.send(work["output_subject"], orjson.dumps(body))
