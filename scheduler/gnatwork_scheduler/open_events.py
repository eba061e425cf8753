"""Events that were delivered and are not settled: whatever their effects take, the server is told that they go on."""

import asyncio

from gnatwork_bus.delivery import Delivery

#: Seconds after which the server is told that an event is still being worked at; its patience is five.
_RENEW = 2.0
#: Seconds before an event that could not be handled is delivered again.
_RETRY = 1.0


class OpenEvents:
    """The open events of a shard, in the order in which they came."""

    def __init__(self) -> None:
        self._open: dict[int, Delivery] = {}
        #: Those that were open at the last renewal have been for long.
        self._newest = 0
        self._renewal: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._open)

    def add(self, delivery: Delivery) -> None:
        """It came."""
        self._open[delivery.consumer_sequence] = delivery
        if self._renewal is None:
            self._renewal = asyncio.get_running_loop().call_later(_RENEW, self._renew)

    def ack(self, delivery: Delivery) -> None:
        """All that it called for is stored."""
        self._close(delivery)
        delivery.ack()

    def retry(self, delivery: Delivery) -> None:
        """Something could not be stored: it is to come again in a moment."""
        self._close(delivery)
        delivery.nak(_RETRY)

    def refuse(self, delivery: Delivery, reason: str) -> None:
        """No one can ever handle it."""
        self._close(delivery)
        delivery.term(reason)

    def abandon(self, delivery: Delivery) -> None:
        """Someone else may be in charge by now."""
        self._close(delivery)
        delivery.abandon()

    def stop(self) -> None:
        """Renew no more."""
        if self._renewal:
            self._renewal.cancel()

    def _close(self, delivery: Delivery) -> None:
        self._open.pop(delivery.consumer_sequence, None)

    def _renew(self) -> None:
        for number, delivery in self._open.items():
            if number > self._newest:
                break
            delivery.in_progress()
        self._newest = next(reversed(self._open), 0)
        self._renewal = asyncio.get_running_loop().call_later(_RENEW, self._renew) if self._open else None
