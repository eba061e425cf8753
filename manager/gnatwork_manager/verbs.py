"""The verbs of the API over NATS: each is the twin of an HTTP endpoint and calls the same services."""

from collections.abc import Awaitable, Callable
from typing import Any

from gnatwork_manager.audit import routes as audit
from gnatwork_manager.connections import verbs as connections
from gnatwork_manager.dead_letters import (
    DiscardQuery,
    LetterQuery,
    discard_dead_letter,
    discard_dead_letters,
    list_dead_letters,
    redrive_dead_letter,
    show_dead_letter,
)
from gnatwork_manager.executors.endpoints import VERBS as EXECUTOR_VERBS
from gnatwork_manager.integrations import verbs as integrations
from gnatwork_manager.listing import RunListQuery, list_runs
from gnatwork_manager.logs import verbs as logs
from gnatwork_manager.orders import Order
from gnatwork_manager.people import verbs as people
from gnatwork_manager.problems import ProblemError, invalid
from gnatwork_manager.repeats import parse_retry
from gnatwork_manager.run_control import parse_nothing, parse_reason
from gnatwork_manager.signals import parse_signal
from gnatwork_manager.submission import (
    parse_idempotency_key,
    parse_stored_submission,
    parse_submission,
    parse_traceparent,
    parse_wait,
)
from gnatwork_manager.submit import submit
from gnatwork_manager.submitter import Caller
from gnatwork_manager.triggers.event_endpoints import VERBS as EVENT_VERBS
from gnatwork_manager.triggers.verbs import VERBS as TRIGGER_VERBS
from gnatwork_manager.verb_request import Answer, VerbRequest, Verbs
from gnatwork_manager.versions import verbs as versions
from gnatwork_schemas import header_names


async def _submit(request: VerbRequest) -> Answer:
    body, caller, wait = _asker(request)
    submission = parse_submission(body)
    return await _begin(request, lambda: request.services.submitter.order(submission), caller, wait)


async def _workflow_start(request: VerbRequest) -> Answer:
    body, caller, wait = _asker(request, "name")
    submission = parse_stored_submission(request.text("name"), body)
    submitter = request.services.submitter
    return await _begin(request, lambda: submitter.order_stored(request.namespace, submission), caller, wait)


def _asker(request: VerbRequest, *subject: str) -> tuple[dict[str, Any], Caller, float | None]:
    """The body without what is common to all verbs that begin a run, and without what names their subject."""
    body = request.without(*subject)
    wait = parse_wait(body.pop("wait", None))
    caller = Caller(
        namespace=request.namespace,
        idempotency_key=_key(body),
        traceparent=parse_traceparent(request.headers.get(header_names.TRACEPARENT)),
    )
    return body, caller, wait


def _key(body: dict[str, Any]) -> str | None:
    """The idempotency key, taken out of a body."""
    key = body.pop("idempotency_key", None)
    if not isinstance(key, str | None):
        raise invalid("/idempotency_key", "an idempotency key is a text")
    return parse_idempotency_key(key)


async def _begin(
    request: VerbRequest, order: Callable[[], Awaitable[Order]], caller: Caller, wait: float | None
) -> Answer:
    submitted = await submit(request.services, order, caller, wait, by="nats", on_wait=request.on_wait)
    if (outcome := submitted.outcome) is None:
        return {"run_id": submitted.run_id, "status": submitted.status}
    if (reply := outcome.reply) is None:
        return {"run_id": submitted.run_id, "run": outcome.run}
    document = {"status": reply.status, "headers": reply.headers, "body": reply.body}
    return {"run_id": submitted.run_id, "reply": document}


async def _run_get(request: VerbRequest) -> Answer:
    return await request.services.reader.run(request.namespace, request.text("run_id"))


async def _run_list(request: VerbRequest) -> Answer:
    return await list_runs(request.services.index, request.namespace, request.query(RunListQuery))


async def _run_tasks(request: VerbRequest) -> Answer:
    reader, run_id = request.services.reader, request.text("run_id")
    if "task" in request.body:
        return await reader.task(request.namespace, run_id, request.text("task"))
    query = request.page("run_id")
    return await reader.tasks(request.namespace, run_id, query.cursor, query.limit)


async def _run_history(request: VerbRequest) -> Answer:
    query = request.page("run_id")
    return await request.services.reader.events(request.namespace, request.text("run_id"), query.cursor, query.limit)


