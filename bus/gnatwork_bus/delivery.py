"""A message that a consumer delivered, to be settled exactly once."""

from collections.abc import Callable, Mapping

import orjson

from gnatwork_bus.message import seconds

#: What settling a delivery does: write this body to its reply subject.
Settle = Callable[["Delivery", bytes], None]


class Delivery:
    """A delivered message; settling it frees its place in the consumer's bound."""

    __slots__ = ("_settle", "at", "consumer_sequence", "data", "delivered", "headers", "reply", "sequence", "subject")

    def __init__(
        self, subject: str, data: bytes, headers: Mapping[str, str] | None, reply: str, settle: Settle
    ) -> None:
        self.subject = subject
        self.data = data
        self.headers = headers
        self.reply = reply
        self._settle: Settle | None = settle
        # As `parse_delivery`, but for what nobody asks for: every message passes here.
        tokens = reply.split(".")
        first = 4 if len(tokens) == 9 else 6
        #: How often it was delivered, this time included.
        self.delivered = int(tokens[first])
        #: Its sequence in the stream.
        self.sequence = int(tokens[first + 1])
        #: Counts the consumer's deliveries; a gap means that some were lost on the way.
        self.consumer_sequence = int(tokens[first + 2])
        #: When it was stored, Unix seconds.
        self.at = seconds(int(tokens[first + 3]))

    @property
    def pending(self) -> int:
        """How many messages the consumer had still to send after it."""
        tokens = self.reply.split(".")
        return int(tokens[8 if len(tokens) == 9 else 10])

    @property
    def settled(self) -> bool:
        """Whether it was acknowledged, handed back, terminated or abandoned."""
        return self._settle is None

    def ack(self) -> None:
        """Done: never deliver it again."""
        self._finish(b"+ACK")

    def nak(self, delay: float | None = None) -> None:
        """Hand it back, to be delivered again after `delay` seconds."""
        self._finish(b"-NAK" if delay is None else b"-NAK " + orjson.dumps({"delay": int(delay * 1e9)}))

    def term(self, reason: str) -> None:
        """No one can ever handle it: never deliver it again, and say why in the server's advisories."""
        self._finish(b"+TERM " + reason.replace("\n", " ").encode())

    def abandon(self) -> None:
        """Leave it to the server to deliver it again, to whoever is in charge then."""
        self._finish(b"")

    def in_progress(self) -> None:
        """Still at work: start the server's `ack_wait` anew."""
        if self._settle is not None:
            self._settle(self, b"+WPI")

    def _finish(self, body: bytes) -> None:
        settle, self._settle = self._settle, None
        if settle is not None:
            settle(self, body)
