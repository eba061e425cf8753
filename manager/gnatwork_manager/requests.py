"""What endpoints have in common: their parameters, and answers as JSON."""

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import Header, Path, Request
from starlette.responses import Response

from gnatwork_manager.services import Services
from gnatwork_schemas.names import NAME_PATTERN

#: Where the API of this version is.
API_PREFIX = "/api/v1"


def services_of(request: Request) -> Services:
    """What endpoints call."""
    services: Services = request.app.state.services
    return services


#: The namespace that a request is about.
Namespace = Annotated[str, Header(alias="X-Gnatwork-Namespace", pattern=NAME_PATTERN)]
RunIdPath = Annotated[str, Path(description="UUIDv7 of a run.")]


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value as JSON."""
    return Response(orjson.dumps(value), status, dict(headers) if headers else None, "application/json")
