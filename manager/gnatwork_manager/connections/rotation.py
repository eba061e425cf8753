"""Sealing everything anew with the first key, so that older keys can be taken away."""

from gnatwork_bus.kv import Bucket, Entry
from gnatwork_manager.connections.canary import renew_canary
from gnatwork_manager.connections.documents import StoredConnection, StoredToken
from gnatwork_manager.connections.sealing import SecretKeys
from gnatwork_manager.connections.store import connection_place
from gnatwork_manager.connections.token_state import token_place
from gnatwork_schemas import subjects
from gnatwork_schemas.connections import Rotated
from gnatwork_schemas.errors import ConflictError


async def rotate(bucket: Bucket, keys: SecretKeys) -> Rotated:
    """Seal anew what other keys have sealed. To be repeated at will: what broke off goes on where it was.

    Others may write meanwhile; each document is replaced on the condition that it is the one that was read. The canary
    comes last: it stands for all.

    Raises:
        SealError: Something was sealed with a key that is not there.
        UnavailableError: NATS does not answer.
    """
    sealed = current = 0
    for entry in await bucket.list(subjects.CONNECTION_KEYS):
        if await _sealed_anew(bucket, keys, entry.key):
            sealed += 1
        else:
            current += 1
    await renew_canary(bucket, keys)
    return Rotated(key=keys.first, sealed=sealed, current=current)


async def _sealed_anew(bucket: Bucket, keys: SecretKeys, key: str) -> bool:
    """Whether the document had to be sealed anew."""
    while (entry := await bucket.get(key)) is not None:
        document, place = await _read(bucket, entry)
        if document is None:
            return False
        if document.sealed is None or keys.is_current(document.sealed.encode()):
            return False
        opened = keys.open(document.sealed.encode(), place)
        renewed = document.model_copy(update={"sealed": keys.seal(opened, place).decode()})
        try:
            await bucket.update(key, renewed.model_dump_json().encode(), entry.revision)
        except ConflictError:
            continue
        return True
    return False


async def _read(bucket: Bucket, entry: Entry) -> tuple[StoredConnection | StoredToken | None, bytes]:
    """A document and what it is sealed for; a token whose connection is gone is removed."""
    _, namespace, name, *token = entry.key.split(".")
    if not token:
        return StoredConnection.model_validate_json(entry.value), connection_place(namespace, name)
    if await bucket.get(subjects.connection_key(namespace, name)) is None:
        await bucket.delete(entry.key)
        return None, b""
    return StoredToken.model_validate_json(entry.value), token_place(namespace, name)
