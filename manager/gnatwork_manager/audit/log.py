"""The stream of audit entries: appending, and reading from its end."""

import contextlib
import logging
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from gnatwork_bus.audit import audit_entries, last_entry
from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import direct_batch, direct_get
from gnatwork_bus.message import StoredMessage
from gnatwork_manager.audit.query import AuditQuery
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_manager.sse import format_event, format_place
from gnatwork_schemas import subjects
from gnatwork_schemas.audit import AuditEntry, AuditRecord

log = logging.getLogger(__name__)

#: Messages that are read at once.
_WINDOW = 500
#: Messages that one page looks through; a rarer thing takes several pages, of which some may be empty.
_MOST_READ = 20_000


class _Span(NamedTuple):
    """Sequences from the first up to, but without, the last."""

    first: int
    end: int


class AuditLog:
    """Who changed what."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def append(self, entry: AuditEntry) -> None:
        """Write an entry down. Raises what `Publisher.publish` does."""
        subject = subjects.audit_entry(entry.namespace or subjects.NO_NAMESPACE, entry.what)
        data = entry.model_dump_json().encode()
        await self._connection.publisher.publish(subject, data)

    async def page(self, query: AuditQuery) -> dict[str, Any]:
        """A page of entries, the newest first."""
        place = decode_cursor(query.cursor, int)
        span = await self._span(query, place[0] if place else None)
        found: list[AuditRecord] = []
        end, least = span.end, max(span.first, span.end - _MOST_READ)
        while end > least and len(found) <= query.limit:
            start = max(least, end - _WINDOW)
            messages = await self._read(query.subject, start, end)
            records = (_record(message) for message in reversed(messages))
            found += [record for record in records if record and query.matches(record)]
            end = start
        items = [_document(record) for record in found[: query.limit]]
        if len(found) > query.limit:
            return page(items, encode_cursor(found[query.limit - 1].id))
        return page(items, encode_cursor(end) if end > span.first else None)

    async def stream(self, after: int | None) -> AsyncGenerator[bytes, None]:
        """Entries after one, by its id, or from now on, for ever: as server-sent events."""
        if after is None:
            after = await last_entry(self._connection)
            yield format_place(after)
        async with contextlib.aclosing(audit_entries(self._connection, after)) as messages:
            async for message in messages:
                if record := _record(message):
                    yield format_event("entry", _document(record), sequence=record.id)

    async def _span(self, query: AuditQuery, before: int | None) -> _Span:
        """Where what is asked for may be."""
        state = (await self._connection.api(f"STREAM.INFO.{subjects.AUDIT}"))["state"]
        first, end = int(state["first_seq"]), int(state["last_seq"]) + 1
        if query.since is not None:
            first = max(first, await self._first_since(query.since, end))
        if query.until is not None:
            end = min(end, await self._first_since(query.until, end))
        return _Span(first, min(end, before) if before is not None else end)

    async def _first_since(self, at: float, otherwise: int) -> int:
        """The sequence of the first entry that was stored at a time or later."""
        request = {
            "start_time": datetime.fromtimestamp(max(0.0, at), UTC).isoformat(),
            "next_by_subj": subjects.AUDIT_SUBJECTS,
        }
        found = await direct_get(self._connection, subjects.AUDIT, request)
        return found.sequence if found else otherwise

    async def _read(self, subject: str, start: int, end: int) -> list[StoredMessage]:
        """In order; the server gives so many bytes at once."""
        found: list[StoredMessage] = []
        while start < end:
            request = {"seq": start, "next_by_subj": subject, "batch": end - start}
            messages, pending = await direct_batch(self._connection, subjects.AUDIT, request)
            found += [message for message in messages if message.sequence < end]
            if not messages or not pending:
                break
            start = messages[-1].sequence + 1
        return found


def _document(record: AuditRecord) -> dict[str, Any]:
    return record.model_dump(mode="json", exclude={"v"})


def _record(message: StoredMessage) -> AuditRecord | None:
    """The entry in a message; None for one that can't be read."""
    try:
        entry = AuditEntry.model_validate_json(message.data)
    except ValueError as error:
        log.warning("entry %d of the audit log can't be read: %s", message.sequence, error)
        return None
    return AuditRecord(id=message.sequence, **entry.model_dump())
