"""Connections: put together once."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_bus.patience import until_available
from gnatwork_manager.connections.authorizing import Authorizing
from gnatwork_manager.connections.canary import check_keys
from gnatwork_manager.connections.kinds import offers
from gnatwork_manager.connections.rotation import rotate
from gnatwork_manager.connections.store import ConnectionStore, Found
from gnatwork_manager.connections.table import ConnectionTable
from gnatwork_manager.connections.token_state import Client
from gnatwork_manager.connections.tokens import Tokens
from gnatwork_manager.connections.types import ConnectionTypes
from gnatwork_manager.connections.values import Connections
from gnatwork_manager.egress import ManagerHttp
from gnatwork_manager.integrations.brought import Brought
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_manager.problems import invalid
from gnatwork_manager.settings import ManagerSettings
from gnatwork_schemas import subjects
from gnatwork_schemas.connections import Authorization, ConnectionView, Rotated


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionRoom:
    """What the endpoints of connections call."""

    table: ConnectionTable
    store: ConnectionStore
    tokens: Tokens
    values: Connections
    authorizing: Authorizing

    async def page(self, namespace: str, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of connections, in the order of their names; ProblemError."""
        place = decode_cursor(cursor, str)
        left = [found for found in await self.store.list(namespace) if place is None or found.name > place[0]]
        items = [(await self.view(namespace, found)).model_dump(mode="json") for found in left[:limit]]
        return page(items, encode_cursor(left[limit - 1].name) if len(left) > limit else None)

    async def view(self, namespace: str, found: Found) -> ConnectionView:
        """A connection as it is shown."""
        document = found.document
        return ConnectionView(
            name=found.name,
            revision=found.revision,
            offers=offers(document.type, document.values),
            authorization=await self._authorization(namespace, found) if document.type == "oauth2" else None,
            **document.model_dump(exclude={"v", "sealed"}),
        )

    async def test(self, namespace: str, name: str) -> Authorization:
        """Get a token, whatever is there; ProblemError, TokenRefusedError, TokenUnavailableError."""
        found = await self.store.find(namespace, name)
        connection = self.store.open(namespace, found)
        if connection.type != "oauth2":
            what = f"`{name}` is of type `{connection.type}`, which asks nobody for anything"
            raise invalid("", f"{what}; only `oauth2` connections can be tested")
        held = await self.tokens.renewed(Client(self.store.keys, namespace, name, connection))
        return Authorization(status="authorized", expires_at=held.expires_at)

    async def rotate(self) -> Rotated:
        """Seal everything anew with the first key; ProblemError, SealError."""
        return await rotate(self.store.bucket, self.store.keys)

    async def _authorization(self, namespace: str, found: Found) -> Authorization:
        client = Client(self.store.keys, namespace, found.name, self.store.open(namespace, found))
        stored = client.stored(await self.table.get(client.key))
        if stored is None or (stored.sealed is None and stored.error is None):
            return Authorization(status="missing")
        return Authorization(
            status="authorized" if stored.error is None else "failed", expires_at=stored.expires_at, error=stored.error
        )


@contextlib.asynccontextmanager
async def open_connections(
    connection: Connection, settings: ManagerSettings, brought: Brought
) -> AsyncIterator[ConnectionRoom]:
    """All of it, as of now; `table.follow` keeps it so.

    Raises:
        SecretKeysError: The secret keys do not open what is stored.
    """
    bucket, keys = Bucket(connection, subjects.CONNECTIONS_BUCKET), settings.secret_keys
    if keys is not None:
        await until_available(lambda: check_keys(bucket, keys))
    table = ConnectionTable(connection, bucket)
    await until_available(table.refresh)
    async with ManagerHttp(settings.egress_allow) as http:
        store, tokens = ConnectionStore(table, keys, ConnectionTypes(brought)), Tokens(table, http, settings.clock)
        try:
            yield ConnectionRoom(
                table=table,
                store=store,
                tokens=tokens,
                values=Connections(store, tokens, settings.clock),
                authorizing=Authorizing(store, tokens, http, settings.clock),
            )
        finally:
            await tokens.close()
