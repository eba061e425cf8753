"""The lanes of a block type: how its places in this process are divided among urgent, ordinary and idle work.

An item that finds a place free runs at once, whatever its lane. So that the urgent can overtake while all places are
taken, a few items of each lane wait here for the next place; which lane gets it goes by weight, so none starves.
Ordinary work is asked for to wait only while the other lanes have work: what this process has no place for is left to
other executors. For the same reason items that wait while no place becomes free at all are given back, once each.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

from gnatwork_bus.connection import Connection
from gnatwork_bus.consume import Consumer
from gnatwork_bus.delivery import Delivery
from gnatwork_bus.hand_back import hand_back
from gnatwork_bus.topology import EXECUTOR_ACK_WAIT
from gnatwork_schemas.subjects import LANES, NORMAL_LANE, WORK, executor_consumer

log = logging.getLogger(__name__)

#: Of places that become free while all lanes have work, so many go to each.
WEIGHTS = {"high": 8, "normal": 4, "low": 1}
#: Seconds without a free place after which waiting items are given to other executors, once each.
PATIENCE = 1.0
#: Seconds for which it is remembered that a lane had more work than was asked for.
_MEMORY = 10.0
#: Of this many places and per weight, one item may wait.
_WAITING_SHARE = 64


class Lane:
    """One lane of a block type."""

    __slots__ = ("busy_until", "consumer", "credit", "name", "queue", "resting", "running", "waiting_room", "weight")

    def __init__(self, name: str, places: int) -> None:
        self.name = name
        self.weight = WEIGHTS[name]
        #: Items that may wait, as few as will do to have one at hand when its turn comes.
        self.waiting_room = max(1, places * self.weight // _WAITING_SHARE)
        #: What it is short of, or ahead, of its weight.
        self.credit = 0
        #: Items that wait for a place.
        self.queue: deque[Delivery] = deque()
        self.running = 0
        #: Until when it counts as one with more work than it asked for, on the clock of the loop.
        self.busy_until = 0.0
        #: Whether it asks for nothing until a place becomes free, because its items were given to others.
        self.resting = False
        self.consumer: Consumer


class Lanes:
    """Pulls the work of a block type and hands it on, at most `places` items at once."""

    def __init__(self, connection: Connection, type_: str, places: int, handle: Callable[[Delivery], None]) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._places = places
        self._handle = handle
        self._running = 0
        self._waiting = 0
        #: Counts items that began, to see whether places become free at all.
        self._begun = 0
        self._begun_at_tick = 0
        #: When it ought to have ticked for long, so that the waiting items were not renewed in time.
        self._overdue = 0.0
        self._ticker: asyncio.TimerHandle | None = None
        #: Whether what is settled right now never had a place.
        self._giving = False
        self._resting = False
        #: Until when urgent or idle work counts as piled up; 0 when it does not.
        self._mixed_until = 0.0
        self._leaving = False
        self.lanes = tuple(Lane(name, places) for name in LANES)
        for lane in self.lanes:
            lane.consumer = self._consumer(type_, lane)
        self._ordinary = next(lane for lane in self.lanes if lane.name == NORMAL_LANE)

    async def start(self) -> None:
        """Begin to pull."""
        self._connection.on_disconnect(self._forget)
        for lane in self.lanes:
            await lane.consumer.start()

    async def stop(self) -> None:
        """Pull no more; items that still come, or wait, go back to the queue."""
        self._leaving = True
        self._connection.forget(self._forget)
        for lane in self.lanes:
            self._settle_waiting(lane, list(lane.queue), lambda item: hand_back(self._connection, item))
        await asyncio.gather(*(lane.consumer.stop() for lane in self.lanes))
        if self._ticker is not None:
            self._ticker.cancel()

    def _consumer(self, type_: str, lane: Lane) -> Consumer:
        return Consumer(
            self._connection,
            WORK,
            executor_consumer(type_, lane.name),
            batch=self._places if lane.name == NORMAL_LANE else lane.waiting_room,
            handle=lambda delivery: self._received(lane, delivery),
            on_settled=lambda: self._settled(lane),
            room=lambda: self._room(lane),
        )

    def _room(self, lane: Lane) -> int:
        """How many items of a lane may be asked for or wait here, less those that wait.

        Urgent and idle work, of which there is mostly none, is asked for in small numbers until there is more. Where
        several lanes have more than was asked for, each may have its share of the places, free or not: of what waits
        the next is chosen by weight, so enough of each is to be at hand however many places become free at once.
        """
        free = self._places - self._running
        if (
            lane is self._ordinary
            and not self._mixed_until
            and self._running == lane.running
            and self._waiting == len(lane.queue)
        ):
            return free
        now = self._loop.time()
        busy = lane.busy_until > now
        weights = sum(other.weight for other in self.lanes if other is lane or other.busy_until > now)
        asked = lane.weight * free // weights if busy or lane is self._ordinary else 0
        if not lane.resting:
            waiting = -(-lane.weight * self._places // weights) if busy and weights > lane.weight else 0
            asked = max(asked, waiting, lane.waiting_room)
        return asked - len(lane.queue)

    def _note_backlog(self, lane: Lane, delivery: Delivery) -> None:
        """See whether a lane has more work than was asked for."""
        lane.busy_until = self._loop.time() + _MEMORY if delivery.pending else 0.0
        if lane is not self._ordinary:
            self._mixed_until = max(other.busy_until for other in self.lanes if other is not self._ordinary)

    def _received(self, lane: Lane, delivery: Delivery) -> None:
        if lane is not self._ordinary or self._mixed_until:
            self._note_backlog(lane, delivery)
        if self._leaving:
            self._giving = True
            hand_back(self._connection, delivery)
            self._giving = False
        elif self._running < self._places:
            self._begin(lane, delivery)
        else:
            self._wait(lane, delivery)

    def _begin(self, lane: Lane, delivery: Delivery) -> None:
        lane.running += 1
        self._running += 1
        self._begun += 1
        try:
            self._handle(delivery)
        except Exception:
            log.exception("handling an item of %s failed; it will be delivered again", lane.consumer.durable)
            delivery.nak(1.0)

    def _wait(self, lane: Lane, delivery: Delivery) -> None:
        lane.queue.append(delivery)
        self._waiting += 1
        if self._ticker is None:
            self._begun_at_tick = self._begun
            self._tick_later()

    def _settled(self, lane: Lane) -> None:
        """A place is free, unless what was settled had none."""
        if self._giving:
            return
        lane.running -= 1
        self._running -= 1
        if self._waiting:
            self._begin_waiting()
        if self._resting or self._mixed_until:
            self._resting = False
            if self._mixed_until < self._loop.time():
                self._mixed_until = 0.0
            for other in self.lanes:
                other.resting = False
                other.consumer.fill()
        elif lane is not self._ordinary:
            self._ordinary.consumer.fill()

    def _begin_waiting(self) -> None:
        if self._loop.time() > self._overdue:
            # The server may have given them to others by now.
            self._forget()
        while self._waiting and self._running < self._places:
            lane = choose([lane for lane in self.lanes if lane.queue])
            self._waiting -= 1
            self._begin(lane, lane.queue.popleft())
            lane.consumer.fill()

    def _tick(self) -> None:
        """Some items have been waiting for a while."""
        self._ticker = None
        stuck, self._begun_at_tick = self._begun == self._begun_at_tick, self._begun
        for lane in self.lanes:
            if stuck:
                # An item that has been given away before waits: otherwise it would be sent round and round.
                others = [item for item in lane.queue if item.delivered == 1]
                self._settle_waiting(lane, others, lambda item: hand_back(self._connection, item))
            for item in lane.queue:
                item.in_progress()
        if self._waiting:
            self._tick_later()

    def _tick_later(self) -> None:
        self._overdue = self._loop.time() + EXECUTOR_ACK_WAIT / 2
        self._ticker = self._loop.call_later(PATIENCE, self._tick)

    def _forget(self) -> None:
        """Leave what waits to the server, which did not hear of it for long, or will not."""
        for lane in self.lanes:
            self._settle_waiting(lane, list(lane.queue), Delivery.abandon)

    def _settle_waiting(self, lane: Lane, items: Sequence[Delivery], settle: Callable[[Delivery], None]) -> None:
        """Settle items that wait, without having run them."""
        if not items:
            return
        self._giving = self._resting = lane.resting = True
        for item in items:
            lane.queue.remove(item)
            self._waiting -= 1
            settle(item)
        self._giving = False


def choose(lanes: Sequence[Lane]) -> Lane:
    """The lane whose turn it is, by weight and evenly mixed; `lanes` are those that have work."""
    for lane in lanes:
        lane.credit += lane.weight
    chosen = max(lanes, key=lambda lane: lane.credit)
    chosen.credit -= sum(lane.weight for lane in lanes)
    return chosen
