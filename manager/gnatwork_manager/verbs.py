"""The verbs of the API over NATS: each is the twin of an HTTP endpoint and calls the same services."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gnatwork_manager.canceller import parse_reason
from gnatwork_manager.dead_letters import list_dead_letters
from gnatwork_manager.listing import PageQuery, RunListQuery, list_runs
from gnatwork_manager.problems import ProblemError, faults_of, invalid
from gnatwork_manager.services import Services
from gnatwork_manager.submission import parse_idempotency_key, parse_submission, parse_traceparent, parse_wait
from gnatwork_manager.submit import submit
from gnatwork_manager.submitter import Caller
from gnatwork_schemas import subjects

_Query = TypeVar("_Query", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class VerbRequest:
    """A request, its body read."""

    services: Services
    namespace: str
    body: dict[str, Any]
    headers: Mapping[str, str]
    #: To be called once nothing but waiting is left.
    on_wait: Callable[[], None]


Answer = dict[str, Any]


async def _submit(request: VerbRequest) -> Answer:
    body = dict(request.body)
    wait = parse_wait(body.pop("wait", None))
    key = body.pop("idempotency_key", None)
    if not isinstance(key, str | None):
        raise invalid("/idempotency_key", "an idempotency key is a text")
    caller = Caller(
        namespace=request.namespace,
        idempotency_key=parse_idempotency_key(key),
        traceparent=parse_traceparent(request.headers.get(subjects.TRACEPARENT)),
    )
    submission = parse_submission(body)
    submitted = await submit(request.services, submission, caller, wait, by="nats", on_wait=request.on_wait)
    if (outcome := submitted.outcome) is None:
        return {"run_id": submitted.run_id, "status": submitted.status}
    if (reply := outcome.reply) is None:
        return {"run_id": submitted.run_id, "run": outcome.run}
    document = {"status": reply.status, "headers": reply.headers, "body": reply.body}
    return {"run_id": submitted.run_id, "reply": document}


async def _run_get(request: VerbRequest) -> Answer:
    return await request.services.reader.run(request.namespace, _text(request, "run_id"))


async def _run_list(request: VerbRequest) -> Answer:
    return await list_runs(request.services.index, request.namespace, _query(RunListQuery, request.body))


async def _run_tasks(request: VerbRequest) -> Answer:
    reader, run_id = request.services.reader, _text(request, "run_id")
    if "task" in request.body:
        return await reader.task(request.namespace, run_id, _text(request, "task"))
    query = _page_query(request, "run_id")
    return await reader.tasks(request.namespace, run_id, query.cursor, query.limit)


async def _run_history(request: VerbRequest) -> Answer:
    query = _page_query(request, "run_id")
    return await request.services.reader.events(request.namespace, _text(request, "run_id"), query.cursor, query.limit)


async def _run_cancel(request: VerbRequest) -> Answer:
    run_id = _text(request, "run_id")
    reason = parse_reason({key: value for key, value in request.body.items() if key != "run_id"})
    await request.services.canceller.cancel(request.namespace, run_id, reason)
    return {"run_id": run_id, "status": await request.services.reader.status(request.namespace, run_id)}


async def _blocks_list(request: VerbRequest) -> Answer:
    query = _page_query(request)
    return request.services.catalogue.page(query.cursor, query.limit)


async def _dead_letters_list(request: VerbRequest) -> Answer:
    query = _page_query(request)
    return await list_dead_letters(request.services.connection, query.cursor, query.limit)


VERBS: Mapping[str, Callable[[VerbRequest], Awaitable[Answer]]] = {
    "submit": _submit,
    "run.get": _run_get,
    "run.list": _run_list,
    "run.tasks": _run_tasks,
    "run.history": _run_history,
    "run.cancel": _run_cancel,
    "blocks.list": _blocks_list,
    "dead_letters.list": _dead_letters_list,
}


async def answer(verb: str, request: VerbRequest) -> Answer:
    """The answer of a verb; raises what describes itself as a problem."""
    handler = VERBS.get(verb)
    if handler is None:
        raise ProblemError("request.not_found", f"there is no verb `{verb}`; there are {', '.join(VERBS)}")
    return await handler(request)


def _text(request: VerbRequest, name: str) -> str:
    value = request.body.get(name)
    if not isinstance(value, str):
        raise invalid(f"/{name}", f"`{name}` is missing, or not a text")
    return value


def _page_query(request: VerbRequest, *others: str) -> PageQuery:
    return _query(PageQuery, {key: value for key, value in request.body.items() if key not in others})


def _query(model: type[_Query], values: dict[str, Any]) -> _Query:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_context=False), skip=0)
        raise ProblemError("request.invalid", faults[0].message, errors=faults) from None
