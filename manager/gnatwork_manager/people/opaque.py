"""Credentials that mean nothing by themselves, `<prefix>_<id>_<secret>`: API keys, refresh tokens, invitations."""

import hashlib
import hmac
import re
import secrets
from typing import NamedTuple

#: What each kind begins with, so that one that has leaked is known for what it is.
API_KEY = "gnat"
REFRESH_TOKEN = "gnatr"  # noqa: S105 - a prefix
INVITATION = "gnati"

_FORM = re.compile(rb"(gnat[ri]?)_([0-9a-f]{20})_([A-Za-z0-9_-]{43})")


class Opaque(NamedTuple):
    """A credential in its parts."""

    prefix: str
    id: str
    secret: str

    def __str__(self) -> str:
        """As it is sent."""
        return f"{self.prefix}_{self.id}_{self.secret}"

    @property
    def digest(self) -> str:
        """What is stored of the secret: it has 256 random bits, so a fast hash is enough."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def matches(self, digest: str) -> bool:
        """Whether it is the one of which this is stored; takes the same time however wrong it is."""
        return hmac.compare_digest(self.digest, digest)


def new_id() -> str:
    """An id that no one else has."""
    return secrets.token_hex(10)


def make(prefix: str, id_: str | None = None) -> Opaque:
    """A new credential, for an id that there is already or for a new one."""
    return Opaque(prefix, id_ or new_id(), secrets.token_urlsafe(32))


def parse(prefix: str, token: bytes) -> Opaque | None:
    """The parts of a credential of a kind; None for anything else."""
    match = _FORM.fullmatch(token)
    if match is None or match[1].decode() != prefix:
        return None
    return Opaque(prefix, match[2].decode(), match[3].decode())
