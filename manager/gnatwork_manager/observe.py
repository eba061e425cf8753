"""The outermost layer of HTTP: every request has an id, is counted, and gets an answer."""

import asyncio
import logging
import re
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gnatwork_manager.metrics import Metrics
from gnatwork_manager.problems import ProblemError, error_response, request_id
from gnatwork_manager.run_ids import new_run_id

log = logging.getLogger(__name__)

_HEADER = "X-Request-Id"
_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")


class Observe:
    """ASGI middleware. An id that the caller sends is kept, so that it can be found in the logs of both sides."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        id_ = _given_id(scope) or new_run_id()
        request_id.set(id_)
        begun = time.perf_counter()
        status = 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[_HEADER] = id_
                self._metrics.observe(scope["method"], _route(scope), status, time.perf_counter() - begun)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except asyncio.CancelledError:
            # Only the server does this, to whoever is not done when it has to end.
            if not status:
                stops = ProblemError("engine.unavailable", "this manager stops", headers={"Connection": "close"})
                await error_response(stops)(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - the last resort
            if status:
                # The answer is under way, or complete: its place has logged the reason.
                log.debug("an answer was broken off: %r", error)
            else:
                await error_response(error)(scope, receive, watched)


def _given_id(scope: Scope) -> str | None:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
    return given.decode() if given and _ID.fullmatch(given) else None


def _route(scope: Scope) -> str:
    """The template of the path, never the path itself: labels must not grow with ids."""
    return getattr(scope.get("route"), "path", "unmatched")
