"""The HTTP application: routes, and the layers around them."""

from functools import partial
from http import HTTPStatus
from importlib.metadata import version

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp

from gnatwork_manager import blocks, dead_letters, events, health, openapi, run_actions, run_views, runs, workflows
from gnatwork_manager.audit import routes as audit
from gnatwork_manager.auth import Authenticate
from gnatwork_manager.connections import endpoints as connections
from gnatwork_manager.executors import endpoints as executors
from gnatwork_manager.http.cors import Cors
from gnatwork_manager.http.head import HeadAsGet
from gnatwork_manager.http.security import SecurityHeaders
from gnatwork_manager.integrations import endpoints as integrations
from gnatwork_manager.limits import LimitBody
from gnatwork_manager.logs import routes as logs
from gnatwork_manager.observe import Observe
from gnatwork_manager.people import about_me, key_endpoints
from gnatwork_manager.people import endpoints as people
from gnatwork_manager.people.guard import GuardedRoute, public_paths
from gnatwork_manager.problems import ProblemError, error_response, faults_of
from gnatwork_manager.services import Services
from gnatwork_manager.settings import ManagerSettings
from gnatwork_manager.triggers import endpoints, event_endpoints, hooks
from gnatwork_manager.versions import endpoints as versions

#: What a page may take.
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def build_api() -> FastAPI:
    """The routes, with nothing behind them yet."""
    app = FastAPI(
        title="Gnatwork",
        version=version("gnatwork"),
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={
            RequestValidationError: _invalid,
            HTTPException: _http_error,
            ClientDisconnect: _gone,
            ProblemError: _error,
            Exception: _error,
        },
    )
    for part in (
        runs,
        logs,
        run_views,
        run_actions,
        events,
        workflows,
        versions,
        blocks,
        executors,
        dead_letters,
        health,
        hooks,
        connections,
        integrations,
        endpoints,
        event_endpoints,
        about_me,
        key_endpoints,
        people,
        audit,
    ):
        app.router.routes += [GuardedRoute(route) for route in part.router.routes if isinstance(route, APIRoute)]
    app.openapi = partial(openapi.document, app)  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app


def build_app(api: FastAPI, services: Services, settings: ManagerSettings) -> ASGIApp:
    """What the server runs. From the inside: routes, size of bodies, who calls, and what every answer gets."""
    api.state.services = services
    api.state.audit = services.audit.append
    api.state.renew = services.people.identity.renewed
    limited = LimitBody(api, max_body=settings.max_body)
    known = Authenticate(
        limited, identify=services.people.identity.identify, public=public_paths(api), trusted=settings.trusted_proxies
    )
    seen = Observe(Cors(known, origins=settings.cors_origins), metrics=services.metrics)
    return SecurityHeaders(HeadAsGet(seen), trusted=settings.trusted_proxies)


async def _error(_: Request, error: Exception) -> Response:
    return error_response(error)


async def _invalid(_: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    faults = faults_of(found, skip=1)
    message = f"{faults[0].pointer.lstrip('/')}: {faults[0].message}" if faults else ""
    return error_response(ProblemError("request.invalid", message, errors=faults))


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    path = request.url.path
    match status:
        case HTTPStatus.NOT_FOUND:
            return error_response(ProblemError("request.not_found", f"there is nothing at {path}"))
        case HTTPStatus.METHOD_NOT_ALLOWED:
            detail = f"{path} does not take {request.method}"
            headers = {"Allow": ", ".join(_methods(request))}
            return error_response(ProblemError("request.method_not_allowed", detail, headers=headers))
    return error_response(error)


def _methods(request: Request) -> list[str]:
    """What the page takes, of all its routes: the framework names only the first one's."""
    routes: list[BaseRoute] = request.app.routes
    asked = {method: {**request.scope, "method": method} for method in _METHODS}
    return [method for method in _METHODS if any(route.matches(asked[method])[0] is Match.FULL for route in routes)]


async def _gone(_: Request, __: Exception) -> Response:
    """The caller has left; no one reads this."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)
