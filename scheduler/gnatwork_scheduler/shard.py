"""A shard: takes the events of its runs in order, folds them in, and has done what they call for."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable
from functools import partial

from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.consume import Consumer
from gnatwork_bus.dead_letters import bury
from gnatwork_bus.delivery import Delivery
from gnatwork_engine.core import RunState, apply, decide, parse_event
from gnatwork_scheduler.live_run import LiveRun, Turn
from gnatwork_scheduler.loader import Loader
from gnatwork_scheduler.messages import Outgoing, failure_of_unreadable
from gnatwork_scheduler.perform import Performer
from gnatwork_scheduler.projector import Projector
from gnatwork_scheduler.statistics import Statistics
from gnatwork_schemas import subjects
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import GnatworkError, MessageError

log = logging.getLogger(__name__)

#: Events that are asked for or not settled, at most.
_BATCH = 2048
#: Seconds after which a pull is renewed; the pin lapses two seconds after the last one.
_EXPIRES = 1.0
#: Seconds after which the server is told that an event is still being worked at; its patience is five.
_RENEW = 2.0
#: Seconds after which an event that comes for the first time may have gone to someone else as well.
_LATE = 5.0
#: Seconds before an event whose effects could not be stored is delivered again.
_RETRY = 1.0


class Shard:
    """One slice of all runs. Its events come to one scheduler at a time; the server sees to that."""

    def __init__(
        self,
        connection: Connection,
        number: int,
        *,
        loader: Loader,
        performer: Performer,
        projector: Projector,
        statistics: Statistics,
        tasks: asyncio.TaskGroup,
    ) -> None:
        self.number = number
        self._connection = connection
        self._loader = loader
        self._performer = performer
        self._projector = projector
        self._statistics = statistics
        self._tasks = tasks
        self._runs: dict[str, LiveRun] = {}
        self._open: dict[int, Delivery] = {}
        #: Of those, the ones that were open at the last renewal have been for long.
        self._newest = 0
        self._renewal: asyncio.TimerHandle | None = None
        #: Events up to this sequence may have been handled by someone else; None: not known, so all may.
        self._handled_before: int | None = None
        self._consumer = Consumer(
            connection,
            subjects.HISTORY,
            subjects.scheduler_consumer(number),
            batch=_BATCH,
            handle=self._receive,
            expires=_EXPIRES,
            pinned_group=subjects.SCHEDULER_GROUP,
            on_break=self._break,
        )

    @property
    def active(self) -> bool:
        """Whether this scheduler is the one that the server sends the shard's events to."""
        return self._consumer.pinned

    @property
    def runs(self) -> int:
        """Runs in memory."""
        return len(self._runs)

    async def start(self) -> None:
        """Begin to take events."""
        await self._consumer.start()

    async def stop(self) -> None:
        """Take no more events."""
        await self._consumer.stop()
        if self._renewal:
            self._renewal.cancel()

    @property
    def unsettled(self) -> int:
        """Events whose effects are not stored yet."""
        return len(self._open)

    def _break(self) -> None:
        """Events may have gone elsewhere: what is in memory is no longer to be trusted."""
        for run in self._runs.values():
            while run.waiting:
                delivery = run.waiting.popleft()
                self._settle(delivery, delivery.abandon)
        self._runs.clear()
        self._handled_before = None
        if self._connection.is_connected:
            self._tasks.create_task(self._learn_border())

    async def _learn_border(self) -> None:
        """Events stored from now on come here first; those before may have been handled already."""
        try:
            info = await self._connection.api(f"STREAM.INFO.{subjects.HISTORY}")
        except GnatworkError as error:
            log.info("shard %d: taking all events for repeated ones: %s", self.number, error)
        else:
            self._handled_before = int(info["state"]["last_seq"])

    def _receive(self, delivery: Delivery) -> None:
        self._open[delivery.consumer_sequence] = delivery
        if self._renewal is None:
            self._renewal = asyncio.get_running_loop().call_later(_RENEW, self._renew)
        base, name = _split(delivery.subject)
        run = self._runs.get(base)
        if run is None:
            if not name or "*" in base or ">" in base:
                # The server also stores what is a pattern to everyone else.
                self._refuse(delivery, MessageError(f"{delivery.subject} is no event of a run"))
                return
            run = self._runs[base] = LiveRun(base, status_revision=0)
            if name != subjects.START or self._seen_before(delivery):
                # Only a run that begins right now is known from its first event.
                self._begin_load(run)
        self._take(run, delivery)

    def _take(self, run: LiveRun, delivery: Delivery) -> None:
        if run.waiting is None:
            try:
                self._handle(run, delivery)
            except Exception:
                log.exception("an event of %s could not be handled and will come again", run.base)
                # Its state may be half changed; it is read anew.
                run.broken = True
                self._forget(run)
                self._settle(delivery, lambda: delivery.nak(_RETRY))
        else:
            run.waiting.append(delivery)

    def _seen_before(self, delivery: Delivery) -> bool:
        border = self._handled_before
        return (
            delivery.delivered > 1
            or border is None
            or delivery.sequence <= border
            # This process may have been frozen, and another have done its work.
            or time.time() - delivery.at > _LATE
        )

    def _begin_load(self, run: LiveRun) -> None:
        run.waiting = deque()
        run.status_revision = None
        self._tasks.create_task(self._load(run))

    async def _load(self, run: LiveRun) -> None:
        """Read the run's history, then handle what has come in the meantime."""
        refusal: MessageError | None = None
        try:
            await self._loader.load(run)
        except MessageError as error:
            refusal = error
        except Exception as error:  # noqa: BLE001 - whatever it is, the events must come again
            log.warning("%s can't be loaded, its events will come again: %s", run.base, error)
            self._forget(run)
            for delivery in run.waiting or ():
                self._settle(delivery, partial(delivery.nak, _RETRY))
            return
        waiting, run.waiting = run.waiting or deque(), None
        if run.state is None:
            self._forget(run)
        for delivery in waiting:
            if refusal:
                self._refuse(delivery, refusal)
            elif run.state is None:
                self._tasks.create_task(self._drop_orphan(delivery))
            elif run.broken:
                self._settle(delivery, partial(delivery.nak, _RETRY))
            else:
                self._take(run, delivery)

    def _handle(self, run: LiveRun, delivery: Delivery) -> None:
        """Fold an event in and do what it calls for."""
        try:
            event = parse_event(delivery.subject, delivery.sequence, delivery.at, delivery.data, delivery.headers)
        except MessageError as error:
            self._refuse(delivery, error, run.state)
            if run.state is None:
                self._forget(run)
            return
        plan = run.plan
        if plan is None:
            plan = run.plan = self._loader.known_plan(event)
            if plan is None:
                self._begin_load(run)
                self._take(run, delivery)
                return
        before = run.state.status if run.state else None
        state = run.state = apply(plan, run.state, event)
        self._statistics.events += 1
        turn = Turn(run, event, delivery)
        actions = decide(plan, state, event)
        turn.pending += len(actions)
        if actions:
            self._performer.perform(
                state, actions, again=self._seen_before(delivery), performed=partial(self._performed, turn)
            )
        if state.status is not before or event.sequence in {state.start_sequence, state.end_sequence}:
            # A change of status that were lost with this process would never be made good.
            turn.pending += 1
            self._projector.changed(run, partial(self._performed, turn))
        else:
            self._projector.changed(run)
        self._performed(turn, None)

    def _performed(self, turn: Turn, error: Exception | None) -> None:
        """One effect of an event is stored, or could not be; after the last one the event is settled."""
        turn.pending -= 1
        turn.failure = turn.failure or error
        if turn.pending:
            return
        if turn.failure:
            log.warning("%s: %s will come again: %s", turn.run.base, turn.event.name, turn.failure)
            self._settle(turn.delivery, lambda: turn.delivery.nak(_RETRY))
            return
        self._settle(turn.delivery, turn.delivery.ack)
        state = turn.run.state
        # After an event that comes again its run's end need not come once more.
        if state and state.ended and (turn.event.sequence >= state.end_sequence or turn.delivery.delivered > 1):
            self._forget(turn.run)

    def _forget(self, run: LiveRun) -> None:
        if self._runs.get(run.base) is run:
            del self._runs[run.base]

    def _refuse(self, delivery: Delivery, error: MessageError, state: RunState | None = None) -> None:
        self._statistics.refused += 1
        event = _split(delivery.subject)[1]
        failure = failure_of_unreadable(state, event, error, time.time()) if state else None
        self._tasks.create_task(self._bury(delivery, error, failure))

    async def _bury(self, delivery: Delivery, error: MessageError, failure: Outgoing | None) -> None:
        log.warning("%s", error)
        info = ErrorInfo(code=error.code, message=str(error))
        subject, sequence = delivery.subject, delivery.sequence
        try:
            await bury(self._connection, subjects.HISTORY, subject, sequence, info, delivery.data, delivery.at)
            if failure:
                await self._connection.publisher.publish(*failure)
            if "." not in _split(subject)[1]:
                # An end is appended on condition that nothing but the start has a single token.
                await self._delete(sequence)
        except GnatworkError:
            self._settle(delivery, lambda: delivery.nak(_RETRY))
        else:
            self._settle(delivery, lambda: delivery.term(str(error)))

    async def _drop_orphan(self, delivery: Delivery) -> None:
        """An event of a run that never started, or was purged: no one will ever ask for it."""
        log.info("%s belongs to no run and is deleted", delivery.subject)
        self._statistics.orphaned += 1
        try:
            await self._delete(delivery.sequence)
        except GnatworkError:
            self._settle(delivery, lambda: delivery.nak(_RETRY))
        else:
            self._settle(delivery, delivery.ack)

    async def _delete(self, sequence: int) -> None:
        with contextlib.suppress(ApiError):  # it is gone already
            await self._connection.api(f"STREAM.MSG.DELETE.{subjects.HISTORY}", {"seq": sequence})

    def _settle(self, delivery: Delivery, how: Callable[[], None]) -> None:
        self._open.pop(delivery.consumer_sequence, None)
        how()

    def _renew(self) -> None:
        """Tell the server that what was open the last time, and still is, is being worked at."""
        for number, delivery in self._open.items():
            if number > self._newest:
                break
            delivery.in_progress()
        self._newest = next(reversed(self._open), 0)
        self._renewal = asyncio.get_running_loop().call_later(_RENEW, self._renew) if self._open else None


def _split(subject: str) -> tuple[str, str]:
    """The history base and the event; what is no history subject is left to `parse_event` to refuse."""
    try:
        return subjects.split_history(subject)
    except ValueError:
        return subject, ""
