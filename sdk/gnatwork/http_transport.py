"""The manager over HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import httpx
from pydantic import ValidationError

from gnatwork.errors import AddressError, ClientError, RequestError, UnreachableError
from gnatwork.transport import Call, RunEvent, run_path
from gnatwork_schemas.problem import Problem
from gnatwork_schemas.status import RunSummary
from gnatwork_schemas.subjects import ENDS

#: Seconds that the manager lets pass between two signs of life on a stream, and some.
_SILENCE = 40.0
#: Requests at once, whatever a caller gathers: more connections make httpx slower, not faster.
_CONNECTIONS = 16
#: Event streams at once; one manager serves a thousand, for all its clients. Further ones wait, and miss nothing.
_STREAMS = 256
#: Seconds to wait before a broken event stream is taken up again; after the last one it is given up.
_RESUMPTIONS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 5.0, 5.0)
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
        self._streams = asyncio.Semaphore(_STREAMS)

    async def open(self) -> None:
        """See `Transport`; connections are made when they are needed."""

    async def close(self) -> None:
        """See `Transport`."""
        await self._client.aclose()

    async def call(self, call: Call) -> Any:
        """See `Transport`."""
        headers = {b"Idempotency-Key": call.idempotency_key.encode()} if call.idempotency_key else None
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
        async with contextlib.aclosing(self.events(run_id, 0)) as events:
            async for event in events:
                if event.event in ENDS:
                    return event
        return None

    async def events(self, run_id: str, after: int) -> AsyncGenerator[RunEvent, None]:
        """See `Transport`. A stream that breaks is taken up where it broke."""
        waits = iter(_RESUMPTIONS)
        while True:
            try:
                async with self._streams, contextlib.aclosing(self._stream(run_id, after)) as events:
                    async for event in events:
                        after, waits = event.sequence or after, iter(_RESUMPTIONS)
                        yield event
                        if event.event in ENDS:
                            return
                if await self._is_over(run_id, after):
                    return
                broken: ClientError = UnreachableError(f"{self._api} broke off the event stream")
            except httpx.TransportError as error:
                broken = self._unreachable(error)
            except UnreachableError as error:
                broken = error
            if (wait := next(waits, None)) is None:
                raise broken
            await asyncio.sleep(wait)

    async def _stream(self, run_id: str, after: int) -> AsyncGenerator[RunEvent, None]:
        async with self._client.stream(
            "GET",
            run_path(run_id, "/events"),
            headers={"Accept": "text/event-stream", "Last-Event-ID": str(after)},
            timeout=_SILENCE,
        ) as response:
            if response.is_error:
                await response.aread()
                _check(response)
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    yield RunEvent.model_validate_json(line[5:])

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
