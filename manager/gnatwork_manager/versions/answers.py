"""What the endpoints of stored workflows have in common: their parameters, and answers with an ETag."""

from typing import Annotated

from fastapi import Depends, Header, Path, Query
from starlette.responses import Response

from gnatwork_manager.requests import API_PREFIX, json_response
from gnatwork_manager.versions.conditions import Condition, etag, parse_condition
from gnatwork_manager.versions.reading import Answer

WorkflowName = Annotated[str, Path(description="The name of a workflow.")]
VersionNumber = Annotated[int, Path(ge=1, description="The number of a version.")]
#: Whether a new version is published at once.
Publish = Annotated[bool, Query(description="`false` makes it a draft: what is published stays.")]


def _expected(
    if_match: Annotated[
        str | None, Header(description="ETags; the workflow must be in one of these states, with `*` only exist.")
    ] = None,
    if_none_match: Annotated[
        str | None, Header(description="ETags; the workflow must be in none of these states, with `*` not exist.")
    ] = None,
) -> Condition:
    return parse_condition(if_match, if_none_match)


#: The state in which a caller expects a workflow, by `If-Match` and `If-None-Match`.
Expected = Annotated[Condition, Depends(_expected)]


def answered(answer: Answer, *, location: str | None = None) -> Response:
    """A document with the ETag of its workflow; 201 where the request has made something."""
    headers = {"ETag": etag(answer.revision)} | ({"Location": location} if location else {})
    return json_response(answer.document, 201 if answer.created else 200, headers)


def location(name: str, number: int | None = None) -> str:
    """Where a workflow is, or one of its versions."""
    place = f"{API_PREFIX}/workflows/{name}"
    return place if number is None else f"{place}/versions/{number}"
