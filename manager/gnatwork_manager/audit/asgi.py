"""Writing down what a request has changed, before its answer is given."""

import logging
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gnatwork_manager.audit.entries import Outcome
from gnatwork_manager.audit.notes import Notes, notes
from gnatwork_manager.problems import ProblemError, error_response
from gnatwork_schemas.audit import AuditEntry
from gnatwork_schemas.errors import GnatworkError

log = logging.getLogger(__name__)

#: Writes an entry down.
Append = Callable[[AuditEntry], Awaitable[None]]
#: The entry about a request, from what came of it and what its endpoint has added.
Describe = Callable[[Outcome, Notes], AuditEntry]

#: What is written down of what was not done: what someone may not do, and logins that failed.
_REFUSED = frozenset({401, 403})


async def audited(app: ASGIApp, describe: Describe, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request; should the entry not be stored, say so in the place of the answer."""
    append: Append = scope["app"].state.audit
    noted = Notes()
    notes.set(noted)
    lost = False

    async def held(message: Message) -> None:
        nonlocal lost
        if message["type"] == "http.response.start" and (outcome := _outcome(message["status"])):
            try:
                await append(describe(outcome, noted))
            except GnatworkError as error:
                log.error("the audit log can't be written: %s", error)  # noqa: TRY400 - the text says all
                lost = True
        if not lost:
            await send(message)

    await app(scope, receive, held)
    if lost:
        await error_response(ProblemError("audit.failed"))(scope, receive, send)


def _outcome(status: int) -> Outcome | None:
    if status < 400:
        return "done"
    return "refused" if status in _REFUSED else None
