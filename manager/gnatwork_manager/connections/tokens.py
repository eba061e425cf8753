"""Tokens of OAuth2 connections: had once, shared by all managers, and renewed ahead of their end.

One manager at a time asks for a new token: it says so in the token's document, on the condition that nobody else has,
and stores what it got on the same condition. So a refresh token that can be used once is used once. A manager that
dies in between is waited for as long as its request could have taken; then another one asks.
"""

import asyncio
import logging
from collections.abc import Callable

import httpx

from gnatwork_bus.kv import Entry
from gnatwork_bus.patience import until_available
from gnatwork_manager.connections.documents import SealedToken, StoredToken
from gnatwork_manager.connections.oauth2 import (
    REQUEST_TIMEOUT,
    Grant,
    TokenRefusedError,
    TokenUnavailableError,
    ask,
    client_grant,
    refresh_grant,
)
from gnatwork_manager.connections.table import ConnectionTable
from gnatwork_manager.connections.token_state import Client, Held, is_ageing, is_refused, left
from gnatwork_schemas.connections import OAuth2Values
from gnatwork_schemas.errors import ConflictError

log = logging.getLogger(__name__)

#: Seconds for which a manager has the token to itself while it asks for a new one.
_LEASE = REQUEST_TIMEOUT + 10.0


class Tokens:
    """The tokens of all OAuth2 connections."""

    def __init__(
        self, table: ConnectionTable, http: Callable[[], httpx.AsyncClient], clock: Callable[[], float]
    ) -> None:
        self._table = table
        self._http = http
        self._clock = clock
        self._renewing: dict[tuple[str, ...], asyncio.Task[Held]] = {}

    async def get(self, client: Client) -> Held:
        """The token of a connection, renewed where it is about to end.

        Raises:
            TokenRefusedError, TokenUnavailableError: There is none, and none is to be had.
            SealError: It can't be opened.
            UnavailableError: NATS does not answer.
        """
        stored = client.stored(await self._table.get(client.key))
        held, now = client.held(stored), self._clock()
        if held is None or is_ageing(stored, now, handed_out=False):
            try:
                return await asyncio.shield(self._renew(client))
            except (TokenRefusedError, TokenUnavailableError):
                if held is None or left(stored, now) <= 0:
                    raise
        elif is_ageing(stored, now) and not is_refused(stored, now):
            # Good enough for this caller; the next one gets the new one.
            self._renew(client)
        return held

    async def renewed(self, client: Client) -> Held:
        """A token that is asked for now, whatever is there; raises as `get`."""
        return await asyncio.shield(self._renew(client, anew=True))

    async def store(self, client: Client, grant: Grant) -> None:
        """Keep a token that someone has agreed to, whatever was there before."""
        while True:
            _, revision = await self._table.bucket.find(client.key)
            try:
                await self._write(client.key, client.granted(grant, None, self._clock()), revision)
            except ConflictError:
                continue
            return

    async def close(self) -> None:
        """Let requests under way end, for what they bring must be stored."""
        if self._renewing:
            await asyncio.wait(self._renewing.values(), timeout=_LEASE)
        for task in tuple(self._renewing.values()):
            task.cancel()

    def _renew(self, client: Client, *, anew: bool = False) -> asyncio.Task[Held]:
        """One task for all that ask at this manager; it goes on when they are gone."""
        if (task := self._renewing.get(client.place)) is None:
            task = asyncio.create_task(self._renewed(client, anew=anew), name="token")
            self._renewing[client.place] = task
            task.add_done_callback(lambda done: self._renewed_by(client, done))
        return task

    def _renewed_by(self, client: Client, task: asyncio.Task[Held]) -> None:
        self._renewing.pop(client.place, None)
        if not task.cancelled() and (error := task.exception()):
            # Those who asked know, if they are there still.
            log.warning("no token for the connection %s of %s: %s", client.name, client.namespace, error)

    async def _renewed(self, client: Client, *, anew: bool) -> Held:
        while True:
            entry, revision = await self._table.bucket.find(client.key)
            stored, now = client.stored(entry), self._clock()
            held = client.held(stored)
            if held is not None and not anew and not is_ageing(stored, now):
                return held
            if stored is not None and not anew and is_refused(stored, now):
                raise TokenRefusedError(stored.error or "")
            if stored is not None and stored.busy_until > now:
                await self._until_changed(client.key, revision, stored.busy_until - now)
                continue
            begun = stored or StoredToken(generation=client.connection.generation)
            try:
                claimed = begun.model_copy(update={"busy_until": now + _LEASE})
                revision = await self._write(client.key, claimed, revision)
            except ConflictError:
                continue
            return await self._ask(client, begun, held, revision)

    async def _ask(self, client: Client, before: StoredToken, held: Held | None, revision: int) -> Held:
        """Ask for a token and store it: the document is ours, at this revision."""
        old = held.token if held else None
        try:
            values = OAuth2Values.model_validate(client.connection.values)
            grant = await ask(self._http(), values, _form(values, old))
        except (TokenRefusedError, TokenUnavailableError) as error:
            failed_at = self._clock() if isinstance(error, TokenRefusedError) else 0.0
            update = {"error": error.detail, "failed_at": failed_at, "busy_until": 0.0}
            await self._settle(client.key, before.model_copy(update=update), revision)
            raise
        stored = client.granted(grant, old, self._clock())
        await self._settle(client.key, stored, revision)
        return Held(grant.token, stored.expires_at)

    async def _settle(self, key: str, stored: StoredToken, revision: int) -> None:
        """Store what came of a request, unless someone has agreed anew meanwhile, which counts more."""
        try:
            await until_available(lambda: self._write(key, stored, revision))
        except ConflictError:
            log.info("a token was replaced while another one was asked for")

    async def _write(self, key: str, stored: StoredToken, revision: int) -> int:
        value = stored.model_dump_json().encode()
        written = await self._table.bucket.update(key, value, revision)
        self._table.note(Entry(key, value, written))
        return written

    async def _until_changed(self, key: str, revision: int, seconds: float) -> None:
        """Wait until another manager has stored what it got, or ought to have."""
        with self._table.changes() as changed:
            try:
                async with asyncio.timeout(seconds):
                    while (entry := await self._table.get(key)) is not None and entry.revision <= revision:
                        await changed.wait()
                        changed.clear()
            except TimeoutError:
                log.warning("a manager did not store the token that it asked for; asking again")


def _form(values: OAuth2Values, old: SealedToken | None) -> dict[str, str]:
    """What to ask with; TokenRefusedError when there is nothing."""
    if old and old.refresh_token:
        return refresh_grant(old.refresh_token)
    if values.grant == "client_credentials":
        return client_grant(values)
    raise TokenRefusedError("nobody has agreed to it yet, or the agreement has ended; authorize it anew")
