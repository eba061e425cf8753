"""`POST /runs`, and what all endpoints that begin a run have in common."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from gnatwork_manager.bodies import parse_json
from gnatwork_manager.documents import SubmissionBody, SubmittedRun, json_body
from gnatwork_manager.orders import Order
from gnatwork_manager.people.access import needs
from gnatwork_manager.requests import API_PREFIX, IdempotencyKey, Namespace, Wait, json_response, services_of
from gnatwork_manager.submission import parse_idempotency_key, parse_submission, parse_traceparent, parse_wait
from gnatwork_manager.submit import Submitted, submit
from gnatwork_manager.submitter import Caller
from gnatwork_schemas.header_names import TRACEPARENT
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.people import Role
from gnatwork_schemas.status import Run

router = APIRouter(prefix=f"{API_PREFIX}/runs", tags=["runs"])

#: Names the run in every answer, also in those that a `response` block makes.
RUN_HEADER = "X-Gnatwork-Run"
BEGUN_HEADERS = {
    "Location": {"description": "Where the run is.", "schema": {"type": "string"}},
    RUN_HEADER: {"description": "The run's id.", "schema": {"type": "string"}},
}

#: What every endpoint that begins a run answers.
BEGUN: dict[int | str, dict[str, Any]] = {
    202: {"model": SubmittedRun, "headers": BEGUN_HEADERS},
    200: {"model": Run, "description": "With `wait`: the run's end.", "headers": BEGUN_HEADERS},
    "default": {"description": "With `wait`: what the `response` block says.", "content": {"*/*": {}}},
}


@router.post(
    "",
    status_code=202,
    summary="Run a definition without storing it",
    responses=BEGUN,
    openapi_extra=json_body(SubmissionBody),
)
@needs(Role.EDITOR, "submit", audited=False)
async def submit_run(
    request: Request,
    namespace: Namespace = DEFAULT_NAMESPACE,
    wait: Wait = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Answers 202 once the start is stored.

    With `wait`, answers with the reply of the `response` block or, once the run has ended without one, with 200 and
    the run; still 202 when neither comes in time. With `at`, the run is `pending` until then.
    """
    caller, seconds = asker(request, namespace, wait, idempotency_key)
    submission = parse_submission(parse_json(await request.body()))
    submitter = services_of(request).submitter
    return await begin(request, lambda: submitter.order(submission), caller, seconds)


def asker(
    request: Request, namespace: str, wait: str | None, idempotency_key: str | None
) -> tuple[Caller, float | None]:
    """Who wants a run to begin, and how many seconds to wait for it; raises ProblemError."""
    caller = Caller(
        namespace=namespace,
        idempotency_key=parse_idempotency_key(idempotency_key),
        traceparent=parse_traceparent(request.headers.get(TRACEPARENT)),
    )
    return caller, parse_wait(wait)


async def begin(
    request: Request, order: Callable[[], Awaitable[Order]], caller: Caller, seconds: float | None
) -> Response:
    """Begin a run and answer with what there is to say of it."""
    submitting = submit(services_of(request), order, caller, seconds, by="http")
    return _answer(await (submitting if seconds is None else unless_gone(request, submitting)))


async def unless_gone(request: Request, submitting: Coroutine[Any, Any, Submitted]) -> Submitted:
    """Wait no longer than the caller does; the run goes on all the same."""
    working = asyncio.ensure_future(submitting)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        for task in (working, gone):
            task.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _answer(submitted: Submitted) -> Response:
    headers = {"Location": f"{API_PREFIX}/runs/{submitted.run_id}", RUN_HEADER: submitted.run_id}
    outcome = submitted.outcome
    if outcome is None:
        return json_response({"run_id": submitted.run_id, "status": submitted.status}, 202, headers)
    if outcome.reply is None:
        return json_response(outcome.run, 200, headers)
    data, own = outcome.reply.content()
    return Response(data, outcome.reply.status, {**headers, **own})
