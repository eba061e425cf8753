"""`POST /runs`: run a definition without storing it."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from gnatwork_manager.bodies import parse_json
from gnatwork_manager.documents import SubmissionBody, SubmittedRun, json_body
from gnatwork_manager.requests import API_PREFIX, Namespace, json_response, services_of
from gnatwork_manager.submission import parse_idempotency_key, parse_submission, parse_traceparent, parse_wait
from gnatwork_manager.submit import Submitted, submit
from gnatwork_manager.submitter import Caller
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.status import Run
from gnatwork_schemas.subjects import TRACEPARENT

router = APIRouter(prefix=f"{API_PREFIX}/runs", tags=["runs"])

#: Names the run in every answer, also in those that a `response` block makes.
_RUN_HEADER = "X-Gnatwork-Run"


@router.post(
    "",
    status_code=202,
    summary="Run a definition without storing it",
    responses={202: {"model": SubmittedRun}, 200: {"model": Run, "description": "With `wait`: the run's end."}},
    openapi_extra=json_body(SubmissionBody),
)
async def submit_run(
    request: Request,
    namespace: Namespace = DEFAULT_NAMESPACE,
    wait: Annotated[
        str | None, Query(description="How long to wait for the run's end, e.g. `30s`; at most 5m.")
    ] = None,
    idempotency_key: Annotated[
        str | None, Header(description="A request that is repeated with the same key begins no second run.")
    ] = None,
) -> Response:
    """Answers 202 once the start is stored.

    With `wait`, answers with the reply of the `response` block or, once the run has ended without one, with 200 and
    the run; still 202 when neither comes in time.
    """
    caller = Caller(
        namespace=namespace,
        idempotency_key=parse_idempotency_key(idempotency_key),
        traceparent=parse_traceparent(request.headers.get(TRACEPARENT)),
    )
    seconds = parse_wait(wait)
    submission = parse_submission(parse_json(await request.body()))
    submitting = submit(services_of(request), submission, caller, seconds, by="http")
    return _answer(await (submitting if seconds is None else _unless_gone(request, submitting)))


async def _unless_gone(request: Request, submitting: Coroutine[Any, Any, Submitted]) -> Submitted:
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
    headers = {"Location": f"{API_PREFIX}/runs/{submitted.run_id}", _RUN_HEADER: submitted.run_id}
    outcome = submitted.outcome
    if outcome is None:
        return json_response({"run_id": submitted.run_id, "status": submitted.status}, 202, headers)
    if outcome.reply is None:
        return json_response(outcome.run, 200, headers)
    data, own = outcome.reply.content()
    return Response(data, outcome.reply.status, {**headers, **own})
