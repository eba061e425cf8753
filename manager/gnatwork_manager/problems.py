"""Errors as the API shows them: RFC 9457 problem documents, the same over HTTP and NATS.

A `ProblemError` carries an error code of `gnatwork_schemas.codes`; `STATUS` has the HTTP status of each.
"""

import logging
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from gnatwork_bus.connection import ApiError
from gnatwork_engine.compiler import shape_messages
from gnatwork_schemas.codes import CODES
from gnatwork_schemas.errors import DefinitionError, GnatworkError, MessageError
from gnatwork_schemas.problem import Fault, Problem, plain

log = logging.getLogger(__name__)

#: The id of the request that is being answered, for logs.
request_id: ContextVar[str] = ContextVar("request_id", default="-")

MEDIA_TYPE = "application/problem+json"
#: Where the pages of the error codes are.
_PAGES = "https://github.com/gnatwork/gnatwork/blob/main/docs/reference/errors/"
#: Faults that one document lists.
_MOST_FAULTS = 100

#: HTTP status by error code; a code that is not here is a mistake of ours, 500.
STATUS: Mapping[str, int] = {
    "request.invalid": 422,
    "request.invalid_json": 400,
    "message.unknown_version": 400,
    "request.too_large": 413,
    "request.malformed": 400,
    "request.timeout": 408,
    "request.url_too_long": 414,
    "request.head_too_large": 431,
    "request.too_many_connections": 503,
    "request.too_many_streams": 429,
    "request.not_found": 404,
    "request.method_not_allowed": 405,
    "auth.missing": 401,
    "auth.invalid": 401,
    "auth.expired": 401,
    "auth.forbidden": 403,
    "namespace.not_found": 404,
    "auth.refused": 401,
    "auth.throttled": 429,
    "auth.busy": 429,
    "auth.not_logged_in": 409,
    "person.not_found": 404,
    "person.exists": 409,
    "person.last_admin": 409,
    "invitation.needed": 403,
    "invitation.invalid": 403,
    "invitation.not_found": 404,
    "key.not_found": 404,
    "audit.failed": 503,
    "definition.invalid": 422,
    "input.invalid": 422,
    "run.not_found": 404,
    "run.ended": 409,
    "run.not_ended": 409,
    "run.completed": 409,
    "signal.invalid": 422,
    "workflow.not_found": 404,
    "workflow.exists": 409,
    "workflow.changed": 412,
    "workflow.in_use": 409,
    "trigger.not_found": 404,
    "trigger.defined": 409,
    "trigger.no_times": 409,
    "hook.not_found": 404,
    "hook.unauthorized": 401,
    "hook.stale": 401,
    "hook.secret_unusable": 503,
    "hook.rate_limited": 429,
    "hook.headers_too_large": 431,
    "hook.run_failed": 500,
    "template.missing": 422,
    "task.not_found": 404,
    "trigger.fetch_failed": 502,
    "trigger.bad_items": 502,
    "trigger.bad_subject": 422,
    "trigger.filter_failed": 422,
    "trigger.exists": 409,
    "trigger.path_taken": 409,
    "block.unknown_type": 404,
    "block.output_invalid": 502,
    "idempotency.conflict": 409,
    "letter.not_found": 404,
    "letter.conflict": 409,
    "letter.cut": 409,
    "payload.too_large": 422,
    "payload.missing": 410,
    "connection.invalid": 422,
    "connection.not_found": 404,
    "connection.not_permitted": 403,
    "connection.changed": 412,
    "connection.no_keys": 503,
    "connection.unreadable": 503,
    "connection.unauthorized": 409,
    "connection.token_unavailable": 502,
    "connection.unknown_state": 400,
    "engine.unavailable": 503,
    "engine.store_full": 503,
}


class ProblemError(Exception):
    """A request that can't be met, with what the caller needs to know to mend it."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: tuple[Fault, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}


def invalid(pointer: str, message: str) -> ProblemError:
    """The error for one wrong value in a request; `pointer` leads to it."""
    fault = Fault(pointer=pointer, code="request.invalid", message=message)
    return ProblemError("request.invalid", message, errors=(fault,))


def faults_of(errors: Iterable[Any], *, skip: int) -> tuple[Fault, ...]:
    """Pydantic's findings as faults; `skip` leading steps of their places are not part of what was sent."""
    return tuple(
        Fault(
            pointer="".join(f"/{step}" for step in error["loc"][skip:]),
            code="request.invalid",
            message=_finding(error),
        )
        for error in errors
    )


def _finding(error: Any) -> str:
    match error["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is not known here"
        case "value_error":
            return plain(error["msg"])
    return shape_messages.describe(error)


def to_problem(code: str, detail: str = "", errors: tuple[Fault, ...] = (), status: int | None = None) -> Problem:
    """The document for an error code: what happened, then what to do about it."""
    entry = CODES[code]
    return Problem(
        type=f"{_PAGES}{code}.md",
        title=entry.meaning,
        status=status or STATUS.get(code, 500),
        code=code,
        detail=f"{_sentence(detail)} {entry.advice}" if detail else entry.advice,
        errors=errors,
    )


def describe(error: Exception) -> Problem:
    """The document for any exception. What is not meant for callers is logged here and stays here."""
    match error:
        case ProblemError():
            return to_problem(error.code, error.detail, error.errors)
        case DefinitionError():
            return _faulty(error)
        case ApiError() if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return to_problem("engine.unavailable", error.description)
        case GnatworkError() if error.code in STATUS and not isinstance(error, MessageError):
            return to_problem(error.code, error.detail)
        case _:
            log.error("request %s failed unexpectedly", request_id.get(), exc_info=error)
            return to_problem("internal.error", f"request {request_id.get()}")


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A problem over HTTP."""
    extra = dict(headers or {})
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        extra["Retry-After"] = "1"
    return Response(orjson.dumps(problem.model_dump()), problem.status, extra, MEDIA_TYPE)


def error_response(error: Exception) -> Response:
    """Any exception over HTTP."""
    return problem_response(describe(error), error.headers if isinstance(error, ProblemError) else None)


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _faulty(error: DefinitionError) -> Problem:
    """The code of the faults when they have one in common, else that of all definitions with mistakes."""
    faults = error.faults
    codes = {fault.code for fault in faults} & CODES.keys()
    code = codes.pop() if len(codes) == 1 else error.code
    first = f"at {faults[0].pointer or '/'}: {faults[0].message}"
    return to_problem(
        code, first if len(faults) == 1 else f"{len(faults)} mistakes, the first {first}", faults[:_MOST_FAULTS], 422
    )
