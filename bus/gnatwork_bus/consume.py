"""The consume loop: pulls stay outstanding, work in flight is bounded, and nothing stalls for ever.

Pull requests are renewed after they expire, after a reconnect, after a server restart, and when nothing was heard
for longer than heartbeats allow (pull subscriptions of the client library are known to stall, nats.py#504).
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping

import orjson
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

from gnatwork_bus.connection import Connection
from gnatwork_bus.delivery import Delivery
from gnatwork_bus.message import Status, status_of
from gnatwork_schemas.header_names import PIN_ID, PULL_PENDING

log = logging.getLogger(__name__)

_SECOND = 1_000_000_000
_IN_PROGRESS = b"+WPI"
#: Codes of the server's statuses, see `gnatwork_bus.message.Status`.
_HEARTBEAT, _NOTHING, _EXPIRED, _OTHER_PIN = 100, 404, 408, 423
#: Wait for the server's last messages when the loop stops, seconds.
_STOP_PATIENCE = 2.0
#: Wait before asking again when the server refused outright, seconds.
_REFUSED_WAIT = 0.5


class Consumer:
    """Pulls from a durable consumer and hands each message to `handle`, in order."""

    def __init__(
        self,
        connection: Connection,
        stream: str,
        durable: str,
        *,
        batch: int,
        handle: Callable[[Delivery], None],
        expires: float = 60.0,
        pinned_group: str | None = None,
        on_break: Callable[[], None] | None = None,
        on_settled: Callable[[], None] | None = None,
        room: Callable[[], int] | None = None,
    ) -> None:
        """Describe the loop; `start` starts it.

        Args:
            connection: where to.
            stream: the stream's name.
            durable: the consumer's name.
            batch: the most messages that are asked for or not yet settled.
            handle: called with each message; must not block.
            expires: seconds after which an unanswered pull is renewed.
            pinned_group: the priority group of a consumer that has one active client at a time.
            on_break: called when messages may have been missed: the connection or the pin was lost, or a gap seen.
            on_settled: called each time that a message has been settled.
            room: the most messages that may be asked for, where that is not `batch` less what is not yet settled;
                call `fill` when there is more.
        """
        self._connection = connection
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self.durable = durable
        self._batch = batch
        self._handle = handle
        self._expires = expires
        self._group = pinned_group
        self._on_break = on_break or (lambda: None)
        self._on_settled = on_settled or (lambda: None)
        self._room = room or self._unsettled_room
        self._heartbeat = 10.0 if expires >= 20 else None
        self._requested = 0
        self._in_flight = 0
        #: Whether the server's last answer to a pull was that it can't be served, which is said once.
        self._refused = False
        self._last_sequence = 0
        self._pin: str | None = None
        #: Whether anything came since the watchdog looked last.
        self._heard = True
        self._watchdog: asyncio.TimerHandle | None = None
        self._subscription: Subscription | None = None
        self._inbox = ""
        self._pulling = False
        #: Moves to another inbox; kept so that the loop does not forget it.
        self._move: asyncio.Task[None] | None = None

    @property
    def in_flight(self) -> int:
        """Messages received and not yet settled."""
        return self._in_flight

    @property
    def pinned(self) -> bool:
        """Whether this is the active client of a pinned consumer, as far as it knows."""
        return self._pin is not None

    async def start(self) -> None:
        """Begin to pull."""
        self._connection.on_reconnect(self._returned)
        self._connection.on_disconnect(self._lost)
        await self._listen()
        self._pulling = True
        self._watch()
        self.fill()

    async def stop(self) -> None:
        """Pull no more. What the server has sent before still comes to the handler, until this returns."""
        self._pulling = False
        self._connection.forget(self._returned)
        self._connection.forget(self._lost)
        if self._watchdog:
            self._watchdog.cancel()
        subscription, self._subscription = self._subscription, None
        if subscription:
            # The server sees that no one listens to the open requests any more and drops them; what is on its way
            # is waited for, as it would be missing until `ack_wait` has passed.
            with contextlib.suppress(NatsError, TimeoutError):
                async with asyncio.timeout(_STOP_PATIENCE if self._connection.is_connected else 0):
                    await subscription.drain()  # type: ignore[no-untyped-call]  # of the client library

    async def _listen(self) -> None:
        nc = self._connection.nc
        self._inbox = nc.new_inbox()
        self._subscription = await nc.subscribe(
            self._inbox, cb=self._received, pending_msgs_limit=0, pending_bytes_limit=0
        )

    def _unsettled_room(self) -> int:
        return self._batch - self._in_flight

    def fill(self) -> None:
        """Ask for more once a worthwhile part of the bound is free."""
        free = self._room() - self._requested
        if not self._pulling or free <= 0 or (self._requested and free < self._batch // 4):
            return
        request: dict[str, object] = {"batch": free, "expires": int(self._expires * _SECOND)}
        if self._heartbeat:
            request["idle_heartbeat"] = int(self._heartbeat * _SECOND)
        if self._group:
            request["group"] = self._group
            if self._pin:
                request["id"] = self._pin
        self._requested += free
        self._connection.send(self._subject, orjson.dumps(request), self._inbox)

    async def _received(self, msg: Msg) -> None:
        self._heard = True
        if not msg.reply:
            if status := status_of(msg):
                self._answered(status, msg.headers or {})
            return
        delivery = Delivery(msg.subject, msg.data, msg.headers, msg.reply, self._settle)
        if self._group:
            self._check_order(delivery)
        self._requested = max(0, self._requested - 1)
        self._in_flight += 1
        try:
            self._handle(delivery)
        except Exception:
            log.exception("handling a message of %s failed; it will be delivered again", self.durable)
            delivery.nak(1.0)
        self.fill()

    def _check_order(self, delivery: Delivery) -> None:
        pin = (delivery.headers or {}).get(PIN_ID)
        if pin != self._pin or delivery.consumer_sequence != self._last_sequence + 1:
            self._pin = pin
            self._on_break()
        self._last_sequence = delivery.consumer_sequence

    def _answered(self, status: Status, headers: Mapping[str, str]) -> None:
        if status.code == _HEARTBEAT:
            return
        self._requested = max(0, self._requested - int(headers.get(PULL_PENDING, self._batch)))
        if status.code == _OTHER_PIN:
            self._break()
            self._requested = 0
        if status.code in {_NOTHING, _EXPIRED, _OTHER_PIN}:
            self._refused = False
            self.fill()
            return
        # The consumer moved, was deleted or is over a limit. Ask again, but not in a tight loop.
        if not self._refused:
            self._refused = True
            log.warning("%s can't be pulled from, trying again until it can: %d %s", self.durable, *status)
        self._requested = 0
        asyncio.get_running_loop().call_later(_REFUSED_WAIT, self.fill)

    def _settle(self, delivery: Delivery, body: bytes) -> None:
        if body:
            self._connection.send(delivery.reply, body)
        if body != _IN_PROGRESS:
            self._in_flight -= 1
            self._on_settled()
            self.fill()

    def _lost(self) -> None:
        """The server may keep the open requests, and serve them beside new ones as soon as their inbox is back."""
        self._break()
        subscription, self._subscription = self._subscription, None
        if subscription:
            self._move = asyncio.get_running_loop().create_task(_leave(subscription))

    def _returned(self) -> None:
        self._move = asyncio.get_running_loop().create_task(self._begin_anew())

    async def _begin_anew(self) -> None:
        if self._pulling and self._subscription is None:
            await self._listen()
        self._renew()

    def _renew(self) -> None:
        """Open requests died with the connection, or are forgotten: ask anew."""
        self._requested = 0
        self.fill()

    def _break(self) -> None:
        self._pin = None
        self._on_break()

    def _watch(self) -> None:
        """Renew the pulls when the server has been silent for longer than it may be."""
        patience = 2.5 * (self._heartbeat or self._expires)
        if not self._heard and self._requested and self._connection.is_connected:
            log.warning("%s: nothing heard for %.0f s, pulling anew", self.durable, patience)
            self._renew()
        self._heard = False
        self._watchdog = asyncio.get_running_loop().call_later(patience, self._watch)


async def _leave(subscription: Subscription) -> None:
    with contextlib.suppress(NatsError):
        await subscription.unsubscribe()
