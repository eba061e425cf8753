"""Invitations: what someone may register with, once."""

from collections.abc import Callable
from typing import Any, NamedTuple

from gnatwork_bus.kv import Bucket
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_manager.people import opaque
from gnatwork_manager.people.directory import Directory
from gnatwork_manager.people.records import InvitationRecord, email_digest
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError
from gnatwork_schemas.people import NewInvitation, Roles, covers

#: Seconds for which one can be accepted: a week.
LIFETIME = 7 * 86_400


class Found(NamedTuple):
    """An invitation, and the revision of the document."""

    record: InvitationRecord
    revision: int


class Invitations:
    """Those that no one has accepted yet."""

    def __init__(self, state: Bucket, directory: Directory, clock: Callable[[], float]) -> None:
        self._state = state
        self._directory = directory
        self._clock = clock

    def page(self, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of them, those that end first at first."""
        place, now = decode_cursor(cursor, float, str), self._clock()
        records = (one for one in self._directory.invitations.values() if one.expires_at > now)
        places = sorted(((one.expires_at, one.id), one) for one in records)
        left = [entry for entry in places if place is None or entry[0] > place]
        items = [one.shown().model_dump(mode="json") for _, one in left[:limit]]
        return page(items, encode_cursor(*left[limit - 1][0]) if len(left) > limit else None)

    async def make(self, email: str | None, roles: Roles, *, created_by: str, inviter: str) -> NewInvitation:
        """Invite someone; `inviter` is the id of the person who does, if it is one."""
        token, now = opaque.make(opaque.INVITATION), self._clock()
        record = InvitationRecord(
            id=token.id,
            digest=token.digest,
            email=email,
            roles=dict(roles),
            created_by=created_by,
            inviter=inviter,
            created_at=now,
            expires_at=now + LIFETIME,
        )
        await self._directory.reach(await self._state.create(_key(token.id), _encode(record), ttl=LIFETIME))
        return NewInvitation(token=str(token), **record.shown().model_dump())

    async def revoke(self, id_: str) -> None:
        """Take one back; ProblemError `invitation.not_found`."""
        await self._directory.catch_up()
        # The store is not asked: to it `*` is any of them.
        if id_ not in self._directory.invitations:
            raise ProblemError("invitation.not_found", f"there is no invitation `{id_}`")
        await self.delete(id_)

    async def delete(self, id_: str) -> None:
        """Remove one, whether it is there or not."""
        await self._directory.reach(await self._state.delete(_key(id_)))

    async def find(self, sent: str, email: str) -> Found:
        """The invitation with this token, if it is for whoever has this address; ProblemError `invitation.invalid`."""
        token = opaque.parse(opaque.INVITATION, sent.encode())
        entry = await self._state.get(_key(token.id)) if token else None
        if token is None or entry is None:
            raise ProblemError("invitation.invalid", "there is no such invitation, or no longer")
        record = InvitationRecord.model_validate_json(entry.value)
        if not token.matches(record.digest) or record.expires_at <= self._clock():
            raise ProblemError("invitation.invalid", "there is no such invitation, or no longer")
        digest = email_digest(email)
        if (record.email and email_digest(record.email) != digest) or record.claimed_by not in {None, digest}:
            raise ProblemError("invitation.invalid", "it is for someone else")
        await self._check_inviter(record)
        return Found(record, entry.revision)

    async def _check_inviter(self, record: InvitationRecord) -> None:
        """Whoever has lost their roles is not to come back by an invitation that they have made before."""
        if not record.inviter:
            return
        await self._directory.catch_up()
        known = self._directory.people.get(record.inviter)
        if known is None or known.record.disabled or not covers(known.record.roles, record.roles):
            raise ProblemError("invitation.invalid", "whoever has made it could not do so any more")

    async def claim(self, found: Found, email: str) -> None:
        """Have an invitation be good for nobody else any more; ProblemError `invitation.invalid`."""
        record = found.record.model_copy(update={"claimed_by": email_digest(email)})
        left = max(1.0, record.expires_at - self._clock())
        try:
            await self._state.update(_key(record.id), _encode(record), found.revision, ttl=left)
        except ConflictError:
            raise ProblemError("invitation.invalid", "someone else has just accepted it") from None


def _key(id_: str) -> str:
    return subjects.invitation_key(id_)


def _encode(record: InvitationRecord) -> bytes:
    return record.model_dump_json().encode()
