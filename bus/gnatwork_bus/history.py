"""Reading and appending a run's history, which is in the archive once the run has been over for a while.

Whoever decides by it reads what is live: `load_live`, `last`, `read`, `by_sequence`. Whoever shows it reads what is
there: `find_run`, `load`, `load_run`, `page`, `end`.
"""

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gnatwork_bus.archive import Archive, ArchiveInfo
from gnatwork_bus.connection import Connection
from gnatwork_bus.direct import direct_get, get_by_sequence, leader_get, read_all
from gnatwork_bus.message import StoredMessage
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.errors import ConflictError

#: Events that are asked for by their sequence at once.
_WINDOW = 100
#: Seconds before a replica that is behind is asked again.
_BEHIND = 0.02
#: Seconds for which an archive is kept in memory after one of its pages was asked for.
_KEPT = 10.0


class FoundRun(NamedTuple):
    """Where a run is."""

    #: Its history base.
    base: str
    archived: bool


class LoadedHistory(NamedTuple):
    """The events of a run in order; none when there is no such run."""

    messages: list[StoredMessage]
    archived: bool


class RunEnd(NamedTuple):
    """How a run has ended."""

    #: One of `subjects.ENDS`.
    event: str
    sequence: int
    archived: bool


class History:
    """The stream of all events of all runs."""

    def __init__(self, connection: Connection, shards: int) -> None:
        self.connection = connection
        self.archive = Archive(connection)
        #: Number of shards of this installation.
        self.shards = shards
        #: The archive of which pages were asked for last.
        self._paged: tuple[ArchiveInfo, list[StoredMessage]] | None = None
        #: Many may want the same one at once.
        self._paging = asyncio.Lock()
        self._forgetting: asyncio.TimerHandle | None = None

    def shard(self, run_id: str) -> int:
        """The shard of a run."""
        return subjects.shard_of(run_id, self.shards)

    async def append(
        self,
        base: str,
        event: str,
        body: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        expect: tuple[str, int] | None = None,
    ) -> int:
        """Append an event to the run with this history base; its sequence.

        `expect` is a subject (or pattern) below the base and the sequence that its last message must have, 0 for
        none; otherwise `ConflictError`.
        """
        return await self.connection.publisher.publish(
            f"{base}.{event}", body, {**(headers or {}), **(expectation(*expect) if expect else {})} or None
        )

    async def begin(self, base: str, start: bytes, headers: Mapping[str, str] | None = None) -> bool:
        """Append the `start` of a run with this history base; False when it has begun already.

        Raises:
            StoreFullError: the server has no room.
            UnavailableError: NATS does not answer; the run may or may not have begun.
        """
        try:
            await self.append(base, subjects.START, start, headers=headers, expect=(subjects.run_borders(base), 0))
        except ConflictError:
            return False
        return True

    async def last(self, subject: str) -> StoredMessage | None:
        """The last event on a subject or pattern."""
        return await direct_get(self.connection, subjects.HISTORY, {"last_by_subj": subject})

    async def by_sequence(self, sequence: int) -> StoredMessage | None:
        """The event with this sequence, or None when it is gone; many may be asked for at once."""
        return await get_by_sequence(self.connection, subjects.HISTORY, sequence)

    async def read(self, pattern: str, *, after: int = 0, limit: int | None = None) -> list[StoredMessage]:
        """Events on a pattern in order, those after a sequence, at most `limit`."""
        return await read_all(self.connection, subjects.HISTORY, pattern, after=after, limit=limit)

    async def load_live(self, namespace: str, run_id: str) -> list[StoredMessage]:
        """All events of a run that is not archived, in order, complete as of now; empty when there is none.

        The stream's leader says what the last one is: a follower that answers the direct reads may be behind.
        """
        return (await self._read_live(namespace, run_id))[0]

    async def load(self, namespace: str, run_id: str) -> LoadedHistory:
        """All events of a run, wherever they are, complete as of now.

        Raises UnknownVersionError for an archive that a later version has written.
        """
        live, removed = await self._read_live(namespace, run_id)
        if live and live[0].subject.endswith(f".{run_id}.{subjects.START}") and not removed:
            return LoadedHistory(live, archived=False)
        # What came for a run after it was archived is no history, nor is what was read while it was removed.
        archived = await self.archive.read(namespace, run_id)
        return LoadedHistory(archived or live, archived=bool(archived))

    async def load_run(self, namespace: str, run_id: str) -> list[StoredMessage]:
        """As `load`, without saying where they were."""
        return (await self.load(namespace, run_id)).messages

    async def read_on(self, base: str, after: int) -> list[StoredMessage] | None:
        """Events of a run after a sequence, complete as of now; None when it is archived by now, or gone."""
        pattern = subjects.run_events(base)
        events: list[StoredMessage] = []
        while await self.last(f"{base}.{subjects.START}"):
            last = await leader_get(self.connection, subjects.HISTORY, pattern)
            known = events[-1].sequence if events else after
            if last is not None and known >= last.sequence:
                return events
            events += await self.read(pattern, after=known)
        return None

    async def find_live_start(self, namespace: str, run_id: str) -> StoredMessage | None:
        """The `start` of a run that is not archived, or None."""
        return await self.last(subjects.find_run(self.shard(run_id), namespace, run_id, subjects.START))

    async def find_start(self, namespace: str, run_id: str) -> StoredMessage | None:
        """The `start` of a run, or None: there is no such run."""
        return await self.find_live_start(namespace, run_id) or await self.archive.start(namespace, run_id)

    async def find_run(self, namespace: str, run_id: str) -> FoundRun | None:
        """Where a run is, or None: there is no such run."""
        if start := await self.find_live_start(namespace, run_id):
            return FoundRun(start.subject.removesuffix(f".{subjects.START}"), archived=False)
        info = await self.archive.find(namespace, run_id)
        return FoundRun(info.base, archived=True) if info else None

    async def is_over(self, base: str) -> bool:
        """Whether the run with this history base has ended, or is not there (any more): as of now, says the leader."""
        border = await leader_get(self.connection, subjects.HISTORY, subjects.run_borders(base))
        return border is None or subjects.split_history(border.subject)[1] in subjects.ENDS

    async def end(self, base: str) -> RunEnd | None:
        """How the run with this history base has ended, or None: it has not, or there is no such run."""
        if last := await self.last(subjects.run_borders(base)):
            event = subjects.parse_history(last.subject).event
            return RunEnd(event, last.sequence, archived=False) if event in subjects.ENDS else None
        run = subjects.parse_history(f"{base}.")
        info = await self.archive.find(run.namespace, run.run_id)
        return RunEnd(info.end, info.last, archived=True) if info and info.end in subjects.ENDS else None

    async def page(self, base: str, *, after: int = 0, limit: int | None = None) -> list[StoredMessage]:
        """Events of a run after a sequence, at most `limit`, wherever they are."""
        messages = await self.read(subjects.run_events(base), after=after, limit=limit)
        if limit is not None and len(messages) == limit:
            return messages
        if await self.last(f"{base}.{subjects.START}"):
            return messages
        run = subjects.parse_history(f"{base}.")
        archived = await self._read_again(run.namespace, run.run_id)
        first = bisect_right(archived, after, key=lambda event: event.sequence)
        return archived[first : None if limit is None else first + limit] if archived else messages

    async def pick(self, namespace: str, run_id: str, sequences: Sequence[int]) -> dict[int, StoredMessage]:
        """Some events of a run by their sequences, wherever they are; those that are not there are left out."""
        found: dict[int, StoredMessage] = {}
        for first in range(0, len(sequences), _WINDOW):
            some = sequences[first : first + _WINDOW]
            events = await asyncio.gather(*(self.by_sequence(sequence) for sequence in some))
            found |= {event.sequence: event for event in events if event and _is_of(event, namespace, run_id)}
        if missing := set(sequences) - found.keys():
            # Who asks for one event will ask for the next one.
            archived = await self._read_again(namespace, run_id)
            for sequence in missing:
                place = bisect_left(archived, sequence, key=lambda event: event.sequence)
                if place < len(archived) and archived[place].sequence == sequence:
                    found[sequence] = archived[place]
        return found

    async def events_after(self, base: str, after: int) -> list[StoredMessage]:
        """The events of the run with this history base that come after a sequence, complete as of now."""
        pattern = subjects.run_events(base)
        events: list[StoredMessage] = []
        known = after
        # Asked anew each time: the last one may have been deleted meanwhile, and will never be read then.
        while (last := await leader_get(self.connection, subjects.HISTORY, pattern)) and last.sequence > known:
            if more := await self.read(pattern, after=known):
                events += more
                known = more[-1].sequence
            else:
                # A replica that is behind has answered. What it does not have yet is not gone.
                await asyncio.sleep(_BEHIND)
        return events

    async def is_live(self, base: str, start: int) -> bool:
        """Whether the run with this history base, whose `start` has this sequence, is there and not archived."""
        found = await leader_get(self.connection, subjects.HISTORY, f"{base}.{subjects.START}")
        return found is not None and found.sequence == start

    async def _read_again(self, namespace: str, run_id: str) -> list[StoredMessage]:
        """An archive, kept for a moment: who asks for a page will ask for the next one."""
        info = await self.archive.find(namespace, run_id)
        if info is None:
            return []
        async with self._paging:
            if self._paged is None or self._paged[0] != info:
                self._paged = info, await self.archive.read(namespace, run_id)
            archived = self._paged[1]
        if self._forgetting:
            self._forgetting.cancel()
        self._forgetting = asyncio.get_running_loop().call_later(_KEPT, self._forget)
        return archived

    def _forget(self) -> None:
        self._paged = self._forgetting = None

    async def _read_live(self, namespace: str, run_id: str) -> tuple[list[StoredMessage], bool]:
        """The events that are not archived, and whether it shows that they are, or are about to be."""
        pattern = subjects.find_run(self.shard(run_id), namespace, run_id)
        events: list[StoredMessage] = []
        # Asked anew each time: the last one may have been deleted meanwhile, and will never be read then.
        while last := await leader_get(self.connection, subjects.HISTORY, pattern):
            known = events[-1].sequence if events else 0
            if known >= last.sequence:
                break
            events += await self.read(pattern, after=known)
            if events and events[-1].sequence >= last.sequence:
                break
        else:
            # There are none, or they were removed meanwhile and what was read is but a part.
            return [], True
        own = [event for event in events if not _is_remainder(event)]
        return own, len(own) < len(events)


def _is_of(event: StoredMessage, namespace: str, run_id: str) -> bool:
    subject = subjects.parse_history(event.subject)
    return (subject.namespace, subject.run_id) == (namespace, run_id)


def _is_remainder(event: StoredMessage) -> bool:
    """Whether it is no event of the run, but about what is left of it."""
    return subjects.parse_history(event.subject).workflow == subjects.RETENTION_WORKFLOW


def expectation(subject: str, sequence: int) -> dict[str, str]:
    """Headers that make an append conditional on the last sequence of a subject or pattern."""
    return {
        header_names.EXPECTED_LAST_SUBJECT_SEQUENCE: str(sequence),
        header_names.EXPECTED_LAST_SUBJECT_SEQUENCE_SUBJECT: subject,
    }
