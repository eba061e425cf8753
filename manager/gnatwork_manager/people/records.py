"""What is stored of people, their keys, invitations and sessions: with the hashes that the API never shows."""

import hashlib
import unicodedata

from pydantic import Field

from gnatwork_schemas.messages import Message
from gnatwork_schemas.people import ApiKey, Invitation, Person, Roles


class PersonRecord(Message):
    """The document under `person_key`."""

    id: str
    email: str
    name: str = ""
    #: As argon2 writes it.
    password: str
    roles: Roles = Field(default_factory=dict)
    disabled: bool = False
    created_at: float
    last_login: float | None = None
    #: Grows when all logins so far are to be over.
    generation: int = 0

    def shown(self) -> Person:
        """What the API shows of it."""
        return Person.model_validate(self.model_dump())


class KeyRecord(Message):
    """The document under `api_key_key`."""

    id: str
    name: str
    #: SHA-256 of the secret part, in hex.
    digest: str
    owner: str
    roles: Roles = Field(default_factory=dict)
    created_at: float
    expires_at: float | None = None
    last_used_at: float | None = None

    def shown(self) -> ApiKey:
        """What the API shows of it."""
        return ApiKey.model_validate(self.model_dump())


class InvitationRecord(Message):
    """The document under `invitation_key`."""

    id: str
    #: SHA-256 of the secret part, in hex.
    digest: str
    email: str | None = None
    roles: Roles = Field(default_factory=dict)
    created_by: str
    #: The id of the person who made it, whose roles bound it; empty where there is none.
    inviter: str = ""
    created_at: float
    expires_at: float
    #: The e-mail digest of whoever is about to be registered with it: for nobody else any more.
    claimed_by: str | None = None

    def shown(self) -> Invitation:
        """What the API shows of it."""
        return Invitation.model_validate(self.model_dump())


class SessionRecord(Message):
    """The document under `session_key`."""

    id: str
    #: The id of the person.
    person: str
    #: Their `generation` at the login.
    generation: int
    #: SHA-256 of the secret part of the current refresh token, in hex.
    digest: str
    #: Unix seconds.
    expires_at: float


def email_digest(email: str) -> str:
    """The same for all ways to write an e-mail address that are taken for one."""
    return hashlib.sha256(folded(email).encode()).hexdigest()[:32]


def folded(email: str) -> str:
    """An e-mail address without what does not tell two people apart."""
    return unicodedata.normalize("NFKC", email.strip()).casefold()
