"""Whose credentials are whose."""

import hmac
import math
from collections.abc import Callable
from dataclasses import replace

from gnatwork_manager.auth import bad_token
from gnatwork_manager.lru import LruCache
from gnatwork_manager.people import opaque
from gnatwork_manager.people.access_tokens import AccessClaims, verify
from gnatwork_manager.people.directory import Directory, KnownKey
from gnatwork_manager.people.principal import TOKEN_ROLES, Principal
from gnatwork_manager.people.records import PersonRecord
from gnatwork_schemas.people import within

_WHOEVER_HAS_THE_TOKEN = Principal(kind="token", roles=TOKEN_ROLES)
#: Access tokens that are not verified again, bytes.
_CACHE = 4 * 1024 * 1024


class Identity:
    """Finds out who has sent a token, from memory. Takes the same time however wrong a token is."""

    def __init__(
        self,
        *,
        token: str,
        directory: Directory,
        signing_key: bytes,
        clock: Callable[[], float],
        used: Callable[[KnownKey], None],
    ) -> None:
        """Know what there is to know.

        Args:
            token: the installation's own.
            directory: of people and keys.
            signing_key: that of access tokens.
            clock: Unix seconds.
            used: told of each use of a key.
        """
        self._token = token.encode()
        self._directory = directory
        self._signing_key = signing_key
        self._clock = clock
        self._used = used
        self._verified: LruCache[bytes, AccessClaims] = LruCache(_CACHE)

    async def identify(self, token: bytes) -> Principal:
        """Who has sent it; ProblemError `auth.invalid`, `auth.expired`."""
        if hmac.compare_digest(token, self._token):
            return _WHOEVER_HAS_THE_TOKEN
        if key := opaque.parse(opaque.API_KEY, token):
            return await self._by_key(key)
        return await self._by_access_token(token)

    def renewed(self, principal: Principal) -> Principal | None:
        """The same with the roles of now; None once they would be refused. An access token may expire meanwhile."""
        if principal.kind == "token":
            return principal
        owner = self._directory.people.get(principal.person)
        if principal.person and (owner is None or owner.record.disabled):
            return None
        if principal.kind == "person":
            over = owner is None or owner.record.generation != principal.generation
            over = over or self._directory.is_revoked(principal.session)
            return None if over or owner is None else replace(principal, roles=owner.record.roles)
        known = self._directory.keys.get(principal.id)
        if known is None or (known.record.expires_at or math.inf) <= self._clock():
            return None
        roles = known.record.roles
        return replace(principal, roles=within(roles, owner.record.roles) if owner else roles)

    async def _by_key(self, key: opaque.Opaque) -> Principal:
        known = self._directory.keys.get(key.id)
        if known is None:
            # Another manager may have made it a moment ago.
            await self._directory.catch_up()
            known = self._directory.keys.get(key.id)
        if known is None or not key.matches(known.record.digest):
            raise bad_token()
        record = known.record
        if record.expires_at is not None and record.expires_at <= self._clock():
            raise bad_token("the key has expired")
        roles = record.roles
        if record.owner:
            roles = within(roles, (await self._person(record.owner)).roles)
        self._used(known)
        return Principal(kind="key", id=record.id, name=record.name, roles=roles, person=record.owner)

    async def _by_access_token(self, token: bytes) -> Principal:
        claims = self._verified.get(token)
        if claims is None:
            claims = verify(token, self._signing_key)
            self._verified.put(token, claims, len(token))
        if claims.expires_at <= self._clock():
            raise bad_token(code="auth.expired")
        person = await self._person(claims.person)
        if person.generation < claims.generation:
            # Another manager has changed the password a moment ago.
            await self._directory.catch_up()
            person = await self._person(claims.person)
        if person.generation != claims.generation or self._directory.is_revoked(claims.session):
            raise bad_token("the session is over")
        return Principal(
            kind="person",
            id=person.id,
            name=person.email,
            roles=person.roles,
            person=person.id,
            session=claims.session,
            generation=person.generation,
        )

    async def _person(self, id_: str) -> PersonRecord:
        known = self._directory.people.get(id_)
        if known is None:
            await self._directory.catch_up()
            known = self._directory.people.get(id_)
        if known is None or known.record.disabled:
            raise bad_token("the person is disabled or gone")
        return known.record
