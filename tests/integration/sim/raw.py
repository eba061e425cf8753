"""A client that shows everything that the server answers, but for what can't be the same twice."""

import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import NoRespondersError
from nats.js.api import Header

from gnatwork_bus.connection import Connection
from gnatwork_bus.descriptors import ConsumerDescriptor
from gnatwork_bus.reconcile import ensure_consumer
from gnatwork_schemas import header_names, subjects

#: Times, and what the model leaves out since nobody asks for it.
_LEFT_OUT = frozenset({header_names.STORED_AT, "Nats-UpTo-Sequence", "Nats-Last-Stream", "Nats-Last-Consumer"})
_PATIENCE = 10.0

Answer = dict[str, Any]


class Listening:
    """What comes to a subscription."""

    def __init__(self, raw: "Raw", subscription: Subscription) -> None:
        self._raw = raw
        self._subscription = subscription

    async def next(self) -> Answer:
        """The next message."""
        return self._raw.shown(await self._subscription.next_msg(timeout=_PATIENCE))


class Pulling(Listening):
    """What comes of pull requests."""

    def __init__(self, raw: "Raw", subscription: Subscription, inbox: str, subject: str) -> None:
        super().__init__(raw, subscription)
        self._connection, self._inbox, self._subject = raw.connection, inbox, subject

    async def ask(self, request: Mapping[str, Any]) -> None:
        """Pull."""
        await self._connection.nc.publish(self._subject, orjson.dumps(request), reply=self._inbox)

    async def settle(self, delivered: Answer, body: bytes) -> None:
        """Say what became of a delivery, and wait until the server has it."""
        await self._connection.request(self._raw.replies[delivered["delivered"]], body, timeout=_PATIENCE)


class Raw:
    """The client."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        #: Where deliveries are settled.
        self.replies: dict[tuple[int, ...], str] = {}
        self._pins: dict[tuple[int, ...], str] = {}

    @staticmethod
    def now() -> float:
        """Unix seconds."""
        return time.time()

    def pin(self, delivered: Answer) -> str:
        """The pin that a delivery came with."""
        return self._pins[delivered["delivered"]]

    async def publish(self, subject: str, data: bytes = b"", headers: Mapping[str, str] | None = None) -> Any:
        """Publish to a stream; its answer."""
        try:
            reply = await self.connection.nc.request(subject, data, timeout=5, headers=dict(headers or {}) or None)
        except NoRespondersError:
            return "nobody"
        return _plain(orjson.loads(reply.data))

    async def api(self, subject: str, body: Mapping[str, Any] | None) -> Any:
        """A request to JetStream's API; its answer."""
        data = orjson.dumps(body) if body is not None else b""
        reply = await self.connection.nc.request(f"$JS.API.{subject}", data, timeout=5)
        return _plain(orjson.loads(reply.data))

    async def state(self, stream: str) -> Any:
        """How much is in a stream."""
        info = await self.connection.api(f"STREAM.INFO.{stream}")
        return {name: info["state"].get(name, 0) for name in ("messages", "first_seq", "last_seq", "num_subjects")}

    async def consumer(self, consumer: ConsumerDescriptor) -> Any:
        """How far a consumer is."""
        info = await self.connection.api(f"CONSUMER.INFO.{consumer.stream}.{consumer.name}")
        counts = {name: info[name] for name in ("num_ack_pending", "num_pending")}
        return counts, info["delivered"]["consumer_seq"], info["ack_floor"]["stream_seq"]

    async def create(self, consumer: ConsumerDescriptor) -> None:
        """Create a consumer."""
        await ensure_consumer(self.connection, consumer)

    async def direct(self, stream: str, request: Mapping[str, Any]) -> list[Answer]:
        """All messages that answer a direct get."""
        nc = self.connection.nc
        inbox = nc.new_inbox()
        async with self.listening(inbox) as replies:
            await nc.publish(f"$JS.API.DIRECT.GET.{stream}", orjson.dumps(request), reply=inbox)
            answers = [await replies.next()]
            while "batch" in request and header_names.STATUS not in answers[-1]["headers"]:
                answers.append(await replies.next())
        return answers

    @contextlib.asynccontextmanager
    async def listening(self, subject: str) -> AsyncIterator[Listening]:
        """Hear what is sent to a subject."""
        subscription = await self.connection.nc.subscribe(subject)
        await self.connection.nc.flush()
        try:
            yield Listening(self, subscription)
        finally:
            await subscription.unsubscribe()

    @contextlib.asynccontextmanager
    async def pulling(self, consumer: ConsumerDescriptor, request: Mapping[str, Any]) -> AsyncIterator[Pulling]:
        """Pull once, and hear what comes of it."""
        inbox = self.connection.nc.new_inbox()
        subscription = await self.connection.nc.subscribe(inbox)
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{consumer.stream}.{consumer.name}"
        pulling = Pulling(self, subscription, inbox, subject)
        try:
            await pulling.ask(request)
            await self.connection.nc.flush()
            yield pulling
        finally:
            await subscription.unsubscribe()

    def shown(self, message: Msg) -> Answer:
        """A message without what can't be the same twice."""
        if (message.headers or {}).get(header_names.STATUS) == "503":
            return {"headers": {header_names.STATUS: "503"}}
        headers = {str(name): value for name, value in (message.headers or {}).items() if name not in _LEFT_OUT}
        if description := (message.headers or {}).get(Header.DESCRIPTION):
            headers = {name: value for name, value in headers.items() if value != description}
            headers["Description"] = description
        delivered: tuple[int, ...] = ()
        if message.reply.startswith(subjects.ACK_PREFIX):
            delivered = tuple(map(int, message.reply.split(".")[-5:-2]))
            self.replies[delivered] = message.reply
            if pin := headers.pop(header_names.PIN_ID, None):
                self._pins[delivered] = pin
        subject = "inbox" if message.subject.startswith("_INBOX.") else message.subject
        return {"subject": subject, "data": message.data, "headers": headers, "delivered": delivered}


def _plain(answer: Mapping[str, Any]) -> Any:
    """An answer without types and times."""
    left_out = {"type", "domain", "total", "limit", "offset", "ts", "time"}
    plain = {name: value for name, value in answer.items() if name not in left_out}
    return {name: _plain(value) if isinstance(value, Mapping) else value for name, value in plain.items()}
