"""`/hooks`: where webhooks are called. It is public: what a caller has to show, the trigger says."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from gnatwork_manager.documents import CalledHook
from gnatwork_manager.metrics import refusals
from gnatwork_manager.people.access import public
from gnatwork_manager.problems import ProblemError, error_response
from gnatwork_manager.requests import API_PREFIX, json_response, services_of
from gnatwork_manager.runs import RUN_HEADER, unless_gone
from gnatwork_manager.submission import parse_traceparent
from gnatwork_manager.submit import Submitted, submit
from gnatwork_manager.triggers.calls import challenge_of, delivery_of, details_of, parse_event
from gnatwork_manager.triggers.event_filter import EventFilter
from gnatwork_manager.triggers.firing import caller
from gnatwork_manager.triggers.secrets import secret_of
from gnatwork_manager.triggers.signatures import check_key, check_signature
from gnatwork_manager.triggers.table import Known
from gnatwork_manager.triggers.triggers import Triggers
from gnatwork_schemas.header_names import TRACEPARENT
from gnatwork_schemas.status import RunStatus
from gnatwork_schemas.triggers import WebhookTrigger

router = APIRouter(tags=["hooks"])

#: What a webhook may ask for. A `HEAD` begins nothing: those who only look at links ask so.
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {"model": CalledHook},
    200: {"model": CalledHook, "description": "It came before. With `respond: empty` there is no body."},
    204: {"description": "The `filter` does not hold for it, so nothing begins."},
    "default": {"description": "With `respond: run`, what the `response` block says.", "content": {"*/*": {}}},
}


@public("hook.call", audited=False)
async def call(request: Request, place: str) -> Response:
    """Begins a run of the workflow. `place` is the webhook's unguessable address, or its own path.

    Answers 202 once the run is stored, 200 when the same delivery came before. With `respond: run`, answers with the
    reply of the `response` block if that comes within the trigger's `deadline`.
    """
    services = services_of(request)
    triggers = services.triggers
    with refusals(services.metrics.hooks_refused):
        known, trigger = _wanted(triggers.table.hooks(f"/{place}"), request.method)
        with triggers.firing.attempt(known):
            return await _called(request, triggers, known, trigger)


for _method in METHODS:
    for _prefix in ("", API_PREFIX):
        router.add_api_route(
            f"{_prefix}/hooks/{{place:path}}",
            call,
            methods=[_method],
            status_code=202,
            summary="Call a webhook",
            responses=_ANSWERS,
            # The same once more, for links that are short; described once.
            include_in_schema=bool(_prefix),
        )


def _wanted(found: Sequence[Known], method: str) -> tuple[Known, WebhookTrigger]:
    """The webhook that takes this method; ProblemError."""
    hooks = [
        (known, known.trigger)
        for known in found
        if isinstance(known.trigger, WebhookTrigger) and known.trigger.enabled and known.published is not None
    ]
    if not hooks:
        raise ProblemError("hook.not_found")
    for known, trigger in hooks:
        if trigger.method == method:
            return known, trigger
    allowed = ", ".join(sorted(trigger.method for _, trigger in hooks))
    raise ProblemError("request.method_not_allowed", headers={"Allow": allowed})


async def _called(request: Request, triggers: Triggers, known: Known, trigger: WebhookTrigger) -> Response:
    headers: Mapping[str, str] = request.headers
    if trigger.auth == "key":
        # Before anything of a body is taken from whoever does not have it.
        check_key(trigger, headers, await secret_of(triggers.secrets, known))
    body = await _body(request, trigger.max_body)
    if trigger.auth == "hmac":
        check_signature(trigger, headers, body, await secret_of(triggers.secrets, known), time.time())
    if trigger.rate_limit:
        await triggers.rates.take(known.key, trigger.rate_limit)
    event = parse_event(body, headers.get("content-type"))
    if (challenge := challenge_of(trigger, event.value)) is not None:
        return PlainTextResponse(challenge)
    delivery = delivery_of(trigger, headers, event.value)
    details = details_of(trigger, event, headers.items(), request.url.query, delivery)
    if not await EventFilter(services_of(request).connection).takes(trigger, event.value, details):
        return Response(status_code=204)
    wait = trigger.deadline if trigger.respond == "run" else None
    submitting = submit(
        services_of(request),
        lambda: triggers.firing.order(known, event.value, details),
        caller(known, delivery, parse_traceparent(headers.get(TRACEPARENT))),
        wait,
        by="hook",
        on_begun=lambda run_id: triggers.firing.began(known, run_id),
    )
    submitted = await (submitting if wait is None else unless_gone(request, submitting))
    if trigger.respond == "empty":
        return Response(headers={RUN_HEADER: submitted.run_id})
    return _answer(submitted)


async def _body(request: Request, most: int) -> bytes:
    """The body, counted while it comes; ProblemError."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(f"{declared} bytes", most)
    taken = bytearray()
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > most:
            raise _too_large(f"more than {most} bytes", most)
    return bytes(taken)


def _too_large(size: str, most: int) -> ProblemError:
    return ProblemError("request.too_large", f"the body has {size}, and this webhook takes at most {most}")


def _answer(submitted: Submitted) -> Response:
    status_url = f"{API_PREFIX}/runs/{submitted.run_id}"
    headers = {"Location": status_url, RUN_HEADER: submitted.run_id}
    begun = {"run_id": submitted.run_id, "status_url": status_url}
    outcome = submitted.outcome
    if outcome is None:
        return json_response(begun, 200 if submitted.repeated else 202, headers)
    if outcome.reply:
        data, own = outcome.reply.content()
        return Response(data, outcome.reply.status, {**headers, **own})
    if outcome.run and outcome.run["status"] == RunStatus.COMPLETED:
        return json_response(begun, 200, headers)
    return error_response(ProblemError("hook.run_failed", headers=headers))
