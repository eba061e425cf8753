"""Keeps house: puts ended runs away, removes what is left of them in the end, and shortens limit keys."""

import asyncio
import logging
import time

from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.direct import leader_get
from gnatwork_bus.expiry import expiring
from gnatwork_bus.history import History, expectation
from gnatwork_bus.kv import Bucket
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.retention import archive_run, purge_run
from gnatwork_engine.limits import LimitState
from gnatwork_engine.limits.state import NEXT_TIMER
from gnatwork_scheduler.messages import MAX_BODY, retention_of
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import GnatworkError, MessageError
from gnatwork_schemas.messages import LimitSnapshot

log = logging.getLogger(__name__)

#: Runs that are put away at once: those that are under way come first.
_PARALLEL = 4
#: How often it is looked whether the effects of a limit key's events are stored, and seconds in between.
_LOOKS = 40
_BETWEEN = 0.25
#: Seconds for which it is remembered of a limit key that it was used.
_REMAINS = 3600.0


class Keeper:
    """Does what is left to do after the end of a run."""

    def __init__(self, connection: Connection, history: History, payloads: Payloads, statuses: Bucket) -> None:
        self._connection = connection
        self._history = history
        self._payloads = payloads
        self._statuses = statuses
        self._slots = asyncio.Semaphore(_PARALLEL)
        self._shortening = asyncio.Semaphore(_PARALLEL)

    @staticmethod
    def keeps(name: str, base: str) -> bool:
        """Whether an event is one of these, and none of a run under way."""
        return retention_of(name) is not None or f".{subjects.RETENTION_WORKFLOW}." in base

    async def end_of(self, name: str, base: str) -> int:
        """The sequence of the end of the run that is to be put away; 0 when it has been, or is about to be removed.

        Until all that the end calls for is stored, nothing may be put away: nobody could make good for it afterwards.
        """
        last = await self._history.last(subjects.run_borders(base)) if retention_of(name) is not None else None
        return last.sequence if last else 0

    async def keep(self, name: str, base: str) -> None:
        """Do what the event calls for; safe to repeat.

        Raises:
            MessageError: there is no such event.
            UnavailableError: NATS does not answer.
        """
        _, namespace, workflow, run_id, _ = subjects.parse_history(f"{base}.")
        retention = retention_of(name)
        async with self._slots:
            if retention is not None:
                try:
                    await archive_run(
                        self._history,
                        self._history.archive,
                        self._payloads,
                        namespace,
                        workflow,
                        run_id,
                        retention,
                    )
                except ValueError as error:
                    raise MessageError(f"{base}.{name}: {error}") from error
            elif name == subjects.timer_fired_event(subjects.PURGE_TIMER):
                await purge_run(self._history, self._history.archive, self._payloads, self._statuses, namespace, run_id)
            else:
                raise MessageError(f"{base}.{name} is no event of a run")

    async def shorten(self, state: LimitState) -> None:
        """Put all that is known of a limit key into one message and remove what came before it."""
        snapshot = state.snapshot()
        subject = f"{state.base}.{subjects.LIMIT_SNAPSHOT}"
        body = snapshot.model_dump_json(exclude_none=True).encode()
        if len(body) > MAX_BODY:
            log.warning("%s is not shortened: %d runs wait for it", state.base, len(snapshot.waiting))
            return
        try:
            async with self._shortening:
                if not await self._is_settled(state.address.shard, snapshot.upto):
                    log.info("%s is not shortened: the effects of some of its events are outstanding", state.base)
                    return
                last = await leader_get(self._connection, subjects.HISTORY, subject)
                if last and LimitSnapshot.model_validate_json(last.data).upto >= snapshot.upto:
                    return
                # Of a key that no one uses nothing is to remain in the end.
                ttl = expiring(_REMAINS if state.is_idle(time.time()) else None)
                await self._connection.publisher.publish(
                    subject,
                    body,
                    # Another scheduler may have known more meanwhile, and have removed what this one does not know.
                    {**expectation(subject, last.sequence if last else 0), **ttl},
                )
                for event in ("limit.*", subjects.timer_fired_event(NEXT_TIMER)):
                    await self._connection.api(
                        f"STREAM.PURGE.{subjects.HISTORY}",
                        {"filter": f"{state.base}.{event}", "seq": snapshot.upto + 1},
                    )
        except (GnatworkError, ApiError) as error:
            log.info("%s could not be shortened: %s", state.base, error)

    async def _is_settled(self, shard: int, sequence: int) -> bool:
        """Whether all events of a shard up to this one are settled, after a while.

        One that a scheduler left behind when it vanished comes again seconds after later ones, if it is still there.
        """
        consumer = f"CONSUMER.INFO.{subjects.HISTORY}.{subjects.scheduler_consumer(shard)}"
        for _ in range(_LOOKS):
            if (await self._connection.api(consumer))["ack_floor"]["stream_seq"] >= sequence:
                return True
            await asyncio.sleep(_BETWEEN)
        return False
