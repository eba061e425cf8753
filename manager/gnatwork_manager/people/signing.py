"""The key that signs access tokens: made once, shared by all managers."""

import secrets

from gnatwork_bus.kv import Bucket
from gnatwork_manager.connections.sealing import SecretKeys, SecretKeysError
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError

_SIZE = 32
_PLACE = subjects.SIGNING_KEY.encode()


async def signing_key(bucket: Bucket, keys: SecretKeys | None) -> bytes:
    """The key; whoever asks first makes it. It is sealed where there are keys for that.

    Raises:
        SealError, SecretKeysError: it is sealed with a key that is not among these.
        UnavailableError: NATS does not answer.
    """
    while True:
        entry, revision = await bucket.find(subjects.SIGNING_KEY)
        if entry is None:
            key = secrets.token_bytes(_SIZE)
        else:
            key = _read(entry.value, keys)
            if keys is None or (_is_sealed(entry.value) and keys.is_current(entry.value)):
                return key
        try:
            await bucket.update(subjects.SIGNING_KEY, keys.seal(key, _PLACE) if keys else key.hex().encode(), revision)
        except ConflictError:
            continue
        return key


def _read(stored: bytes, keys: SecretKeys | None) -> bytes:
    if not _is_sealed(stored):
        return bytes.fromhex(stored.decode())
    if keys is None:
        raise SecretKeysError("the key that signs access tokens is sealed, and there is none to open it with")
    return keys.open(stored, _PLACE)


def _is_sealed(stored: bytes) -> bool:
    return b"." in stored
