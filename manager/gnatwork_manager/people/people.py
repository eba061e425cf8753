"""The people there are: looking at them and changing what they may do."""

from collections.abc import Callable, Mapping
from typing import Any

from gnatwork_bus.kv import Bucket
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_manager.people.directory import Directory, Known
from gnatwork_manager.people.records import PersonRecord, email_digest
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError, UnavailableError
from gnatwork_schemas.people import EVERYWHERE, Person, Role

_TRIES = 20


class People:
    """Changes are made one after the other, whichever manager makes them: nobody locks everybody out by accident."""

    def __init__(self, state: Bucket, directory: Directory) -> None:
        self._state = state
        #: All people, in memory.
        self.directory = directory

    def page(self, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of people, those that came first at first."""
        place = decode_cursor(cursor, float, str)
        records = (known.record for known in self.directory.people.values())
        places = sorted(((record.created_at, record.id), record) for record in records)
        left = [entry for entry in places if place is None or entry[0] > place]
        items = [record.shown().model_dump(mode="json") for _, record in left[:limit]]
        return page(items, encode_cursor(*left[limit - 1][0]) if len(left) > limit else None)

    async def get(self, id_: str) -> PersonRecord:
        """One person; ProblemError `person.not_found`."""
        return (await self._known(id_)).record

    async def by_email(self, email: str) -> PersonRecord | None:
        """Whoever has this e-mail address, as it is stored now."""
        entry = await self._state.get(subjects.person_key(email_digest(email)))
        return PersonRecord.model_validate_json(entry.value) if entry else None

    async def change(self, id_: str, changes: Mapping[str, Any]) -> Person:
        """Give some fields other values; ProblemError `person.not_found`, `person.last_admin`."""

        def changed(record: PersonRecord) -> PersonRecord:
            # Whoever was disabled is to log in anew once they are not any more.
            ends = changes.get("disabled", False) and not record.disabled
            return record.model_copy(update={**changes, "generation": record.generation + ends})

        return (await self._write(id_, changed)).shown()

    async def set_password(self, id_: str, hashed: str) -> PersonRecord:
        """Replace the hash of a password, which ends all sessions; ProblemError `person.not_found`."""
        return await self._write(
            id_,
            lambda record: record.model_copy(update={"password": hashed, "generation": record.generation + 1}),
        )

    async def delete(self, id_: str) -> None:
        """Remove someone, and all their keys; ProblemError `person.not_found`, `person.last_admin`."""
        removed = await self._write(id_, lambda _: None)
        claimed = email_digest(removed.email)
        # Left when a manager died just after the registration, and not to be registered with once more.
        for invitation in [one.id for one in self.directory.invitations.values() if one.claimed_by == claimed]:
            await self._state.delete(subjects.invitation_key(invitation))
        for key in [known.record.id for known in self.directory.keys.values() if known.record.owner == id_]:
            await self.directory.reach(await self._state.delete(subjects.api_key_key(key)))

    async def note_login(self, person: PersonRecord, at: float, hashed: str | None) -> None:
        """Write down that someone has logged in, and a new hash of the same password."""
        key = subjects.person_key(email_digest(person.email))
        for _ in range(_TRIES):
            entry = await self._state.get(key)
            record = PersonRecord.model_validate_json(entry.value) if entry else None
            if entry is None or record is None or record.id != person.id:
                return
            changes: dict[str, Any] = {"last_login": at}
            if hashed and record.generation == person.generation:
                changes["password"] = hashed
            try:
                await self._state.update(key, _encode(record.model_copy(update=changes)), entry.revision)
            except ConflictError:
                continue
            return

    async def _known(self, id_: str) -> Known:
        known = self.directory.people.get(id_)
        if known is None:
            await self.directory.catch_up()
            known = self.directory.people.get(id_)
        if known is None:
            raise ProblemError("person.not_found", f"there is no person `{id_}`")
        return known

    async def _write(self, id_: str, change: Callable[[PersonRecord], PersonRecord | None]) -> PersonRecord:
        """Change one person, knowing all others: nobody else is changed meanwhile. The record before for a removal."""
        for _ in range(_TRIES):
            revision = await self._state.last_revision(subjects.PERSON_KEYS)
            await self.directory.reach(revision)
            before = (await self._known(id_)).record
            after = change(before)
            if _is_admin(before) and not (after and _is_admin(after)) and not self._another_admin(id_):
                raise ProblemError("person.last_admin")
            key = subjects.person_key(email_digest(before.email))
            try:
                written = await self._state.write_among(
                    key, _encode(after) if after else None, subjects.PERSON_KEYS, revision
                )
            except ConflictError:
                continue
            await self.directory.reach(written)
            return after or before
        raise UnavailableError("others change people all the time")

    def _another_admin(self, id_: str) -> bool:
        return any(known.record.id != id_ and _is_admin(known.record) for known in self.directory.people.values())


def _is_admin(record: PersonRecord) -> bool:
    return not record.disabled and record.roles.get(EVERYWHERE) is Role.ADMIN


def _encode(record: PersonRecord) -> bytes:
    return record.model_dump_json().encode()
