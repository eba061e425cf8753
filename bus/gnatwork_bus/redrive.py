"""Sending a dead letter once more, to where it came from."""

import base64
import contextlib
import re
from collections.abc import Mapping

from gnatwork_bus.connection import Connection
from gnatwork_bus.dead_letters import discard_letter, get_letter
from gnatwork_bus.direct import leader_get
from gnatwork_bus.history import expectation
from gnatwork_bus.publisher import QueuedAlreadyError, RefusedError
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.errors import ConflictError, LetterCutError, LetterNotFoundError, RedriveError
from gnatwork_schemas.messages import DeadLetter

#: A subject that a client may publish to: no wildcards, nothing empty, nothing that is not printed.
_LITERAL = re.compile(r"[!-)+\-/-=?-~]+(\.[!-)+\-/-=?-~]+)*")
#: Workflows that are no one's: their histories have no starts.
_RESERVED = frozenset({subjects.LIMIT_WORKFLOW, subjects.RETENTION_WORKFLOW})


async def redrive(connection: Connection, number: int) -> tuple[DeadLetter, int]:
    """Publish the message of a letter again where it was, and throw the letter away; both, and its new sequence.

    Who can't read it still makes a new letter of it. Headers, and so the trace, are lost. Should this break off, the
    letter may still be there though its message is stored: a work item is then refused a second time.

    Raises:
        LetterNotFoundError: there is no such letter.
        LetterCutError: the letter holds but the beginning of the message.
        RedriveError: the run has ended or is gone, the work item is queued already, or the subject can't be used.
        StoreFullError: the server has no room.
        UnavailableError: NATS does not answer.
    """
    letter = await get_letter(connection, number)
    body = base64.b64decode(letter.body) if letter.encoding == "base64" else letter.body.encode()
    if len(body) != letter.size:
        raise LetterCutError(f"{number} has {len(body)} of {letter.size} bytes")
    if not _LITERAL.fullmatch(letter.subject):
        raise RedriveError(f"{letter.subject} is no subject to publish to")
    headers = {header_names.EXPECTED_STREAM: letter.stream, **await _conditions(connection, letter)}
    try:
        sequence = await connection.publisher.publish(letter.subject, body, headers)
    except QueuedAlreadyError as error:
        raise RedriveError(f"{letter.subject} is queued, or in an executor's hands, already") from error
    except ConflictError as error:
        raise RedriveError(f"the run of {letter.subject} has gone on meanwhile") from error
    except RefusedError as error:
        raise RedriveError(error.detail) from error
    with contextlib.suppress(LetterNotFoundError):
        await discard_letter(connection, number)
    return letter, sequence


async def _conditions(connection: Connection, letter: DeadLetter) -> Mapping[str, str]:
    """The headers with which the message is sent; RedriveError when its run would not take it."""
    try:
        if letter.stream == subjects.WORK:
            item = subjects.parse_work(letter.subject)
            borders, event = subjects.find_run("*", item.namespace, item.run_id, "*"), ""
        elif letter.stream == subjects.HISTORY:
            base, event = subjects.split_history(letter.subject)
            borders = subjects.run_borders(base)
            if subjects.parse_history(letter.subject).workflow in _RESERVED:
                return {}
        else:
            raise RedriveError(f"no one would read {letter.subject} of {letter.stream}")
    except ValueError as error:
        raise RedriveError(f"{letter.subject} names no run") from error
    last = await leader_get(connection, subjects.HISTORY, borders)
    if event == subjects.START:
        return expectation(borders, 0)
    if last is None:
        raise RedriveError(f"the run of {letter.subject} is gone, or has never begun")
    if (end := subjects.parse_history(last.subject).event) in subjects.ENDS:
        raise RedriveError(f"the run of {letter.subject} has ended: {end}")
    return expectation(borders, last.sequence) if event in subjects.ENDS else {}
