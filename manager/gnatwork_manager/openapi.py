"""The OpenAPI document: what the routes say of themselves, and what holds for all of them."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from gnatwork_manager.documents import REFERENCED
from gnatwork_manager.openapi_answers import add_answers
from gnatwork_manager.people.access import Access
from gnatwork_manager.people.guard import GuardedRoute, guarded_routes
from gnatwork_schemas.people import Reach

_TEMPLATE = "#/components/schemas/{model}"
_DESCRIPTION = """\
Run workflows and see what becomes of them.

Every error is a problem document (RFC 9457) whose `code` has a page in the reference. Times are Unix seconds.
Lists come in pages: pass `next_cursor` as `cursor` to get the next one.
"""


def document(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema is None:
        guarded = guarded_routes(app)
        routes = [one.route for one in guarded]
        plain = get_openapi(title=app.title, version=app.version, description=_DESCRIPTION, routes=routes)
        app.openapi_schema = _complete(plain, guarded)
    return app.openapi_schema


def _complete(document_: dict[str, Any], guarded: Iterable[GuardedRoute]) -> dict[str, Any]:
    components = document_.setdefault("components", {})
    _, described = models_json_schema([(model, "validation") for model in REFERENCED], ref_template=_TEMPLATE)
    # FastAPI describes its own validation error, which no answer of ours is.
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas.update(described.get("$defs", {}))
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document_["security"] = [{"token": []}]
    for one in guarded:
        for method in one.methods if one.route.include_in_schema else ():
            _say_who(document_["paths"][one.route.path_format][method.lower()], one.access)
    add_answers(document_)
    return document_


def _say_who(operation: dict[str, Any], access: Access) -> None:
    operation["x-gnatwork-action"] = access.action
    operation["x-gnatwork-reach"] = access.reach
    if access.role is not None:
        operation["x-gnatwork-role"] = access.role
    if access.reach is Reach.PUBLIC:
        operation["security"] = []
