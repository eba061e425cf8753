"""API keys: what programs call with."""

import logging
from collections.abc import Callable
from typing import Any

from gnatwork_bus.kv import Bucket
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_manager.people import opaque
from gnatwork_manager.people.directory import Directory, KnownKey
from gnatwork_manager.people.principal import Principal
from gnatwork_manager.people.records import KeyRecord
from gnatwork_manager.problems import ProblemError, invalid
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.people import EVERYWHERE, NewApiKey, Role, Roles, covers

log = logging.getLogger(__name__)

#: Seconds between two notes of a key's use.
_NOTED_EVERY = 60.0


class ApiKeys:
    """All keys."""

    def __init__(self, state: Bucket, directory: Directory, clock: Callable[[], float]) -> None:
        self._state = state
        self._directory = directory
        self._clock = clock
        #: When this manager last noted the use of a key.
        self._noted: dict[str, float] = {}

    def page(self, principal: Principal, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of keys, the oldest first: one's own, or for an admin of everything all; ProblemError."""
        _check_manager(principal)
        place = decode_cursor(cursor, float, str)
        records = (known.record for known in self._directory.keys.values() if _may_manage(principal, known.record))
        places = sorted(((record.created_at, record.id), record) for record in records)
        left = [entry for entry in places if place is None or entry[0] > place]
        items = [record.shown().model_dump(mode="json") for _, record in left[:limit]]
        return page(items, encode_cursor(*left[limit - 1][0]) if len(left) > limit else None)

    async def make(self, principal: Principal, name: str, roles: Roles | None, expires_at: float | None) -> NewApiKey:
        """Make a key, which may do no more than whoever makes it; ProblemError."""
        _check_manager(principal)
        now = self._clock()
        wanted = dict(principal.roles if roles is None else roles)
        if not covers(principal.roles, wanted):
            raise ProblemError("auth.forbidden", "a key has no larger roles than whoever makes it")
        if expires_at is not None and expires_at <= now:
            raise invalid("/expires_at", "that is in the past")
        key = opaque.make(opaque.API_KEY)
        record = KeyRecord(
            id=key.id,
            name=name,
            digest=key.digest,
            owner=principal.person,
            roles=wanted,
            created_at=now,
            expires_at=expires_at,
        )
        await self._directory.reach(await self._state.create(subjects.api_key_key(key.id), _encode(record)))
        return NewApiKey(key=str(key), **record.shown().model_dump())

    async def delete(self, principal: Principal, id_: str) -> None:
        """Have a key be refused from now on; ProblemError `key.not_found`, also for those of others."""
        _check_manager(principal)
        if id_ not in self._directory.keys:
            await self._directory.catch_up()
        known = self._directory.keys.get(id_)
        if known is None or not _may_manage(principal, known.record):
            raise ProblemError("key.not_found", f"there is no key `{id_}` of yours")
        await self._directory.reach(await self._state.delete(subjects.api_key_key(id_)))
        self._noted.pop(id_, None)

    def used(self, known: KnownKey) -> None:
        """Note that a key was used, at most once a minute, and without holding up the request."""
        record, now = known.record, self._clock()
        if now - max(record.last_used_at or 0.0, self._noted.get(record.id, 0.0)) < _NOTED_EVERY:
            return
        self._noted[record.id] = now
        changed = record.model_copy(update={"last_used_at": now})
        # Should another manager write it first, or someone delete the key, this is refused, and that is right.
        self._state.send(subjects.api_key_key(record.id), _encode(changed), known.revision, _noted)


def _noted(result: int | GnatworkError) -> None:
    if isinstance(result, GnatworkError):
        log.debug("the use of a key is not noted: %s", result)


def _is_admin(principal: Principal) -> bool:
    return principal.roles.get(EVERYWHERE) is Role.ADMIN


def _check_manager(principal: Principal) -> None:
    """A key that could make keys would outlive its own end."""
    if principal.kind == "key" and not _is_admin(principal):
        raise ProblemError("auth.forbidden", "keys are managed by people; log in")


def _may_manage(principal: Principal, record: KeyRecord) -> bool:
    return _is_admin(principal) or (bool(record.owner) and record.owner == principal.person)


def _encode(record: KeyRecord) -> bytes:
    return record.model_dump_json().encode()
