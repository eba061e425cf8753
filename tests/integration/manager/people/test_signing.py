"""The key that signs access tokens: one for all managers, sealed where there are keys for that."""

import asyncio

import pytest

from gnatwork_bus.connection import Connection
from gnatwork_bus.kv import Bucket
from gnatwork_manager.connections.sealing import SealError, SecretKeys, SecretKeysError, generate_key
from gnatwork_manager.people.signing import signing_key
from gnatwork_schemas import subjects


@pytest.fixture
def vault(bus: Connection) -> Bucket:
    return Bucket(bus, subjects.CONNECTIONS_BUCKET)


async def test_managers_that_start_at_once_have_one_key(vault: Bucket) -> None:
    keys = await asyncio.gather(*(signing_key(vault, None) for _ in range(8)))
    assert len(set(keys)) == 1
    assert len(keys[0]) == 32


async def test_it_is_sealed_as_soon_as_there_are_secret_keys_and_anew_when_they_are_rotated(vault: Bucket) -> None:
    plain = await signing_key(vault, None)
    first, second = generate_key(), generate_key()
    assert await signing_key(vault, SecretKeys.parse(first)) == plain
    stored = await vault.get(subjects.SIGNING_KEY)
    assert stored is not None
    assert plain.hex().encode() not in stored.value
    assert await signing_key(vault, SecretKeys.parse(f"{second},{first}")) == plain
    assert await signing_key(vault, SecretKeys.parse(second)) == plain
    with pytest.raises(SealError):
        await signing_key(vault, SecretKeys.parse(first))
    with pytest.raises(SecretKeysError):
        await signing_key(vault, None)
