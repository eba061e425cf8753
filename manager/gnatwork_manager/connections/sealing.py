"""Sealing: what is stored of secrets, and the keys without which it is noise.

A sealed value is text, `gw1.<key id>.<base64url of nonce and ciphertext>`: AES-256-GCM with a random nonce of 96 bits.
It opens only with the key that its id names and only for what it was sealed for: the place where it is stored is part
of what is authenticated, so that a sealed value can't be moved to another name.
"""

import base64
import binascii
import os
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gnatwork_schemas.errors import GnatworkError

#: Bytes of a key.
KEY_SIZE = 32
#: Bytes of a nonce. Random ones are safe for 2^32 values per key, which is what `rotate` is for.
_NONCE_SIZE = 12
_VERSION = b"gw1"
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SecretKeysError(GnatworkError):
    """The secret keys can't be used; set `GNATWORK_SECRET_KEYS` to `id:base64` of 32 bytes each, comma-separated."""


class SealError(GnatworkError):
    """A sealed value can't be opened; add the key that it was sealed with to `GNATWORK_SECRET_KEYS`."""

    code = "connection.unreadable"


class SecretKeys:
    """The keys that a manager was given: the first seals, all of them open."""

    __slots__ = ("_ciphers", "first")

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise SecretKeysError("there is none")
        for number, (id_, key) in enumerate(keys.items(), 1):
            _check(number, id_, key)
        self._ciphers = {id_: AESGCM(key) for id_, key in keys.items()}
        #: The id of the key that seals.
        self.first = next(iter(keys))

    @classmethod
    def parse(cls, text: str) -> "SecretKeys":
        """The keys of a setting, `id:base64[,id:base64…]`; SecretKeysError, whose text never holds a key."""
        keys: dict[str, bytes] = {}
        for number, entry in enumerate(text.split(","), 1):
            id_, colon, encoded = entry.strip().partition(":")
            if not colon:
                raise SecretKeysError(f"entry {number} is not of the form `id:base64`")
            if id_ in keys:
                raise SecretKeysError(f"the id {id_!r} is there twice")
            try:
                keys[id_] = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                raise SecretKeysError(f"entry {number} is not base64 behind its id") from None
        return cls(keys)

    def seal(self, value: bytes, aad: bytes) -> bytes:
        """The value, sealed with the first key for the place that `aad` names."""
        nonce = os.urandom(_NONCE_SIZE)
        sealed = nonce + self._ciphers[self.first].encrypt(nonce, value, aad)
        return b".".join((_VERSION, self.first.encode(), base64.urlsafe_b64encode(sealed)))

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """What was sealed for this place; SealError."""
        id_, encoded = _parts(sealed)
        if id_ not in self._ciphers:
            raise SealError(f"no key has the id {id_!r}")
        try:
            data = base64.b64decode(encoded, altchars=b"-_", validate=True)
            return self._ciphers[id_].decrypt(data[:_NONCE_SIZE], data[_NONCE_SIZE:], aad)
        except (InvalidTag, ValueError):
            raise SealError(f"the key {id_!r} is another one than it was sealed with, or it was changed") from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether the first key has sealed it."""
        return _parts(sealed)[0] == self.first


def generate_key() -> str:
    """A new key with a new id, as `GNATWORK_SECRET_KEYS` takes it."""
    return f"{os.urandom(4).hex()}:{base64.b64encode(os.urandom(KEY_SIZE)).decode()}"


def _parts(sealed: bytes) -> tuple[str, bytes]:
    """The id of the key, and what it has sealed."""
    match sealed.split(b"."):
        case [version, id_, encoded] if version == _VERSION:
            return id_.decode(errors="replace"), encoded
        case _:
            raise SealError("it is not of the form that this version seals")


def _check(number: int, id_: str, key: bytes) -> None:
    if not _ID.fullmatch(id_):
        # Not shown: where id and key changed places, it is the key.
        raise SecretKeysError(f"the id of entry {number} has to be 1 to 32 letters, digits, _ or -")
    if len(key) != KEY_SIZE:
        raise SecretKeysError(f"the key {id_!r} has {len(key)} bytes and needs {KEY_SIZE}")
