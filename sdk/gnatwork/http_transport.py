"""The manager over HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

import httpx
from pydantic import ValidationError

from gnatwork.errors import AddressError, ClientError, RequestError, UnreachableError
from gnatwork.feeds import EventFeed, LogFeed
from gnatwork.http_events import HttpEvents
from gnatwork.logins import Keeper, Login, LoginAuth
from gnatwork.transport import Call, RunEvent, run_path, workflow_path
from gnatwork_schemas.audit import AuditRecord
from gnatwork_schemas.event_kinds import EventKind
from gnatwork_schemas.live import LogLine
from gnatwork_schemas.people import Tokens
from gnatwork_schemas.problem import Problem
from gnatwork_schemas.status import RunSummary
from gnatwork_schemas.subjects import ENDS

#: Requests at once, whatever a caller gathers: more connections make httpx slower, not faster.
_CONNECTIONS = 16
#: The events of which one is the last of each run.
_ENDS = tuple(EventKind(end) for end in sorted(ENDS))
_LOCAL = ("all://127.0.0.1", "all://localhost", "all://[::1]")


class HttpTransport:
    """Connections to one manager: a few for requests, and one for each event stream."""

    def __init__(
        self,
        api: str,
        *,
        token: str | None,
        namespace: str,
        timeout: float,
        below: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        # As bytes: what is no ASCII is the manager's to refuse.
        headers = {b"X-Gnatwork-Namespace": namespace.encode()}
        if token:
            headers[b"Authorization"] = f"Bearer {token}".encode()
        self._api = api.rstrip("/")
        _check_url(api)
        self._client = httpx.AsyncClient(
            base_url=f"{self._api}/api/v1",
            headers=headers,
            timeout=timeout,
            # The semaphores are the limit: a queue inside the pool would be searched for each request.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=_CONNECTIONS),
            transport=below,
            # A proxy that the environment names can't reach what listens on this machine only.
            mounts=dict.fromkeys(_LOCAL),
        )
        self._requests = asyncio.Semaphore(_CONNECTIONS)
        self._events = HttpEvents(self._client, _check, self._api)

    async def open(self) -> None:
        """See `Transport`; connections are made when they are needed."""

    async def close(self) -> None:
        """See `Transport`."""
        await self._client.aclose()

    async def call(self, call: Call) -> Any:
        """See `Transport`."""
        headers = {name.encode(): value.encode() for name, value in call.conditions.items()}
        if call.idempotency_key:
            headers[b"Idempotency-Key"] = call.idempotency_key.encode()
        query = {name: value for name, value in call.query.items() if value is not None}
        try:
            async with self._requests:
                response = await self._client.request(
                    call.method, call.path, params=query, json=call.body, headers=headers
                )
        except httpx.LocalProtocolError as error:
            # Not what it says: that may be the token.
            raise ClientError("the token, the namespace or the key holds what no header can carry") from error
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        _check(response)
        return response.json() if response.content else None

    async def ended(self, run_id: str) -> RunEvent | None:
        """See `Transport`."""
        feed = EventFeed(run_id=run_id, kinds=_ENDS, live=False)
        async with contextlib.aclosing(self.events(feed, None)) as events:
            async for event in events:
                if event.event in ENDS:
                    return event
        return None

    async def events(self, feed: EventFeed, after: int | None) -> AsyncGenerator[RunEvent, None]:
        """See `Transport`. A stream that breaks is taken up where it broke."""
        path, over = workflow_path(feed.workflow, "/events") if feed.workflow else "/events", None
        if (run_id := feed.run_id) is not None:
            path, over = run_path(run_id, "/events"), partial(self._is_over, run_id)
        async with contextlib.aclosing(self._events.follow(path, feed.query, after, over)) as events:
            async for event in events:
                yield RunEvent.model_validate_json(event.data)
                if run_id is not None and event.event in ENDS:
                    return

    async def log(self, feed: LogFeed) -> AsyncGenerator[LogLine, None]:
        """See `Transport`."""
        lines = self._events.follow(run_path(feed.run_id, "/logs/follow"), feed.query, None)
        async with contextlib.aclosing(lines) as events:
            async for event in events:
                yield LogLine.model_validate_json(event.data)

    async def audit(self, after: int | None) -> AsyncGenerator[AuditRecord, None]:
        """See `Transport`."""
        async with contextlib.aclosing(self._events.follow("/audit/follow", {}, after)) as events:
            async for event in events:
                yield AuditRecord.model_validate_json(event.data)

    def log_in(self, login: Login, keeper: Keeper | None) -> None:
        """See `Transport`."""
        self._client.auth = LoginAuth(login, self._refresh, keeper)

    async def _refresh(self, refresh_token: str) -> Tokens:
        """The next tokens; raises RequestError when the session is over."""
        body = {"refresh_token": refresh_token}
        # Past the authentication, which waits for this.
        response = await self._client.post("/auth/refresh", json=body, auth=httpx.Auth())
        _check(response)
        return Tokens.model_validate_json(response.content)

    async def _is_over(self, run_id: str, after: int) -> bool:
        """Whether the run has ended and the caller has all of it."""
        run = RunSummary.model_validate(await self.call(Call(verb="run.get", method="GET", path=run_path(run_id))))
        return run.status.ended and run.sequence <= after

    def _unreachable(self, error: httpx.HTTPError) -> UnreachableError:
        return UnreachableError(f"{self._api}, {str(error) or type(error).__name__}")


def _check_url(api: str) -> None:
    try:
        url = httpx.URL(api)
    except httpx.InvalidURL as error:
        raise AddressError(f"{api!r} is no URL: {error}") from error
    if not url.host:
        raise AddressError(f"{api!r} names no host")


def _check(response: httpx.Response) -> None:
    """Raise RequestError for an answer that is an error."""
    if not response.is_error:
        return
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        problem = Problem(
            title="Something else than Gnatwork answers.",
            status=response.status_code,
            code="request.invalid",
            detail=f"{response.request.url} says {response.status_code}; check the address.",
        )
    raise RequestError(problem)
