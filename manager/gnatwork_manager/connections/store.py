"""Connections as they are stored and shown: sealed, and never with a value."""

import re
import secrets
import time
from typing import NamedTuple

import orjson

from gnatwork_bus.kv import Bucket, Entry
from gnatwork_manager.actors import actor
from gnatwork_manager.connections.documents import SealedConnection, StoredConnection
from gnatwork_manager.connections.sealing import SecretKeys
from gnatwork_manager.connections.table import ConnectionTable
from gnatwork_manager.connections.types import ConnectionTypes, ReadValues
from gnatwork_manager.problems import ProblemError, invalid
from gnatwork_manager.versions.conditions import ALWAYS, Condition
from gnatwork_schemas import subjects
from gnatwork_schemas.connections import ConnectionBody
from gnatwork_schemas.errors import ConflictError
from gnatwork_schemas.names import NAME_PATTERN

_NAME = re.compile(NAME_PATTERN)
#: Bytes of a document: it is one message, and NATS takes 1 MiB. Values of other scripts take several for a character.
_MAX_DOCUMENT = 900 * 1024
#: Times that a write is tried while others write the same connection.
_ATTEMPTS = 20


class Found(NamedTuple):
    """A connection as it is stored."""

    name: str
    document: StoredConnection
    revision: int


class ConnectionStore:
    """The connections of all namespaces. Every method raises ProblemError `connection.no_keys` without keys."""

    def __init__(self, table: ConnectionTable, keys: SecretKeys | None, types: ConnectionTypes) -> None:
        self._table = table
        self._keys = keys
        self._types = types

    @property
    def bucket(self) -> Bucket:
        """Where they are."""
        return self._table.bucket

    @property
    def keys(self) -> SecretKeys:
        """What seals and opens them."""
        if self._keys is None:
            raise ProblemError("connection.no_keys")
        return self._keys

    async def find(self, namespace: str, name: str) -> Found:
        """A connection as it is known here; ProblemError `connection.not_found`."""
        _ = self.keys
        entry = await self._table.get(subjects.connection_key(namespace, name)) if _is_name(name) else None
        if entry is None:
            raise _not_found(namespace, name)
        return _parsed(entry)

    async def list(self, namespace: str) -> list[Found]:
        """All connections of a namespace, in the order of their names."""
        _ = self.keys
        entries = await self.bucket.list(subjects.connection_key(namespace, "*"))
        return sorted((_parsed(entry) for entry in entries), key=lambda found: found.name)

    def open(self, namespace: str, found: Found) -> SealedConnection:
        """What is sealed of a connection; SealError."""
        opened = self.keys.open(found.document.sealed.encode(), connection_place(namespace, found.name))
        return SealedConnection.model_validate_json(opened)

    async def put(
        self, namespace: str, name: str, body: ConnectionBody, condition: Condition = ALWAYS
    ) -> tuple[Found, bool]:
        """Store a connection, and whether it is a new one; ProblemError."""
        if not _is_name(name):
            raise invalid("/name", f"`{name}` is no name of a connection; it has up to 63 of a-z, 0-9, _ and -")
        values = None if body.values is None else await self._types.read(body.type, body.values)
        key = subjects.connection_key(namespace, name)
        for _ in range(_ATTEMPTS):
            entry, revision = await self.bucket.find(key)
            before = _parsed(entry) if entry else None
            _check(condition, before)
            document = self._document(namespace, name, body, values, before)
            value = document.model_dump_json().encode()
            if len(value) > _MAX_DOCUMENT:
                most = _MAX_DOCUMENT // 1024
                raise ProblemError("connection.invalid", f"sealed, it has {len(value) // 1024} KiB, at most {most}")
            try:
                written = await self.bucket.update(key, value, revision)
            except ConflictError:
                continue
            self._table.note(Entry(key, value, written))
            return Found(name, document, written), before is None
        raise ProblemError("engine.unavailable", f"too many others write the connection `{name}`")

    async def delete(self, namespace: str, name: str, condition: Condition = ALWAYS) -> None:
        """Remove a connection and its token; ProblemError."""
        key = subjects.connection_key(namespace, name)
        _ = self.keys
        for _ in range(_ATTEMPTS):
            entry = await self.bucket.get(key) if _is_name(name) else None
            if entry is None:
                raise _not_found(namespace, name)
            _check(condition, _parsed(entry))
            try:
                await self.bucket.delete(key, revision=entry.revision)
            except ConflictError:
                continue
            self._table.forget(key)
            await self.bucket.delete(subjects.connection_token_key(namespace, name))
            return
        raise ProblemError("engine.unavailable", f"too many others write the connection `{name}`")

    def _document(
        self, namespace: str, name: str, body: ConnectionBody, values: ReadValues | None, before: Found | None
    ) -> StoredConnection:
        now, who = round(time.time(), 6), str(actor.get())
        if values is None:
            opened = self.open(namespace, before) if before else None
            if opened is None or opened.type != body.type:
                what = (
                    "there is no such connection yet" if opened is None else f"those stored are of type {opened.type}"
                )
                raise invalid("/values", f"`values` can only be left out where they are to stay, and {what}")
            sealed = opened.model_copy(update={"blocks": body.blocks})
        else:
            sealed = SealedConnection(
                type=body.type,
                blocks=body.blocks,
                generation=secrets.token_hex(8),
                values=values.values,
                secret=values.secret,
            )
        return StoredConnection(
            type=body.type,
            description=body.description,
            blocks=body.blocks,
            values=tuple(sealed.values),
            created_by=before.document.created_by if before else who,
            updated_by=who,
            created_at=before.document.created_at if before else now,
            updated_at=now,
            sealed=self.keys.seal(orjson.dumps(sealed.model_dump()), connection_place(namespace, name)).decode(),
        )


def connection_place(namespace: str, name: str) -> bytes:
    """What a connection is sealed for."""
    return f"{namespace}/{name}".encode()


def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _parsed(entry: Entry) -> Found:
    document = StoredConnection.model_validate_json(entry.value)
    return Found(entry.key.rpartition(".")[2], document, entry.revision)


def _check(condition: Condition, before: Found | None) -> None:
    try:
        condition.check(before.revision if before else None)
    except ProblemError as error:
        raise ProblemError("connection.changed", error.detail, headers=error.headers) from None


def _not_found(namespace: str, name: str) -> ProblemError:
    return ProblemError("connection.not_found", f"there is no connection `{name}` in namespace {namespace}")
