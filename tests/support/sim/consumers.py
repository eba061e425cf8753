"""Durable pull consumers: who has got what, what is settled, and what has to be delivered again."""

import asyncio
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import orjson

from gnatwork_schemas import header_names, subjects
from support.sim.messages import Message
from support.sim.pulls import Pulls
from support.sim.streams import Stored, Stream
from support.sim.subjects import matches

T = TypeVar("T")


@dataclass(slots=True)
class Pending:
    """A message that is delivered and not settled."""

    #: Consumer sequence of the first delivery.
    number: int
    #: When it is delivered again.
    deadline: float


class _Change(NamedTuple):
    """What a server that was killed may not have written down."""

    at: float
    sequence: int
    #: As it was before.
    pending: Pending | None
    delivered: int
    next_sequence: int
    next_number: int


@dataclass(eq=False)
class Consumer:
    """One durable consumer."""

    stream: Stream
    config: dict[str, Any]
    pulls: Pulls
    now: Callable[[], float]
    later: Callable[..., asyncio.TimerHandle]
    send: Callable[[Message], bool]
    next_sequence: int = 1
    next_number: int = 1
    pending: dict[int, Pending] = field(default_factory=dict)
    #: How often each message was delivered.
    delivered: dict[int, int] = field(default_factory=dict)
    again: deque[int] = field(default_factory=deque)
    _changes: deque[_Change] = field(default_factory=lambda: deque(maxlen=512))
    _timer: asyncio.TimerHandle | None = None
    _busy: bool = False

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.config["name"])

    @property
    def ack_wait(self) -> float:
        """Seconds after which a message is delivered again."""
        return float(self.config["ack_wait"]) / 1e9

    @property
    def floor(self) -> int:
        """All messages up to this one are settled."""
        return min(self.pending, default=self.next_sequence) - 1

    def wants(self, subject: str) -> bool:
        """Whether it hands out messages on this subject."""
        return matches(self.config["filter_subject"], subject)

    def pump(self) -> None:
        """Hand out what can be handed out."""
        if self._busy:
            return
        self._busy = True
        try:
            while len(self.pulls) and (stored := self._next()) is not None:
                pull = self.pulls.take()
                if pull is None:
                    break
                self._deliver(stored, pull.reply)
        finally:
            self._busy = False

    def settle(self, sequence: int, body: bytes) -> bool:
        """What a client says of a delivery; whether the message is settled for good."""
        pending = self.pending.get(sequence)
        if sequence >= self.next_sequence:
            return False
        if body.startswith((b"+ACK", b"+TERM")) or not body:
            full = len(self.pending) >= self.config["max_ack_pending"]
            self._note(sequence)
            self.pending.pop(sequence, None)
            self.delivered.pop(sequence, None)
            self._not_again(sequence)
            if full:
                self.pump()
            return True
        if pending is None:
            return False
        if body.startswith(b"+WPI"):
            pending.deadline = self.now() + self.ack_wait
        elif body.startswith(b"-NAK"):
            if argument := body[4:].strip():
                self._not_again(sequence)
                pending.deadline = self.now() + orjson.loads(argument)["delay"] / 1e9
                self._watch(pending.deadline)
            elif sequence not in self.again:
                self.again.append(sequence)
                self.pump()
        return False

    def repeat(self, sequence: int) -> None:
        """Deliver a message again that is still pending."""
        if sequence in self.pending and sequence not in self.again:
            self.again.append(sequence)
            self.pump()

    def stop(self) -> None:
        """The server stops."""
        self.pulls.clear()
        self.again.clear()
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def resume(self, lag: float, check: float) -> None:
        """The server is back: what changed in its last `lag` seconds is forgotten; what is late comes in `check`."""
        since = self.now() - lag
        while self._changes and self._changes[-1].at > since:
            change = self._changes.pop()
            self.next_sequence, self.next_number = change.next_sequence, change.next_number
            _put(self.pending, change.sequence, change.pending)
            _put(self.delivered, change.sequence, change.delivered or None)
        self._changes.clear()
        for sequence in tuple(self.pending):
            if sequence not in self.stream.messages:
                self.pending.pop(sequence)
        if self.pending:
            self._watch(self.now() + check)

    def _next(self) -> Stored | None:
        messages = self.stream.messages
        while self.again:
            if (stored := messages.get(self.again[0])) is not None:
                return stored
            self.pending.pop(gone := self.again.popleft(), None)
            self.delivered.pop(gone, None)
        if len(self.pending) >= self.config["max_ack_pending"]:
            return None
        while self.next_sequence <= self.stream.last_sequence:
            stored = messages.get(self.next_sequence)
            if stored is not None and self.wants(stored.subject):
                return stored
            self.next_sequence += 1
        return None

    def _deliver(self, stored: Stored, inbox: str) -> None:
        sequence = stored.sequence
        self._note(sequence)
        if self.again and self.again[0] == sequence:
            self.again.popleft()
        else:
            self.next_sequence = sequence + 1
        times = self.delivered[sequence] = self.delivered.get(sequence, 0) + 1
        number, self.next_number = self.next_number, self.next_number + 1
        deadline = self.now() + self.ack_wait
        if (pending := self.pending.get(sequence)) is not None:
            pending.deadline = deadline
        else:
            self.pending[sequence] = Pending(number, deadline)
        self._watch(deadline)
        headers = stored.headers
        if self.pulls.pin:
            headers = {**(headers or {}), header_names.PIN_ID: self.pulls.pin}
        reply = f"{subjects.ACK_PREFIX}{self.stream.name}.{self.name}.{times}.{sequence}.{number}.{stored.at}.0"
        self.send(Message(inbox, stored.data, reply, headers, stored.subject))

    def _note(self, sequence: int) -> None:
        pending = self.pending.get(sequence)
        kept = Pending(pending.number, pending.deadline) if pending else None
        times = self.delivered.get(sequence, 0)
        self._changes.append(_Change(self.now(), sequence, kept, times, self.next_sequence, self.next_number))

    def _not_again(self, sequence: int) -> None:
        if sequence in self.again:
            self.again.remove(sequence)

    def _watch(self, deadline: float) -> None:
        if self._timer is None or self._timer.cancelled() or self._timer.when() > deadline:
            if self._timer:
                self._timer.cancel()
            self._timer = self.later(max(0.0, deadline - self.now()), self._check)

    def _check(self) -> None:
        """Deliver again what has waited for too long."""
        self._timer = None
        now = self.now()
        for sequence in sorted(self.pending):
            pending = self.pending[sequence]
            if pending.deadline <= now and sequence not in self.again:
                self.again.append(sequence)
                pending.deadline = now + self.ack_wait
        if self.pending:
            # What waits to be sent again is not looked at again.
            coming = (pending.deadline for pending in self.pending.values() if pending.deadline > now)
            self._watch(min(coming, default=now + self.ack_wait))
        self.pump()


def new_pins(name: str) -> Callable[[], str]:
    """Pins of 22 characters, none twice."""
    count = 0

    def pin() -> str:
        nonlocal count
        count += 1
        return f"{zlib.crc32(name.encode()):010d}-{count:011d}"

    return pin


def _put(mapping: dict[int, T], key: int, value: T | None) -> None:
    if value is None:
        mapping.pop(key, None)
    else:
        mapping[key] = value
