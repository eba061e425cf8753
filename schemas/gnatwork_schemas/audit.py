"""The audit log: who changed what, when, and from where."""

from typing import Any, Literal

from pydantic import Field

from gnatwork_schemas.messages import Message


class AuditEntry(Message):
    """Something that someone has done, or was not allowed to do."""

    #: Unix seconds.
    at: float
    #: Who did it, as `kind:name`, e.g. `person:ada@example.org`; `token`, `nats` and `nobody` have no name.
    who: str
    #: The id of the person or key; empty for others.
    who_id: str = ""
    #: What was done, by the name of the verb that does it over NATS, e.g. `workflow.put`.
    what: str
    #: `refused` for what they were not allowed to do, and for logins that failed.
    outcome: Literal["done", "refused"] = "done"
    #: What it was done to, e.g. the name of a workflow.
    target: str = ""
    #: None for what is about the whole installation.
    namespace: str | None = None
    #: The address that the request came from; empty over NATS.
    address: str = ""
    #: To be found in logs by.
    request_id: str = ""
    #: More of it, but never a secret, nor what was sent.
    details: dict[str, Any] = Field(default_factory=dict)


class AuditRecord(AuditEntry):
    """An entry of the audit log, as it is shown."""

    #: Its place in the log; the newest has the highest.
    id: int
