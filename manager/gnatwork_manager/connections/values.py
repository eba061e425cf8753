"""The values of connections: opened for whoever may have them, and kept nowhere."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from gnatwork_manager.connections.kinds import resolved
from gnatwork_manager.connections.store import ConnectionStore
from gnatwork_manager.connections.token_state import Client
from gnatwork_manager.connections.tokens import Tokens
from gnatwork_manager.connections.types import resolved_kind
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas.connections import NAMED_TYPES, Resolved, ResolvedConnection

#: Seconds for which an executor may keep what it was told.
KEEP = 60.0


class _Value(NamedTuple):
    connection: ResolvedConnection
    #: Unix seconds; None for never.
    expires_at: float | None


class Connections:
    """The values of all connections. What is stored is followed, sealed as it is; opening it takes microseconds."""

    def __init__(self, store: ConnectionStore, tokens: Tokens, clock: Callable[[], float]) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock

    async def value(self, namespace: str, name: str, path: tuple[str | int, ...]) -> str:
        """A value of a connection for the manager itself; `path` is the rest of `connections.<name>.<value>`.

        Raises:
            ProblemError: `connection.not_found`, `connection.no_keys`.
            SealError, TokenRefusedError, TokenUnavailableError: It can't be had.
        """
        values = (await self._value(namespace, name, None)).connection.values
        if len(path) != 1 or path[0] not in values:
            raise ProblemError("connection.not_found", f"the connection `{name}` has no such value")
        return str(values[str(path[0])])

    async def resolve(self, namespace: str, names: Iterable[str], block_type: str) -> Resolved:
        """The values of connections for a block of this type; raises as `value`, and `connection.not_permitted`."""
        found = {name: await self._value(namespace, name, block_type) for name in names}
        ends = [value.expires_at - self._clock() for value in found.values() if value.expires_at is not None]
        keep = max(0.0, min([KEEP, *(left / 2 for left in ends)]))
        return Resolved(connections={name: value.connection for name, value in found.items()}, keep=keep)

    async def _value(self, namespace: str, name: str, block_type: str | None) -> _Value:
        found = await self._store.find(namespace, name)
        opened = self._store.open(namespace, found)
        if block_type in NAMED_TYPES and block_type not in (opened.blocks or ()):
            raise ProblemError(
                "connection.not_permitted",
                f"the connection `{name}` does not name `{block_type}` among its block types",
            )
        if block_type is not None and opened.blocks is not None and block_type not in opened.blocks:
            allowed = ", ".join(f"`{type_}`" for type_ in opened.blocks)
            raise ProblemError(
                "connection.not_permitted", f"the connection `{name}` is for {allowed}, not for `{block_type}`"
            )
        if opened.secret is not None:
            return _Value(resolved_kind(opened.values, opened.secret), None)
        if opened.type != "oauth2":
            return _Value(resolved(opened.type, opened.values), None)
        held = await self._tokens.get(Client(self._store.keys, namespace, name, opened))
        return _Value(resolved(opened.type, opened.values, held.token), held.expires_at)
