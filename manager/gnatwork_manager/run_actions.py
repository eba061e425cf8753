"""`/runs/{id}/…`: what can be asked of a run, and what can be made of it."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from gnatwork_manager.documents import CancelBody, PauseBody, RetryBody, SignalBody, SubmittedRun, json_body
from gnatwork_manager.people.access import needs
from gnatwork_manager.repeats import parse_retry
from gnatwork_manager.requests import (
    API_PREFIX,
    IdempotencyKey,
    Namespace,
    RunIdPath,
    Wait,
    json_response,
    optional_body,
    services_of,
)
from gnatwork_manager.run_control import parse_nothing, parse_reason
from gnatwork_manager.runs import BEGUN, asker, begin
from gnatwork_manager.signals import parse_signal
from gnatwork_manager.submission import parse_idempotency_key
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.people import Role

router = APIRouter(prefix=f"{API_PREFIX}/runs", tags=["runs"])


@router.post(
    "/{run_id}/cancel",
    status_code=202,
    summary="Ask for a run to be stopped",
    responses={202: {"model": SubmittedRun}},
    openapi_extra=json_body(CancelBody, required=False),
)
@needs(Role.EDITOR, "run.cancel")
async def cancel(request: Request, run_id: RunIdPath, namespace: Namespace = DEFAULT_NAMESPACE) -> Response:
    """Answers 202 once the request is stored; the run ends a moment later."""
    reason = parse_reason(await optional_body(request))
    await services_of(request).control.cancel(namespace, run_id, reason)
    return await _accepted(request, namespace, run_id)


@router.post(
    "/{run_id}/pause",
    status_code=202,
    summary="Ask that nothing new of a run begins",
    responses={202: {"model": SubmittedRun}},
    openapi_extra=json_body(PauseBody, required=False),
)
@needs(Role.EDITOR, "run.pause")
async def pause(request: Request, run_id: RunIdPath, namespace: Namespace = DEFAULT_NAMESPACE) -> Response:
    """What runs is finished; the run's `timeout` goes on. A run that is paused stays so."""
    reason = parse_reason(await optional_body(request))
    await services_of(request).control.pause(namespace, run_id, reason)
    return await _accepted(request, namespace, run_id)


@router.post(
    "/{run_id}/resume",
    status_code=202,
    summary="Ask that a paused run goes on",
    responses={202: {"model": SubmittedRun}},
)
@needs(Role.EDITOR, "run.resume")
async def resume(request: Request, run_id: RunIdPath, namespace: Namespace = DEFAULT_NAMESPACE) -> Response:
    """What became due meanwhile is done now. A run that is not paused goes on as it did."""
    parse_nothing(await optional_body(request))
    await services_of(request).control.resume(namespace, run_id)
    return await _accepted(request, namespace, run_id)


@router.post(
    "/{run_id}/signals/{name}",
    status_code=202,
    summary="Send a signal to a run",
    responses={202: {"model": SubmittedRun}},
    openapi_extra=json_body(SignalBody, required=False),
)
@needs(Role.EDITOR, "run.signal")
async def signal(
    request: Request,
    run_id: RunIdPath,
    name: Annotated[str, Path(description="What the block that waits calls it.")],
    namespace: Namespace = DEFAULT_NAMESPACE,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Answers 202 once the signal is stored. One that comes before a block waits for it is kept.

    Where the block that waits has a `schema`, the data must meet it.
    """
    key = parse_idempotency_key(idempotency_key)
    data = parse_signal(name, await optional_body(request))
    await services_of(request).signals.send(namespace, run_id, name, data, key)
    return await _accepted(request, namespace, run_id)


@router.post("/{run_id}/rerun", status_code=202, summary="Run it anew", responses=BEGUN)
@needs(Role.EDITOR, "run.rerun", audited=False)
async def rerun(
    request: Request,
    run_id: RunIdPath,
    namespace: Namespace = DEFAULT_NAMESPACE,
    wait: Wait = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A new run of the same version with the same input and labels; otherwise as `POST /runs`."""
    caller, seconds = asker(request, namespace, wait, idempotency_key)
    parse_nothing(await optional_body(request))
    repeats = services_of(request).repeats
    return await begin(request, lambda: repeats.rerun(namespace, run_id), caller, seconds)


@router.post(
    "/{run_id}/retry",
    status_code=202,
    summary="Go on where a run failed",
    responses=BEGUN,
    openapi_extra=json_body(RetryBody, required=False),
)
@needs(Role.EDITOR, "run.retry", audited=False)
async def retry(
    request: Request,
    run_id: RunIdPath,
    namespace: Namespace = DEFAULT_NAMESPACE,
    wait: Wait = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A new run with the same input, in which the tasks that completed do not run again; otherwise as `POST /runs`.

    Only of a run that has ended and did not complete. With `version`, tasks are reused as far as their blocks, and
    all that these wait for, are the same in that version. The earlier run must be kept until the new one has ended.
    """
    caller, seconds = asker(request, namespace, wait, idempotency_key)
    version = parse_retry(await optional_body(request))
    repeats = services_of(request).repeats
    return await begin(request, lambda: repeats.retry(namespace, run_id, version), caller, seconds)


@router.delete("/{run_id}", status_code=204, summary="Delete a run")
@needs(Role.EDITOR, "run.delete")
async def delete(request: Request, run_id: RunIdPath, namespace: Namespace = DEFAULT_NAMESPACE) -> Response:
    """Everything of it, archived or not. Only a run that has ended can be deleted."""
    await services_of(request).remover.delete(namespace, run_id)
    return Response(status_code=204)


async def _accepted(request: Request, namespace: str, run_id: str) -> Response:
    status = await services_of(request).reader.status(namespace, run_id)
    return json_response({"run_id": run_id, "status": status}, 202)
