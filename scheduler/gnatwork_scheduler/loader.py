"""Loads a run: its control block, and its state as the fold of its history."""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping

import orjson

from gnatwork_bus.history import History
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.payloads import Payloads
from gnatwork_engine.core import Event, Plan, RunAddress, apply, parse_event
from gnatwork_engine.limits import LimitState, apply_limit
from gnatwork_scheduler.live_run import LiveRun
from gnatwork_scheduler.plans import Plans
from gnatwork_scheduler.snapshots import Snapshots, restored
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import MessageError
from gnatwork_schemas.messages import LimitSnapshot, Start

log = logging.getLogger(__name__)

#: Runs that are loaded at the same time.
_PARALLEL = 32
#: Events folded before others get a turn: a shard that is silent for two seconds loses its pin.
_AT_ONCE = 500


class Loader:
    """Reads what the stream knows of a run or a limit key."""

    def __init__(self, history: History, plans: Plans, payloads: Payloads, snapshots: Snapshots) -> None:
        self._history = history
        self._plans = plans
        self._payloads = payloads
        self._snapshots = snapshots
        self._slots = asyncio.Semaphore(_PARALLEL)

    @property
    def shards(self) -> int:
        """Number of shards of the installation."""
        return self._history.shards

    def known_plan(self, event: Event) -> Plan | None:
        """The plan of a run that begins with this event, if all that it takes is in memory."""
        start = event.body
        if not isinstance(start, Start) or (start.reuse and start.reuse.stored):
            return None
        return self._plans.known(start.control_block)

    async def load(self, run: LiveRun) -> None:
        """Fill in the run's plan and state; both stay None when its history has no start.

        Raises:
            MessageError: its start can't be read, or names a control block that does not exist.
            UnavailableError: NATS does not answer.
        """
        async with self._slots:
            if run.broken:
                # It waited for its turn for so long that no one waits for it any more.
                return
            if run.is_limit:
                run.limit = await self._limit(run.base)
                return
            if not await self._from_snapshot(run):
                await self._from_start(run)
            state = run.state
            if state and not state.ended and not await self._history.is_live(run.base, state.start_sequence):
                # Put away, perhaps while it was read; what is left, as of a snapshot, looks like a run under way.
                run.plan = run.state = None

    async def _limit(self, base: str) -> LimitState | None:
        events = list(_readable(await self._history.events_after(base, 0)))
        # The one that knows most: a scheduler that was frozen may have added an older one behind it.
        snapshots = [(event.body.upto, event) for event in events if isinstance(event.body, LimitSnapshot)]
        state = apply_limit(None, max(snapshots)[1]) if snapshots else None
        for event in events:
            if state is not None or event.name == subjects.LIMIT_ACQUIRE:
                state = apply_limit(state, event)
        return state

    async def _from_snapshot(self, run: LiveRun) -> bool:
        found = await self._snapshots.load(RunAddress.of(run.base))
        if found is None:
            return False
        digest, frozen = found
        plan = await self._plans.get(digest)
        state = restored(plan, frozen)
        if state is None or state.base != run.base:
            return False
        stored = await self._history.events_after(run.base, state.sequence)
        for number, event in enumerate(_readable(stored)):
            if number % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)
            state = apply(plan, state, event)
        run.plan, run.state = plan, state
        run.events = run.unsaved = len(stored)
        return True

    async def _from_start(self, run: LiveRun) -> None:
        stored = await self._history.events_after(run.base, 0)
        if not stored or stored[0].subject != f"{run.base}.{subjects.START}":
            return
        first = parse_event(*stored[0])
        start = first.body
        if not isinstance(start, Start):
            return
        plan = await self._plans.get(start.control_block)
        state = apply(plan, None, first, await self._reuse(run, start))
        for number, event in enumerate(_readable(stored[1:])):
            if number % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)
            state = apply(plan, state, event)
        run.plan, run.state = plan, state
        run.events = run.unsaved = len(stored)

    async def _reuse(self, run: LiveRun, start: Start) -> Mapping[str, int] | None:
        if start.reuse is None or start.reuse.stored is None:
            return None
        address = RunAddress.of(run.base)
        data = await self._payloads.get(address.namespace, address.run_id, start.reuse.stored)
        try:
            tasks = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise MessageError(f"what {run.base} is to reuse can't be read") from error
        return {str(path): int(sequence) for path, sequence in tasks.items()}


def _readable(messages: Iterable[StoredMessage]) -> Iterator[Event]:
    for message in messages:
        try:
            yield parse_event(*message)
        except MessageError as error:
            # It is, or soon will be, among the dead letters.
            log.debug("left out of the fold: %s", error)
