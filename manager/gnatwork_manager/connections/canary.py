"""The canary: a sealed value that tells at a manager's start whether its keys open what is stored."""

from gnatwork_bus.kv import Bucket
from gnatwork_manager.connections.sealing import SealError, SecretKeys, SecretKeysError
from gnatwork_schemas import subjects
from gnatwork_schemas.errors import ConflictError

_PLACE = subjects.CANARY_KEY.encode()
_SONG = b"tweet"


async def check_keys(bucket: Bucket, keys: SecretKeys) -> None:
    """Make sure that what is stored can be opened; the first manager with keys makes the canary.

    Raises:
        SecretKeysError: None of these keys is the one that was last rotated to.
        UnavailableError: NATS does not answer.
    """
    entry = await bucket.get(subjects.CANARY_KEY)
    if entry is None:
        try:
            await bucket.create(subjects.CANARY_KEY, keys.seal(_SONG, _PLACE))
        except ConflictError:
            await check_keys(bucket, keys)
        return
    try:
        keys.open(entry.value, _PLACE)
    except SealError as error:
        raise SecretKeysError(f"they do not open what is stored ({error.detail})") from error


async def renew_canary(bucket: Bucket, keys: SecretKeys) -> None:
    """Seal it with the first key: from now on, a manager needs that one."""
    await bucket.put(subjects.CANARY_KEY, keys.seal(_SONG, _PLACE))
