"""The server: sessions, subjects, and what is published where."""

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from random import Random
from typing import Any

from gnatwork_schemas import subjects
from support.sim.api import Api
from support.sim.clock import EPOCH, PROCESS, VirtualLoop
from support.sim.consumers import Consumer
from support.sim.interest import Interest
from support.sim.messages import Message, status
from support.sim.network import Network, Session
from support.sim.streams import RefusedError, Stored, Stream, fired

#: Called with each message that is stored: the stream, the message, and the name of whose session it came from.
OnStored = Callable[[str, Stored, str], None]
#: Takes a message at the other end of a session: the subscription's number and the message.
Deliver = Callable[[int, Message], None]


class Server:
    """A NATS server with JetStream, in memory."""

    def __init__(self, loop: VirtualLoop, source: Random, on_stored: OnStored) -> None:
        self.loop = loop
        self.network = Network(loop, source)
        self.up = True
        self.streams: dict[str, Stream] = {}
        self.consumers: dict[tuple[str, str], Consumer] = {}
        self.interest = Interest()
        self.sessions: dict[Session, tuple[Callable[[Session], None], Context]] = {}
        #: The latest that a schedule fires after it is due, seconds.
        self.timer_lateness = 0.25
        self._source = source
        self._on_stored = on_stored
        self._api = Api(self)
        self._due: dict[tuple[str, int], asyncio.TimerHandle] = {}
        self._numbers = 0
        self._last_at = 0
        #: When the last message of a queue has its turn, and how often the server has been started.
        self._turns: dict[str, float] = {}
        self._life = 1
        # Whoever makes the server may be a process itself.
        self.context: Context = copy_context()
        self.context.run(PROCESS.set, None)

    def connect(self, name: str, client: Context, lost: Callable[[Session], None]) -> Session | None:
        """A new session, None while the server is down; `lost` is called when the server ends it."""
        if not self.up:
            return None
        session = Session(self.network, name, self.context, client)
        self.sessions[session] = lost, client
        return session

    def disconnect(self, session: Session) -> None:
        """The server learns that a session is over."""
        self.sessions.pop(session, None)
        self.interest.forget(session)

    def stop(self) -> None:
        """Die: whoever is connected notices."""
        self.up = False
        sessions, self.sessions = self.sessions, {}
        for session, (lost, client) in sessions.items():
            session.cut = True
            self.interest.forget(session)
            self.loop.call_soon(lost, session, context=client)
        for consumer in self.consumers.values():
            consumer.stop()
        for timer in self._due.values():
            timer.cancel()
        self._due.clear()

    def start(self) -> None:
        """Be there again, with what had been written down."""
        self.up = True
        self._life += 1
        source = self._source
        for consumer in self.consumers.values():
            lag = source.random() if source.random() < 0.5 else 0.0
            consumer.resume(lag, 0.5 + source.random())
        for stream in self.streams.values():
            for sequence in stream.schedules:
                self._schedule(stream, sequence)
            for sequence in stream.expiries:
                self._expire_later(stream, sequence)

    def publish(self, message: Message, origin: str) -> None:
        """Take what a client has published."""
        subject = message.subject
        if subject.startswith("$JS.API."):
            self._api.request(subject.removeprefix("$JS.API."), message.data, message.reply)
        elif subject.startswith(subjects.ACK_PREFIX):
            self._in_turn(subject.rsplit(".", 5)[0], self._settle, subject, message.data, message.reply)
        elif stream := self._stream_of(subject):
            self._in_turn(stream.name, self._append, stream, message, origin)
        elif not self.send(message) and message.reply:
            self.send(status(message.reply, 503, ""))

    def send(self, message: Message) -> bool:
        """Hand a message to whoever listens; whether there is anyone."""
        reached = False
        for session, deliver, number in self.interest.of(message.subject):
            reached = True
            session.to_client(deliver, number, message)
        return reached

    def later(self, seconds: float, callback: Callable[..., object], *args: Any) -> asyncio.TimerHandle:
        """Call back as the server, in a while."""
        return self.loop.call_at(self.loop.time() + max(0.0, seconds), callback, *args, context=self.context)

    def new_number(self) -> int:
        """For names of inboxes."""
        self._numbers += 1
        return self._numbers

    def _in_turn(self, queue: str, callback: Callable[..., object], *args: Any) -> None:
        """Do it after all else of this queue, now or a little later: requests to the API overtake what is published."""
        last, now = self._turns.get(queue, 0.0), self.loop.time()
        late = 0.03 * self._source.random() if self._source.random() < 0.1 else 0.0
        if last < now and not late:
            callback(*args)
            return
        self._turns[queue] = when = max(last, now + late)
        self.loop.call_at(when, self._take_turn, self._life, callback, args, context=self.context)

    def _take_turn(self, life: int, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        if self.up and life == self._life:
            callback(*args)

    def _stream_of(self, subject: str) -> Stream | None:
        return next((stream for stream in self.streams.values() if stream.takes(subject)), None)

    def _append(self, stream: Stream, message: Message, origin: str) -> None:
        try:
            stored = self.store(stream, message, origin)
        except RefusedError as error:
            answer: dict[str, Any] = {**error.answer, "stream": stream.name, "seq": 0}
        else:
            answer = {"stream": stream.name, "seq": stored.sequence}
        self._api.answer(message.reply, answer)

    def store(self, stream: Stream, message: Message, origin: str) -> Stored:
        """Append a message, and all that follows from it."""
        self._last_at = at = max(self._last_at + 1000, int((EPOCH + self.loop.time()) * 1e6) * 1000)
        subject = message.subject
        stored = stream.append(subject, message.data, message.headers, at)
        if stored.sequence in stream.schedules:
            self._schedule(stream, stored.sequence)
        if stored.sequence in stream.expiries:
            self._expire_later(stream, stored.sequence)
        self._on_stored(stream.name, stored, origin)
        if stream.name == subjects.HISTORY:
            _, _, _, _, run, event = subject.split(".", 5)
            self.send(Message(subjects.live_event(run, event), message.data, "", message.headers))
        for (name, _), consumer in self.consumers.items():
            if name == stream.name and consumer.wants(subject):
                consumer.pump()
        return stored

    def _settle(self, subject: str, body: bytes, reply: str) -> None:
        tokens = subject.split(".")
        name, durable, sequence = tokens[2], tokens[3], int(tokens[5])
        consumer = self.consumers.get((name, durable))
        if consumer and consumer.settle(sequence, body):
            stream = consumer.stream
            if stream.config["retention"] == "workqueue":
                stream.remove(sequence)
        if reply:
            self.send(Message(reply, b""))

    def _schedule(self, stream: Stream, sequence: int) -> None:
        wait = stream.schedules[sequence] - EPOCH - self.loop.time()
        late = self.timer_lateness * self._source.random()
        key = stream.name, sequence
        self._due[key] = self.later(max(0.0, wait) + late, self._fire, stream, sequence)

    def _fire(self, stream: Stream, sequence: int) -> None:
        self._due.pop((stream.name, sequence), None)
        stored = stream.messages.get(sequence)
        if stored is None or sequence not in stream.schedules:
            return
        subject, headers = fired(stored)
        self.store(stream, Message(subject, stored.data, "", headers), "server")
        stream.remove(sequence)

    def _expire_later(self, stream: Stream, sequence: int) -> None:
        wait = stream.expiries[sequence] - EPOCH - self.loop.time()
        # Looked at once a second.
        self._due[stream.name, sequence] = self.later(wait + self._source.random(), self._expire, stream, sequence)

    def _expire(self, stream: Stream, sequence: int) -> None:
        self._due.pop((stream.name, sequence), None)
        gone = stream.messages.get(sequence)
        if gone is None or not stream.remove(sequence):
            return
        if (headers := stream.marker(gone)) is not None:
            self.store(stream, Message(gone.subject, b"", "", headers), "server")
