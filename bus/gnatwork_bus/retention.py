"""What becomes of a run's data: into the archive when it has been over for a while, away when its retention ends.

Both steps may break off anywhere and are then simply repeated; what they were called for is the last to go.
"""

import asyncio
import time
from collections.abc import Sequence

from gnatwork_bus.archive import Archive
from gnatwork_bus.history import History
from gnatwork_bus.kv import Bucket
from gnatwork_bus.message import StoredMessage
from gnatwork_bus.payloads import Payloads
from gnatwork_bus.timers import due_at
from gnatwork_bus.topology import STATUS_MARKER_TTL
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.messages import TimerFired

#: Seconds after the archive has expired at which the payloads are removed.
_MARGIN = 1.0


async def archive_run(  # noqa: PLR0917 - three stores and three names
    history: History, archive: Archive, payloads: Payloads, namespace: str, workflow: str, run_id: str, retention: float
) -> None:
    """Move the history of a run that has ended into the archive; safe to repeat, whenever it broke off.

    Its history, its timers and its work go. Its payloads stay for as long as the archive, and a timer of the reserved
    workflow `_retention` is set for their end; see `purge_run`.

    Args:
        history: where the run is.
        archive: where it goes.
        payloads: of the run.
        namespace: of the run.
        workflow: of the run.
        run_id: the run.
        retention: seconds from now on for which the archive is kept; 0 keeps nothing.

    Raises:
        ValueError: the run has not ended.
        StoreFullError: the server has no room for the archive.
        UnavailableError: NATS does not answer.
    """
    base = subjects.history_base(history.shard(run_id), namespace, workflow, run_id)
    events = await history.load_live(namespace, run_id)
    if events and events[0].subject == f"{base}.{subjects.START}":
        ended = until_end(base, events)
        if not ended:
            raise ValueError(f"run {run_id} has not ended")
        if retention > 0:
            _, has_payloads = await asyncio.gather(
                archive.write(namespace, workflow, run_id, ended, retention), payloads.any(namespace, run_id)
            )
            if has_payloads:
                await _set_purge_timer(history, namespace, run_id, time.time() + retention + _MARGIN)
    if retention <= 0:
        await asyncio.gather(payloads.purge_run(namespace, run_id), _purge_logs(history, run_id))
    await _purge(history, subjects.WORK, subjects.work_of_run(namespace, run_id))
    # The timer that called for this lies there, too, so it comes again until this is done.
    await _purge(history, subjects.HISTORY, subjects.run_events(base))


async def purge_run(  # noqa: PLR0917 - four stores and two names
    history: History, archive: Archive, payloads: Payloads, statuses: Bucket, namespace: str, run_id: str
) -> None:
    """Remove everything of a run that has ended, wherever it is; safe to repeat, whenever it broke off.

    At the end of its retention this is called for only where there are payloads: the rest goes by its age.

    The last to go is what it is found by, then what is under the reserved workflow `_retention`.
    Raises UnavailableError.
    """
    await asyncio.gather(
        _purge(history, subjects.WORK, subjects.work_of_run(namespace, run_id)),
        payloads.purge_run(namespace, run_id),
        _purge_logs(history, run_id),
        statuses.delete(subjects.status_key(namespace, run_id), ttl=STATUS_MARKER_TTL),
    )
    await archive.delete(namespace, run_id)
    await _purge(history, subjects.HISTORY, subjects.find_run(history.shard(run_id), namespace, run_id))


def until_end(base: str, events: Sequence[StoredMessage]) -> list[StoredMessage]:
    """The events of a run up to its end, without timers that are still to fire; [] when it has not ended.

    What comes after the end changes nothing. Left out, it makes no difference who archives a run, and when.
    """
    ends = {f"{base}.{end}" for end in subjects.ENDS}
    last = max((place for place, event in enumerate(events) if event.subject in ends), default=-1)
    return [
        event
        for event in events[: last + 1]
        if event.subject.startswith(f"{base}.") and header_names.SCHEDULE not in (event.headers or {})
    ]


async def _set_purge_timer(history: History, namespace: str, run_id: str, at: float) -> None:
    base = subjects.retention_base(history.shard(run_id), namespace, run_id)
    subject, headers = due_at(base, subjects.PURGE_TIMER, at)
    body = TimerFired(timer=subjects.PURGE_TIMER).model_dump_json().encode()
    await history.connection.publisher.publish(subject, body, headers)


async def _purge_logs(history: History, run_id: str) -> None:
    await _purge(history, subjects.LOGS, subjects.log_lines(run_id))


async def _purge(history: History, stream: str, pattern: str) -> None:
    await history.connection.api(f"STREAM.PURGE.{stream}", {"filter": pattern})
