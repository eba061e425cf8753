"""Who does what is being done: known to whatever a request calls, for ownership and for the audit log."""

from contextvars import ContextVar
from typing import Literal, NamedTuple


class Actor(NamedTuple):
    """Whoever a request comes from."""

    #: A person, an API key, whoever has the installation's own token, a client of NATS, a trigger, or nobody known.
    kind: Literal["person", "key", "token", "nats", "trigger", "nobody"]
    #: What tells it from others of its kind: the id of a person or key; of a trigger its workflow and id.
    id: str = ""
    #: What people call it: an e-mail address, the name of a key.
    name: str = ""
    #: The address that the request came from, where that is known.
    address: str = ""
    #: The id of the person that it is, or that the key belongs to; empty where there is none.
    person: str = ""

    def __str__(self) -> str:
        """As it is written down, e.g. `person:ada@example.org`, or `token`."""
        called = self.name or self.id
        return f"{self.kind}:{called}" if called else self.kind


_TOKEN = Actor("token")

#: Whoever the request that is being answered comes from.
actor: ContextVar[Actor] = ContextVar("actor", default=_TOKEN)
