"""The audit log: `client.audit`."""

from collections.abc import AsyncGenerator

from gnatwork.pages import Page
from gnatwork.transport import Call, Transport
from gnatwork_schemas.audit import AuditRecord


class Audit:
    """Who changed what; for admins of all namespaces."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(
        self,
        *,
        who: str | None = None,
        what: str | None = None,
        namespace: str | None = None,
        outcome: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[AuditRecord]:
        """Entries, the newest first; a page may have less than `limit` although there is a next one.

        Args:
            who: `kind:name`, e.g. `person:ada@example.org`, or the id of a person or key.
            what: `workflow.put`, or `workflow` for all that begins with it.
            namespace: what was done in it.
            outcome: `done` or `refused`.
            since: then or later, Unix seconds.
            until: earlier, Unix seconds.
            limit: how many at most.
            cursor: of the page before.
        """
        query = {
            "who": who,
            "what": what,
            "namespace": namespace,
            "outcome": outcome,
            "since": since,
            "until": until,
            "limit": limit,
            "cursor": cursor,
        }
        answer = await self._transport.call(Call(verb="audit.list", method="GET", path="/audit", query=query))
        return Page([AuditRecord.model_validate(item) for item in answer["items"]], answer["next_cursor"])

    def follow(self, after: int | None = None) -> AsyncGenerator[AuditRecord, None]:
        """Entries as they are written: those after one, by its id, or from now on."""
        return self._transport.audit(after)
