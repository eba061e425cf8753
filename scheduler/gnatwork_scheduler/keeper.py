"""Keeps house: puts ended runs away, removes what is left of them in the end, and shortens limit keys."""

import asyncio
import logging

from gnatwork_bus.connection import ApiError, Connection
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.retention import archive_run, purge_run
from gnatwork_engine.limits import LimitState
from gnatwork_engine.limits.state import NEXT_TIMER
from gnatwork_scheduler.messages import retention_of
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import GnatworkError, MessageError

log = logging.getLogger(__name__)

#: Runs that are put away at once: those that are under way come first.
_PARALLEL = 4


class Keeper:
    """Does what is left to do after the end of a run."""

    def __init__(self, connection: Connection, history: History, payloads: Payloads, statuses: Bucket) -> None:
        self._connection = connection
        self._history = history
        self._payloads = payloads
        self._statuses = statuses
        self._slots = asyncio.Semaphore(_PARALLEL)

    @staticmethod
    def keeps(name: str, base: str) -> bool:
        """Whether an event is one of these, and none of a run under way."""
        return retention_of(name) is not None or f".{subjects.RETENTION_WORKFLOW}." in base

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
        try:
            await self._connection.publisher.publish(subject, snapshot.model_dump_json(exclude_none=True).encode())
            for event in ("limit.*", subjects.timer_fired_event(NEXT_TIMER)):
                await self._connection.api(
                    f"STREAM.PURGE.{subjects.HISTORY}", {"filter": f"{state.base}.{event}", "seq": snapshot.upto + 1}
                )
        except (GnatworkError, ApiError) as error:
            log.info("%s could not be shortened: %s", state.base, error)
