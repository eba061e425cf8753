"""`/dead-letters`: messages that no one could read; to be sent once more, or thrown away."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from gnatwork_bus.connection import Connection
from gnatwork_bus.dead_letters import discard_letter, discard_letters, get_letter, list_letters
from gnatwork_bus.redrive import redrive
from gnatwork_manager.documents import DeadLetterPage
from gnatwork_manager.listing import PageQuery
from gnatwork_manager.pages import decode_cursor, encode_cursor, page
from gnatwork_manager.people.access import needs
from gnatwork_manager.problems import invalid
from gnatwork_manager.requests import API_PREFIX, json_response, services_of
from gnatwork_schemas.duration import Duration
from gnatwork_schemas.letters import Discarded, FoundDeadLetter, Redriven
from gnatwork_schemas.messages import DeadLetter
from gnatwork_schemas.model import StrictModel
from gnatwork_schemas.people import Reach, Role

router = APIRouter(prefix=f"{API_PREFIX}/dead-letters", tags=["operation"])

#: Characters of a body that lists show; a whole number of base64's groups.
_SHOWN = 1000

#: A letter's number.
LetterId = Annotated[int, Field(ge=1, le=2**53 - 1)]
_LetterPath = Annotated[LetterId, Path(description="Number of the dead letter.")]


class LetterQuery(StrictModel):
    """Which letter a request is about."""

    id: LetterId


class DiscardQuery(StrictModel):
    """Which letters are to go: those that are as old, and have this reason."""

    older_than: Duration | None = Field(default=None, description="Kept for longer than this, e.g. `7d`.")
    reason: str | None = Field(
        default=None, pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$", description="Their error code, e.g. `message.invalid`."
    )


async def list_dead_letters(connection: Connection, cursor: str | None, limit: int) -> dict[str, Any]:
    """A page of dead letters, the newest first."""
    place = decode_cursor(cursor, int)
    found = await list_letters(connection, before=place[0] if place else None, limit=limit + 1)
    items = []
    for found_id, letter in found[:limit]:
        items.append(_document(found_id, letter.model_copy(update={"body": letter.body[:_SHOWN]})))
    return page(items, encode_cursor(found[limit - 1].id) if len(found) > limit else None)


async def show_dead_letter(connection: Connection, number: int) -> dict[str, Any]:
    """One dead letter, whole."""
    return _document(number, await get_letter(connection, number))


async def redrive_dead_letter(connection: Connection, number: int) -> dict[str, Any]:
    """Send one once more; where to."""
    letter, sequence = await redrive(connection, number)
    return {"stream": letter.stream, "subject": letter.subject, "sequence": sequence}


async def discard_dead_letter(connection: Connection, number: int) -> dict[str, Any]:
    """Throw one away."""
    await discard_letter(connection, number)
    return {"discarded": 1}


async def discard_dead_letters(connection: Connection, query: DiscardQuery) -> dict[str, Any]:
    """Throw many away; raises ProblemError when nothing says which."""
    if query.older_than is None and query.reason is None:
        raise invalid("/older_than", "say which are to go: `older_than`, `reason`, or both; `older_than=0s` is all")
    before = None if query.older_than is None else time.time() - query.older_than
    return {"discarded": await discard_letters(connection, before=before, reason=query.reason)}


def _document(number: int, letter: DeadLetter) -> dict[str, Any]:
    return {"id": number, **letter.model_dump(mode="json", exclude={"v"})}


@router.get("", summary="Messages that no one could read", responses={200: {"model": DeadLetterPage}})
@needs(Role.VIEWER, "dead_letters.list", reach=Reach.INSTALLATION)
async def list_(request: Request, query: Annotated[PageQuery, Query()]) -> Response:
    """Of all namespaces, the newest first: what is unreadable does not say for sure where it belongs.

    Bodies are cut after 1,000 characters.
    """
    return json_response(await list_dead_letters(services_of(request).connection, query.cursor, query.limit))


@router.get("/{letter_id}", summary="One of them, whole", responses={200: {"model": FoundDeadLetter}})
@needs(Role.VIEWER, "dead_letters.get", reach=Reach.INSTALLATION)
async def show(request: Request, letter_id: _LetterPath) -> Response:
    """With as much of its body as is kept, up to 512 KiB."""
    return json_response(await show_dead_letter(services_of(request).connection, letter_id))


@router.post("/{letter_id}/redrive", summary="Send one once more", responses={200: {"model": Redriven}})
@needs(Role.EDITOR, "dead_letters.redrive", reach=Reach.INSTALLATION)
async def redrive_(request: Request, letter_id: _LetterPath) -> Response:
    """Publishes the message again where it was, without its headers; the letter goes once it is stored.

    That helps once whoever could not read it can, as after an upgrade; who still can't makes a new letter of it.
    """
    return json_response(await redrive_dead_letter(services_of(request).connection, letter_id))


@router.delete("/{letter_id}", summary="Throw one away", responses={200: {"model": Discarded}})
@needs(Role.ADMIN, "dead_letters.discard", reach=Reach.INSTALLATION)
async def discard(request: Request, letter_id: _LetterPath) -> Response:
    """For good."""
    return json_response(await discard_dead_letter(services_of(request).connection, letter_id))


@router.delete("", summary="Throw many away", responses={200: {"model": Discarded}})
@needs(Role.ADMIN, "dead_letters.discard", reach=Reach.INSTALLATION)
async def discard_many(request: Request, query: Annotated[DiscardQuery, Query()]) -> Response:
    """All that are older, or have this reason, or both; one of the two must be said."""
    return json_response(await discard_dead_letters(services_of(request).connection, query))