async def _run_cancel(request: VerbRequest) -> Answer:
    run_id, body = _run(request)
    await request.services.control.cancel(request.namespace, run_id, parse_reason(body))
    return await _accepted(request, run_id)


async def _run_pause(request: VerbRequest) -> Answer:
    run_id, body = _run(request)
    await request.services.control.pause(request.namespace, run_id, parse_reason(body))
    return await _accepted(request, run_id)


async def _run_resume(request: VerbRequest) -> Answer:
    run_id, body = _run(request)
    parse_nothing(body)
    await request.services.control.resume(request.namespace, run_id)
    return await _accepted(request, run_id)


async def _run_signal(request: VerbRequest) -> Answer:
    run_id, body = _run(request)
    name, key = request.text("name"), _key(body)
    data = parse_signal(name, {field: value for field, value in body.items() if field != "name"})
    await request.services.signals.send(request.namespace, run_id, name, data, key)
    return await _accepted(request, run_id)


async def _run_rerun(request: VerbRequest) -> Answer:
    body, caller, wait = _asker(request, "run_id")
    parse_nothing(body)
    run_id, repeats = request.text("run_id"), request.services.repeats
    return await _begin(request, lambda: repeats.rerun(request.namespace, run_id), caller, wait)


async def _run_retry(request: VerbRequest) -> Answer:
    body, caller, wait = _asker(request, "run_id")
    run_id, version, repeats = request.text("run_id"), parse_retry(body), request.services.repeats
    return await _begin(request, lambda: repeats.retry(request.namespace, run_id, version), caller, wait)


async def _run_delete(request: VerbRequest) -> Answer:
    run_id, body = _run(request)
    parse_nothing(body)
    await request.services.remover.delete(request.namespace, run_id)
    return {}


async def _blocks_list(request: VerbRequest) -> Answer:
    query = request.page()
    services = request.services
    found = services.catalogue.page(query.cursor, query.limit)
    return {**found, "items": list(map(services.executors.listed, found["items"]))}


async def _dead_letters_list(request: VerbRequest) -> Answer:
    query = request.page()
    return await list_dead_letters(request.services.connection, query.cursor, query.limit)


async def _dead_letters_get(request: VerbRequest) -> Answer:
    return await show_dead_letter(request.services.connection, request.query(LetterQuery).id)


async def _dead_letters_redrive(request: VerbRequest) -> Answer:
    return await redrive_dead_letter(request.services.connection, request.query(LetterQuery).id)


async def _dead_letters_discard(request: VerbRequest) -> Answer:
    connection = request.services.connection
    if "id" in request.body:
        return await discard_dead_letter(connection, request.query(LetterQuery).id)
    return await discard_dead_letters(connection, request.query(DiscardQuery))


VERBS: Verbs = {
    "submit": _submit,
    "run.get": _run_get,
    "run.list": _run_list,
    "run.tasks": _run_tasks,
    "run.history": _run_history,
    **logs.VERBS,
    "run.cancel": _run_cancel,
    "run.pause": _run_pause,
    "run.resume": _run_resume,
    "run.signal": _run_signal,
    "run.rerun": _run_rerun,
    "run.retry": _run_retry,
    "run.delete": _run_delete,
    **versions.VERBS,
    "workflow.start": _workflow_start,
    "blocks.list": _blocks_list,
    **EXECUTOR_VERBS,
    "dead_letters.list": _dead_letters_list,
    "dead_letters.get": _dead_letters_get,
    "dead_letters.redrive": _dead_letters_redrive,
    "dead_letters.discard": _dead_letters_discard,
    **TRIGGER_VERBS,
    **EVENT_VERBS,
    **connections.VERBS,
    **integrations.VERBS,
    **people.VERBS,
    **audit.VERBS,
}


async def answer(verb: str, request: VerbRequest) -> Answer:
    """The answer of a verb; raises what describes itself as a problem."""
    handler = VERBS.get(verb)
    if handler is None:
        raise ProblemError("request.not_found", f"there is no verb `{verb}`; there are {', '.join(VERBS)}")
    return await handler(request)


def _run(request: VerbRequest) -> tuple[str, dict[str, Any]]:
    """The run that a request is about, and the rest of its body."""
    return request.text("run_id"), request.without("run_id")


async def _accepted(request: VerbRequest, run_id: str) -> Answer:
    return {"run_id": run_id, "status": await request.services.reader.status(request.namespace, run_id)}
