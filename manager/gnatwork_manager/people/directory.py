"""All people, keys and invitations, followed and kept in memory: no request asks NATS who its caller is."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from gnatwork_bus.connection import Connection
from gnatwork_bus.follow import follow
from gnatwork_bus.kv import Bucket
from gnatwork_manager.people.records import InvitationRecord, KeyRecord, PersonRecord
from gnatwork_schemas import subjects
from gnatwork_schemas.messages import Message

log = logging.getLogger(__name__)

_Record = TypeVar("_Record", bound=Message)

_PERSON = subjects.person_key("")
_KEY = subjects.api_key_key("")
_INVITATION = subjects.invitation_key("")
_REVOKED = subjects.revoked_session_key("")
#: Seconds that a caller waits for what was written to come by.
_PATIENCE = 5.0
#: Questions to NATS at once.
_ASKING = 16


class Known(NamedTuple):
    """A person, and the revision of the document."""

    record: PersonRecord
    revision: int


class KnownKey(NamedTuple):
    """A key, and the revision of the document."""

    record: KeyRecord
    revision: int


class Directory:
    """What this manager knows, a few milliseconds behind what is stored."""

    def __init__(self, connection: Connection, state: Bucket) -> None:
        self._connection = connection
        self._state = state
        self._position = 0
        self._moved = asyncio.Condition()
        #: Whoever guesses the ids of keys keeps no more than this busy.
        self._asking = asyncio.Semaphore(_ASKING)
        self._people: dict[str, Known] = {}
        self._ids: dict[str, str] = {}
        self._keys: dict[str, KnownKey] = {}
        self._invitations: dict[str, InvitationRecord] = {}
        self._revoked: set[str] = set()

    @property
    def people(self) -> Mapping[str, Known]:
        """All people, by id."""
        return self._people

    @property
    def keys(self) -> Mapping[str, KnownKey]:
        """All keys, by id."""
        return self._keys

    @property
    def invitations(self) -> Mapping[str, InvitationRecord]:
        """All invitations that no one has accepted, by id; those that have expired may be among them."""
        return self._invitations

    def is_revoked(self, session: str) -> bool:
        """Whether access tokens of a session are good no more."""
        return session in self._revoked

    async def refresh(self) -> None:
        """Read everything now."""
        for entry in await self._state.list(subjects.PEOPLE_KEYS):
            self._position = max(self._position, entry.revision)
            self._take(entry.key, entry.value, entry.revision)

    async def follow(self) -> None:
        """Take in every change, for ever."""
        subject = self._state.subject(subjects.PEOPLE_KEYS)
        following = follow(self._connection, self._state.stream_name, subject, after=self._position)
        async with contextlib.aclosing(following) as messages:
            async for message in messages:
                if message.sequence <= self._position:
                    # The bucket was made anew: nobody of before gets in.
                    for known in (self._people, self._ids, self._keys, self._invitations, self._revoked):
                        known.clear()
                entry = self._state.entry(message)
                self._take(self._state.key(message), entry.value if entry else None, message.sequence)
                async with self._moved:
                    self._position = message.sequence
                    self._moved.notify_all()

    async def reach(self, revision: int) -> None:
        """Return once a write of this revision is known here, or after a few seconds without it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE), self._moved:
                await self._moved.wait_for(lambda: self._position >= revision)

    async def catch_up(self) -> None:
        """Return once everything is known here that was written before; for what another manager has just made."""
        async with self._asking:
            revision = await self._state.last_revision(subjects.PEOPLE_KEYS)
        await self.reach(revision)

    def _take(self, key: str, value: bytes | None, revision: int) -> None:
        if key.startswith(_PERSON):
            self._take_person(key, _read(PersonRecord, key, value), revision)
        elif key.startswith(_KEY):
            record = _read(KeyRecord, key, value)
            _put(self._keys, key.removeprefix(_KEY), KnownKey(record, revision) if record else None)
        elif key.startswith(_INVITATION):
            _put(self._invitations, key.removeprefix(_INVITATION), _read(InvitationRecord, key, value))
        elif value is None:
            self._revoked.discard(key.removeprefix(_REVOKED))
        else:
            self._revoked.add(key.removeprefix(_REVOKED))

    def _take_person(self, key: str, record: PersonRecord | None, revision: int) -> None:
        # Whoever registers with the address of someone who was deleted is someone else.
        if before := self._ids.pop(key, None):
            del self._people[before]
        if record is not None:
            self._ids[key] = record.id
            self._people[record.id] = Known(record, revision)


_Value = TypeVar("_Value")


def _put(table: dict[str, _Value], key: str, value: _Value | None) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value


def _read(model: type[_Record], key: str, value: bytes | None) -> _Record | None:
    """The record in a document; None for one that is gone, or can't be read: then nobody gets in by it."""
    if value is None:
        return None
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        log.warning("%s can't be read: %s", key, error)
        return None
