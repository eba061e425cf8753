"""Registering, logging in, and what people do with their own accounts."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from gnatwork_bus.kv import Bucket
from gnatwork_manager.auth import REALM
from gnatwork_manager.people import opaque
from gnatwork_manager.people.bodies import Login, Registration
from gnatwork_manager.people.invitations import Invitations
from gnatwork_manager.people.passwords import Passwords, check_password
from gnatwork_manager.people.people import People
from gnatwork_manager.people.principal import Principal
from gnatwork_manager.people.records import PersonRecord, email_digest
from gnatwork_manager.people.sessions import Sessions
from gnatwork_manager.people.throttle import Throttle, tries
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError, GnatworkError
from gnatwork_schemas.people import EVERYWHERE, Person, Role, Roles, Tokens

log = logging.getLogger(__name__)

_FOUNDER: Roles = {EVERYWHERE: Role.ADMIN}


@dataclass(frozen=True, kw_only=True, slots=True)
class Accounts:
    """What people do with their own accounts."""

    state: Bucket
    people: People
    invitations: Invitations
    sessions: Sessions
    passwords: Passwords
    throttle: Throttle
    clock: Callable[[], float]

    async def register(self, wanted: Registration, address: str) -> Person:
        """Make an account: the first one without an invitation, and for the admin of everything.

        Raises ProblemError `invitation.needed`, `invitation.invalid`, `person.exists`, `auth.throttled`, `auth.busy`.
        """
        check_password(wanted.password, wanted.email)
        await self.throttle.take(tries(address=address))
        if wanted.invitation is None:
            return await self._found(wanted)
        invitation = await self.invitations.find(wanted.invitation, wanted.email)
        if await self.state.get(_key(wanted)):
            raise _exists(wanted.email)
        record = await self._record(wanted, invitation.record.roles)
        await self.invitations.claim(invitation, wanted.email)
        try:
            revision = await self.state.create(_key(wanted), record.model_dump_json().encode())
        except ConflictError:
            raise _exists(wanted.email) from None
        await self.invitations.delete(invitation.record.id)
        await self.people.directory.reach(revision)
        return record.shown()

    async def login(self, wanted: Login, address: str) -> tuple[Tokens, PersonRecord]:
        """The first tokens, and whose they are; ProblemError `auth.refused`, `auth.throttled`, `auth.busy`.

        Says the same, and takes as long, whether the e-mail address or the password is wrong.
        """
        counted = tries(email=wanted.email, address=address)
        await self.throttle.take(counted)
        person = await self.people.by_email(wanted.email)
        stored = None if person is None or person.disabled else person.password
        if not await self.passwords.verify(stored, wanted.password) or person is None:
            raise ProblemError("auth.refused", headers={"WWW-Authenticate": REALM})
        await self.throttle.give_back(counted)
        await self._note_login(person, wanted.password)
        return await self.sessions.begin(person), person

    async def change_password(self, principal: Principal, current: str, new: str, address: str) -> Tokens:
        """Give oneself a new password, which ends all sessions; the tokens of a new one."""
        known = self.people.directory.people.get(principal.id)
        if not principal.session or known is None:
            raise ProblemError("auth.not_logged_in")
        email = known.record.email
        check_password(new, email, "/new")
        counted = tries(email=email, address=address)
        await self.throttle.take(counted)
        if not await self.passwords.verify(known.record.password, current):
            raise ProblemError(
                "auth.refused", "the current password is another one", headers={"WWW-Authenticate": REALM}
            )
        await self.throttle.give_back(counted)
        return await self.sessions.begin(await self.people.set_password(principal.id, await self.passwords.hash(new)))

    async def reset_password(self, person: str, password: str) -> None:
        """Give someone else a new password, which ends all their sessions; ProblemError `person.not_found`."""
        record = await self.people.get(person)
        check_password(password, record.email)
        await self.people.set_password(person, await self.passwords.hash(password))

    async def logout(self, principal: Principal) -> None:
        """End the session that a request belongs to; ProblemError `auth.not_logged_in`."""
        if not principal.session:
            raise ProblemError("auth.not_logged_in")
        await self.sessions.end(principal.session)

    async def _found(self, wanted: Registration) -> Person:
        revision = await self.state.last_revision(subjects.PERSON_KEYS)
        if revision:
            raise ProblemError("invitation.needed")
        record = await self._record(wanted, _FOUNDER)
        try:
            revision = await self.state.write_among(
                _key(wanted), record.model_dump_json().encode(), subjects.PERSON_KEYS, revision
            )
        except ConflictError:
            raise ProblemError("invitation.needed", "someone else was first") from None
        await self.people.directory.reach(revision)
        return record.shown()

    async def _record(self, wanted: Registration, roles: Roles) -> PersonRecord:
        return PersonRecord(
            id=opaque.new_id(),
            email=wanted.email,
            name=wanted.name,
            password=await self.passwords.hash(wanted.password),
            roles=dict(roles),
            created_at=self.clock(),
        )

    async def _note_login(self, person: PersonRecord, password: str) -> None:
        """Nobody is kept out because this can't be written."""
        hashed = await self.passwords.hash(password) if self.passwords.is_outdated(person.password) else None
        try:
            await self.people.note_login(person, self.clock(), hashed)
        except GnatworkError as error:
            log.warning("the login of %s is not noted: %s", person.id, error)


def _key(wanted: Registration) -> str:
    return subjects.person_key(email_digest(wanted.email))


def _exists(email: str) -> ProblemError:
    return ProblemError("person.exists", f"`{email}` is registered")
