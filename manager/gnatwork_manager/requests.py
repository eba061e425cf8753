"""What endpoints have in common: their parameters, and answers as JSON."""

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import Header, Path, Query, Request
from starlette.responses import Response

from gnatwork_manager.bodies import parse_json
from gnatwork_manager.services import Services
from gnatwork_schemas.duration import DURATION_PATTERN
from gnatwork_schemas.names import NAME_PATTERN

#: Where the API of this version is.
API_PREFIX = "/api/v1"


def services_of(request: Request) -> Services:
    """What endpoints call."""
    services: Services = request.app.state.services
    return services


#: The namespace that a request is about.
Namespace = Annotated[str, Header(alias="X-Gnatwork-Namespace", pattern=NAME_PATTERN)]
#: How long a caller waits for the run that a request begins.
Wait = Annotated[
    str | None,
    Query(
        description="How long to wait for the run's end, e.g. `30s`; at most 5m.",
        json_schema_extra={"pattern": f"^({DURATION_PATTERN}|[0-9]*)$"},
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="A request that is repeated with the same key does nothing a second time.",
        json_schema_extra={"pattern": "^[ -~]{1,255}$"},
    ),
]
RunIdPath = Annotated[str, Path(description="UUIDv7 of a run.", json_schema_extra={"format": "uuid"})]


async def optional_body(request: Request) -> Any:
    """The JSON of a body; an empty one is an empty object. Raises ProblemError `request.invalid_json`."""
    body = await request.body()
    return parse_json(body) if body else {}


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value as JSON."""
    return Response(orjson.dumps(value), status, dict(headers) if headers else None, "application/json")
