"""Status documents: what has changed is written together, now and then; never older over newer."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from pydantic import ValidationError

from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket, Entry
from gnatwork_engine.core import RunState, run_summary
from gnatwork_scheduler.live_run import LiveRun
from gnatwork_scheduler.settings import SchedulerSettings
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError, GnatworkError
from gnatwork_schemas.status import RunSummary

log = logging.getLogger(__name__)

#: Seconds that changes are gathered before they are written.
GATHER = 0.2
#: Documents written at once when nothing waits for them; the others wait for the next round.
MERE_CHANGES = 50

#: Called when the document, or a newer one, is stored, with what went wrong or None.
Written = Callable[[Exception | None], None]


@dataclass(slots=True)
class _Change:
    run: LiveRun
    #: Who must not go on before this is stored.
    waiting: list[Written] = field(default_factory=list)


class Projector:
    """Writes the status documents of the runs that it is told of."""

    def __init__(self, bucket: Bucket, history: History, settings: SchedulerSettings, tasks: asyncio.TaskGroup) -> None:
        self._bucket = bucket
        self._history = history
        self._settings = settings
        self._tasks = tasks
        self._changes: dict[str, _Change] = {}
        self._wake = asyncio.Event()

    def changed(self, run: LiveRun, written: Written | None = None) -> None:
        """The run has changed; `written` is called once that is stored."""
        change = self._changes.get(run.base)
        if change is None:
            change = self._changes[run.base] = _Change(run)
        change.run = run
        if written:
            change.waiting.append(written)
        self._wake.set()

    async def work(self) -> None:
        """Write changes for as long as it runs; idle while there are none."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER)
            self.flush()
            if not self._changes:
                self._wake.clear()

    def flush(self) -> None:
        """Begin to write what must be written, and some of what may be."""
        urgent = [base for base, change in self._changes.items() if change.waiting]
        mere = [base for base, change in self._changes.items() if not change.waiting][:MERE_CHANGES]
        for base in (*urgent, *mere):
            change = self._changes.pop(base)
            if change.run.state is not None:
                self._write(change, change.run.state)

    def _write(self, change: _Change, state: RunState) -> None:
        """Write the document as it is now, without waiting, if its last revision is known."""
        run, document = change.run, run_summary(state)
        revision = run.status_revision
        if revision is None:
            self._tasks.create_task(self._write_carefully(change, state, document))
            return
        # Nobody may write on this revision any more until the server has answered.
        run.status_revision = None

        def done(result: int | GnatworkError) -> None:
            if isinstance(result, int):
                run.status_revision = result
                self._tell(change, None)
            elif isinstance(result, ConflictError):
                self._tasks.create_task(self._write_carefully(change, state, document))
            else:
                self._tell(change, result)

        body = document.model_dump_json(exclude_none=True).encode()
        self._bucket.send(_key(document), body, revision, done, ttl=self._time_to_live(change.run, document))

    async def _write_carefully(self, change: _Change, state: RunState, document: RunSummary) -> None:
        """Look at what is there first: another scheduler may have written it, further on than this one is."""
        try:
            while True:
                entry, revision = await self._bucket.find(_key(document))
                if entry and _sequence_of(entry) >= document.sequence:
                    # Its revision stays unknown: whoever wrote it is further on than this one is, and the next
                    # document may be older as well.
                    break
                # Asked after what is there was seen, so that it may be written over if the run is there all the same.
                if not entry and not await self._history.is_live(state.base, state.start_sequence):
                    # Its document has expired, or was removed with the run: this one would stay for ever.
                    break
                body = document.model_dump_json(exclude_none=True).encode()
                ttl = self._time_to_live(change.run, document)
                with suppress(ConflictError):
                    change.run.status_revision = await self._bucket.update(_key(document), body, revision, ttl=ttl)
                    break
        except GnatworkError as error:
            self._tell(change, error)
        else:
            self._tell(change, None)

    def _time_to_live(self, run: LiveRun, document: RunSummary) -> float | None:
        """Seconds for which the document of an ended run is kept: as long as the run itself."""
        if not document.status.ended:
            return None
        retention = run.plan.control_block.retention if run.plan else None
        return self._settings.archive_after + (self._settings.retention if retention is None else retention)

    @staticmethod
    def _tell(change: _Change, error: Exception | None) -> None:
        for written in change.waiting:
            written(error)


def _sequence_of(entry: Entry) -> int:
    """The event up to which a document goes; one that can't be read is as good as none."""
    try:
        return RunSummary.model_validate_json(entry.value).sequence
    except ValidationError:
        log.warning("the status document %s can't be read and is replaced", entry.key)
        return 0


def _key(document: RunSummary) -> str:
    return subjects.status_key(document.namespace, document.run_id)
