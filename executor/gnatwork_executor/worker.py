"""Takes the deliveries of all block types of this process and sees each to its end."""

import asyncio
import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Mapping

from gnatwork_bus.delivery import Delivery
from gnatwork_bus.direct import get_by_sequence
from gnatwork_bus.hand_back import hand_back
from gnatwork_bus.topology import EXECUTOR_ACK_WAIT
from gnatwork_executor.attempt import ELSEWHERE_AFTER, GRACE, Attempt, Stop
from gnatwork_executor.item import read_work
from gnatwork_executor.ports import Hosted, Ports
from gnatwork_executor.refusal import refuse
from gnatwork_schemas.errors import MessageError, UnavailableError
from gnatwork_schemas.messages import Work
from gnatwork_schemas.subjects import WORK, work_type

log = logging.getLogger(__name__)

#: Seconds between two renewals of the items in flight: three within the time after which the server delivers again.
RENEW_EVERY = EXECUTOR_ACK_WAIT / 3
#: Stopped runs that are remembered: their items may be on the way still.
_REMEMBERED_RUNS = 1024


class Worker:
    """Runs what `handle` is given; the consumers in front of it bound how much that is."""

    def __init__(self, hosted: Mapping[str, Hosted], ports: Ports) -> None:
        self._hosted = hosted
        self._ports = ports
        #: By place in the work queue.
        self._attempts: dict[int, Attempt] = {}
        #: Likewise, items that are refused.
        self._refusals: dict[int, asyncio.Task[None]] = {}
        self._abandoned: set[asyncio.Task[None]] = set()
        #: By run, the first epoch whose items may run.
        self._stopped: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._leaving = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._ticker: asyncio.TimerHandle | None = None
        self._look: asyncio.Task[None] | None = None
        #: Set while attempts are under way, and a little longer.
        self.at_work = threading.Event()

    def running(self) -> list[Attempt]:
        """The attempts that are under way; may be asked from another thread while the loop does not turn."""
        return list(self._attempts.values())

    @property
    def abandoned(self) -> bool:
        """Whether blocks are still there that did not stop when they were told to."""
        return bool(self._abandoned)

    def handle(self, delivery: Delivery) -> None:
        """Take an item."""
        if delivery.sequence in self._attempts or delivery.sequence in self._refusals:
            # The server did not hear of us for too long; what it hears next is of this delivery as well.
            log.warning("%s was delivered again while it is worked on", delivery.subject)
            delivery.abandon()
            return
        if self._leaving:
            hand_back(self._ports.connection, delivery)
            return
        try:
            work = read_work(delivery.subject, delivery.data)
        except MessageError as error:
            self._refuse(delivery, error)
            return
        if self._stopped and self._is_stopped(work):
            delivery.ack()
            return
        if (hosted := self._hosted.get(work.type)) is None:
            log.error("%s came here, where its type is not hosted; handing it back", delivery.subject)
            hand_back(self._ports.connection, delivery, ELSEWHERE_AFTER)
            return
        hosted.statistics.in_flight += 1
        self._attempts[delivery.sequence] = Attempt(delivery, work, hosted, self._ports, self._ended)
        self._idle.clear()
        if self._ticker is None:
            self._ticker = asyncio.get_running_loop().call_later(RENEW_EVERY, self._renew)
            self.at_work.set()

    def stop_run(self, namespace: str, run_id: str, epoch: int | None) -> None:
        """Stop what runs for a run and is of an earlier epoch, all for None; what still arrives of it is dropped."""
        run = namespace, run_id
        self._stopped[run] = max(math.inf if epoch is None else epoch, self._stopped.get(run, 0))
        self._stopped.move_to_end(run)
        if len(self._stopped) > _REMEMBERED_RUNS:
            self._stopped.popitem(last=False)
        for attempt in tuple(self._attempts.values()):
            if self._is_stopped(attempt.work):
                attempt.stop(Stop.CANCEL)

    def _is_stopped(self, work: Work) -> bool:
        return work.epoch < self._stopped.get((work.namespace, work.run_id), 0)

    def look_again(self) -> None:
        """The connection was away, and word of a stop with it: find out what nobody waits for any more."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._look_at_all())

    async def _look_at_all(self) -> None:
        for sequence, attempt in tuple(self._attempts.items()):
            try:
                item = await get_by_sequence(self._ports.connection, WORK, sequence)
            except UnavailableError:
                # It is away again, and there will be another look.
                return
            if item is None:
                # Whoever stops work takes it from the queue.
                attempt.stop(Stop.CANCEL)

    def take_no_more(self) -> None:
        """Hand back at once what still comes."""
        self._leaving = True

    async def drain(self, seconds: float, hurry: asyncio.Event) -> None:
        """Let what runs finish for `seconds`, or until `hurry`; then stop it and hand it back."""
        if not self._idle.is_set():
            log.info("waiting up to %.0f s for %d running tasks", seconds, len(self._attempts))
        await self._until_idle(seconds, hurry)
        self._hand_back()
        await self._until_idle(2 * GRACE)
        # What is left has an outcome that can't be stored.
        self._hand_back()
        await asyncio.gather(*self._refusals.values(), return_exceptions=True)
        if self._ticker is not None:
            self._ticker.cancel()
        if self._look is not None:
            self._look.cancel()

    async def _until_idle(self, seconds: float, hurry: asyncio.Event | None = None) -> None:
        events = [self._idle, hurry] if hurry else [self._idle]
        waiting = [asyncio.create_task(event.wait()) for event in events]
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    def _hand_back(self) -> None:
        for attempt in tuple(self._attempts.values()):
            attempt.stop(Stop.HAND_BACK)
        for task in self._refusals.values():
            task.cancel()

    def _ended(self, attempt: Attempt) -> None:
        attempt.statistics.in_flight -= 1
        del self._attempts[attempt.sequence]
        if attempt.abandoned and not attempt.task.done():
            self._abandoned.add(attempt.task)
            attempt.task.add_done_callback(self._abandoned.discard)
        self._note_idle()

    def _refuse(self, delivery: Delivery, error: MessageError) -> None:
        statistics = self._hosted[work_type(delivery.subject)].statistics
        statistics.in_flight += 1
        statistics.dead_letters += 1
        task = asyncio.create_task(refuse(delivery, error, self._ports))
        self._refusals[delivery.sequence] = task
        self._idle.clear()

        def refused(task: asyncio.Task[None]) -> None:
            statistics.in_flight -= 1
            del self._refusals[delivery.sequence]
            # Nothing happens when it has been settled.
            delivery.nak()
            if not task.cancelled() and (failure := task.exception()):
                log.error("a work item could not be refused", exc_info=failure)
            self._note_idle()

        task.add_done_callback(refused)

    def _note_idle(self) -> None:
        if not self._attempts and not self._refusals:
            self._idle.set()

    def _renew(self) -> None:
        """Say of all items that they are worked on; there is no timer while there are none."""
        self._ticker = None
        if self._ports.connection.is_connected:
            for attempt in self._attempts.values():
                attempt.renew()
        if not self._attempts:
            self.at_work.clear()
        else:
            self._ticker = asyncio.get_running_loop().call_later(RENEW_EVERY, self._renew)
