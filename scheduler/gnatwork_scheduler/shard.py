"""A shard: takes the events of its runs in order, folds them in, and has done what they call for."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from functools import partial

from gnatwork_bus.connection import Connection
from gnatwork_bus.consume import Consumer
from gnatwork_bus.delivery import Delivery
from gnatwork_engine.core import Event, RunState, apply, decide, parse_event
from gnatwork_engine.core.actions import Action
from gnatwork_engine.limits import LimitState, apply_limit, decide_limit
from gnatwork_scheduler.keeper import Keeper
from gnatwork_scheduler.live_run import LiveRun, Turn
from gnatwork_scheduler.loader import Loader
from gnatwork_scheduler.open_events import OpenEvents
from gnatwork_scheduler.perform import Performer
from gnatwork_scheduler.projector import Projector
from gnatwork_scheduler.refusals import Refusals, event_of
from gnatwork_scheduler.snapshots import Snapshots, is_due, taken
from gnatwork_scheduler.statistics import Statistics
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import GnatworkError, MessageError

log = logging.getLogger(__name__)

#: Events that are asked for or not settled, at most.
_BATCH = 2048
#: Seconds after which a pull is renewed; the pin lapses two seconds after the last one.
_EXPIRES = 1.0
#: How the names of timers begin, and how they end once they have fired.
_TIMER = subjects.timer_event("")
_FIRED = subjects.timer_fired_event("").removeprefix(_TIMER)
#: Seconds after which a run of which nothing is heard leaves memory.
_IDLE = 60.0
#: Events of a limit key after which it is shortened.
_LONG_LIMIT = 1000
#: Seconds after which an event that comes for the first time may have gone to someone else as well.
_LATE = 5.0


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
        keeper: Keeper,
        snapshots: Snapshots,
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
        self._keeper = keeper
        self._snapshots = snapshots
        self._sweep: asyncio.TimerHandle | None = None
        self._events = OpenEvents()
        self._refusals = Refusals(connection, self._events, statistics, tasks, shards=loader.shards)
        #: Events up to this sequence may have been handled by someone else; None: not known, so all may.
        self._handled_before: int | None = None
        #: All that events up to this sequence called for is stored.
        self._settled_to = 0
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
        self._events.stop()
        if self._sweep:
            self._sweep.cancel()

    @property
    def unsettled(self) -> int:
        """Events whose effects are not stored yet."""
        return len(self._events)

    def _break(self) -> None:
        """Events may have gone elsewhere: what is in memory is no longer to be trusted."""
        for run in self._runs.values():
            # Those that come again are loaded anew, and must not queue up behind loads that are of no use.
            run.broken = True
            while run.waiting:
                delivery = run.waiting.popleft()
                self._events.abandon(delivery)
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
        self._events.add(delivery)
        name = event_of(delivery)
        base = delivery.subject[: -len(name) - 1] if name else delivery.subject
        if name.startswith(_TIMER):
            if not name.endswith(_FIRED):
                # What is set says nothing before it fires.
                self._events.ack(delivery)
                return
            if self._keeper.keeps(name, base):
                self._runs.pop(base, None)
                self._tasks.create_task(self._keep(delivery, name, base))
                return
        run = self._runs.get(base)
        if run is None:
            if not name or "*" in base or ">" in base:
                # The server also stores what is a pattern to everyone else.
                self._refusals.refuse(delivery, MessageError(f"{delivery.subject} is no event of a run"))
                return
            run = self._runs[base] = LiveRun(base, status_revision=0)
            if name != subjects.START or self._seen_before(delivery):
                # Only a run that begins right now is known from its first event.
                self._begin_load(run)
            if self._sweep is None:
                self._sweep = asyncio.get_running_loop().call_later(_IDLE / 2, self._forget_idle)
        self._take(run, delivery)

    async def _keep(self, delivery: Delivery, name: str, base: str) -> None:
        """What becomes of a run after its end."""
        try:
            if not await self._is_settled(await self._keeper.end_of(name, base)):
                self._events.retry(delivery)
                return
            await self._keeper.keep(name, base)
        except MessageError as error:
            self._refusals.refuse(delivery, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            log.warning("%s can't be put away, it will be tried again: %s", base, error)
            self._events.retry(delivery)
        else:
            self._events.ack(delivery)

    async def _is_settled(self, sequence: int) -> bool:
        """Whether the shard has done all that events up to this one called for, whoever it was that did it."""
        if self._settled_to < sequence:
            info = await self._connection.api(f"CONSUMER.INFO.{subjects.HISTORY}.{self._consumer.durable}")
            self._settled_to = int(info["ack_floor"]["stream_seq"])
        return self._settled_to >= sequence

    def _forget_idle(self) -> None:
        """Runs of which nothing was heard for a while are loaded again when there is something."""
        now = asyncio.get_running_loop().time()
        for run in tuple(self._runs.values()):
            if not run.open and run.waiting is None and now - run.touched > _IDLE:
                self._forget(run)
                if run.limit and run.limit.events and run.limit.is_idle(time.time()):
                    # There may be a key for each customer, and for each order.
                    self._tasks.create_task(self._keeper.shorten(run.limit))
        self._sweep = asyncio.get_running_loop().call_later(_IDLE / 2, self._forget_idle) if self._runs else None

    def _take(self, run: LiveRun, delivery: Delivery) -> None:
        if run.waiting is None:
            try:
                self._handle(run, delivery)
            except Exception:
                log.exception("an event of %s could not be handled and will come again", run.base)
                # Its state may be half changed; it is read anew.
                run.broken = True
                self._forget(run)
                self._events.retry(delivery)
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
                self._events.retry(delivery)
            return
        waiting, run.waiting = run.waiting or deque(), None
        unknown = run.state is None and not run.is_limit
        if unknown or refusal:
            self._forget(run)
        for delivery in waiting:
            if refusal:
                self._refusals.refuse(delivery, refusal)
            elif unknown:
                self._refusals.drop(delivery)
            elif run.broken:
                self._events.retry(delivery)
            else:
                self._take(run, delivery)

    def _handle(self, run: LiveRun, delivery: Delivery) -> None:
        """Fold an event in and do what it calls for."""
        try:
            event = parse_event(delivery.subject, delivery.sequence, delivery.at, delivery.data, delivery.headers)
        except MessageError as error:
            self._refusals.refuse(delivery, error, run.state)
            if run.state is None:
                self._forget(run)
            return
        if run.is_limit:
            self._handle_limit(run, event, delivery)
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
        actions = decide(plan, state, event)
        turn = self._begin_turn(run, event, delivery, state, actions)
        if state.status is not before or event.sequence in {state.start_sequence, state.end_sequence}:
            # A change of status that were lost with this process would never be made good.
            turn.pending += 1
            self._projector.changed(run, partial(self._performed, turn))
        else:
            self._projector.changed(run)
        if is_due(run.events, run.unsaved) and not state.ended:
            run.unsaved = 0
            if snapshot := taken(state):
                self._tasks.create_task(self._snapshots.save(snapshot))
        self._performed(turn, None)

    def _handle_limit(self, run: LiveRun, event: Event, delivery: Delivery) -> None:
        try:
            state = run.limit = apply_limit(run.limit, event)
        except MessageError:
            # Whoever gives a slot back to a key that no one has asked need not be heard.
            self._refusals.drop(delivery)
            return
        turn = self._begin_turn(run, event, delivery, state, decide_limit(state, event))
        self._performed(turn, None)
        if state.events > _LONG_LIMIT and not run.open:
            state.events = 0
            self._tasks.create_task(self._keeper.shorten(state))

    def _begin_turn(
        self, run: LiveRun, event: Event, delivery: Delivery, state: RunState | LimitState, actions: Sequence[Action]
    ) -> Turn:
        """Begin to do what an event calls for; the caller takes one off what is pending in the end."""
        self._statistics.events += 1
        run.events += 1
        run.unsaved += 1
        run.open += 1
        run.touched = asyncio.get_running_loop().time()
        turn = Turn(run, event, delivery)
        turn.pending += len(actions)
        if actions:
            again = self._seen_before(delivery)
            self._performer.perform(state, actions, again=again, performed=partial(self._performed, turn))
        return turn

    def _performed(self, turn: Turn, error: Exception | None) -> None:
        """One effect of an event is stored, or could not be; after the last one the event is settled."""
        turn.pending -= 1
        turn.failure = turn.failure or error
        if turn.pending:
            return
        turn.run.open -= 1
        if turn.failure:
            log.warning("%s: %s will come again: %s", turn.run.base, turn.event.name, turn.failure)
            self._events.retry(turn.delivery)
            return
        self._events.ack(turn.delivery)
        state = turn.run.state
        # After an event that comes again its run's end need not come once more.
        if state and state.ended and (turn.event.sequence >= state.end_sequence or turn.delivery.delivered > 1):
            self._forget(turn.run)

    def _forget(self, run: LiveRun) -> None:
        if self._runs.get(run.base) is run:
            del self._runs[run.base]
