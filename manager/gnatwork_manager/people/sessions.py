"""Logins that go on: each pair of tokens is exchanged for the next one, once."""

from collections.abc import Callable

from gnatwork_bus.kv import Bucket
from gnatwork_manager.auth import bad_token
from gnatwork_manager.people import opaque
from gnatwork_manager.people.access_tokens import ACCESS_LIFETIME, AccessClaims, sign
from gnatwork_manager.people.directory import Directory
from gnatwork_manager.people.records import PersonRecord, SessionRecord
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError
from gnatwork_schemas.people import Tokens

#: Seconds for which a refresh token is good: 30 days.
REFRESH_LIFETIME = 30 * 86_400
#: Seconds for which a session that is over is remembered, longer than any of its access tokens is good.
_REMEMBERED = 2 * ACCESS_LIFETIME


class Sessions:
    """Begins, continues and ends sessions."""

    def __init__(self, state: Bucket, directory: Directory, key: bytes, clock: Callable[[], float]) -> None:
        self._state = state
        self._directory = directory
        self._key = key
        self._clock = clock

    async def begin(self, person: PersonRecord) -> Tokens:
        """The first tokens of someone who has logged in."""
        token, now = opaque.make(opaque.REFRESH_TOKEN), self._clock()
        record = SessionRecord(
            id=token.id,
            person=person.id,
            generation=person.generation,
            digest=token.digest,
            expires_at=now + REFRESH_LIFETIME,
        )
        await self._state.create(_key_of(token.id), _encode(record), ttl=REFRESH_LIFETIME)
        return self._tokens(record, token, now)

    async def refresh(self, sent: str) -> Tokens:
        """The next tokens. One that was exchanged before ends the session: it is in more hands than it should be.

        Raises ProblemError `auth.invalid`, `auth.expired`.
        """
        token, now = opaque.parse(opaque.REFRESH_TOKEN, sent.encode()), self._clock()
        # Of a moment ago, the token might seem to have been exchanged.
        entry, _ = await self._state.find(_key_of(token.id), sure=True) if token else (None, 0)
        if token is None or entry is None:
            raise bad_token("the refresh token is not that of a session")
        record = SessionRecord.model_validate_json(entry.value)
        if not token.matches(record.digest):
            await self.end(record.id)
            raise bad_token("the refresh token was used before, so the session is over")
        if record.expires_at <= now:
            raise bad_token("the session has lasted too long without being used", "auth.expired")
        await self._check_person(record)
        following = opaque.make(opaque.REFRESH_TOKEN, record.id)
        changed = record.model_copy(update={"digest": following.digest, "expires_at": now + REFRESH_LIFETIME})
        try:
            await self._state.update(_key_of(record.id), _encode(changed), entry.revision, ttl=REFRESH_LIFETIME)
        except ConflictError:
            await self.end(record.id)
            raise bad_token("the refresh token was used twice at once, so the session is over") from None
        return self._tokens(changed, following, now)

    async def end(self, session: str) -> None:
        """Have all tokens of a session be good no more."""
        revision = await self._state.put(subjects.revoked_session_key(session), b"{}", ttl=_REMEMBERED)
        await self._state.delete(_key_of(session))
        await self._directory.reach(revision)

    async def _check_person(self, record: SessionRecord) -> None:
        await self._directory.catch_up()
        known = self._directory.people.get(record.person)
        if known is None or known.record.disabled or known.record.generation != record.generation:
            await self._state.delete(_key_of(record.id))
            raise bad_token("the session is over: the person is disabled or gone, or has a new password")

    def _tokens(self, record: SessionRecord, token: opaque.Opaque, now: float) -> Tokens:
        claims = AccessClaims(record.person, record.id, record.generation, now + ACCESS_LIFETIME)
        return Tokens(access_token=sign(claims, self._key, now), refresh_token=str(token), expires_in=ACCESS_LIFETIME)


def _key_of(session: str) -> str:
    return subjects.session_key(session)


def _encode(record: SessionRecord) -> bytes:
    return record.model_dump_json().encode()
