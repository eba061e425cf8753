"""What operations answer beside what they say of themselves: refusals, as far as they follow from what they take."""

from collections.abc import Iterator
from typing import Any

from gnatwork_manager.problems import MEDIA_TYPE
from gnatwork_schemas.problem import Problem

#: Why an operation may be refused, by status: the name of the answer in the document, and the reason.
_REFUSALS = {
    400: ("BadRequest", "The body is not JSON, or came not as a whole."),
    401: ("Unauthorized", "There is no token, or none that is good."),
    403: ("Forbidden", "Your role does not reach that far."),
    404: ("NotFound", "There is no such thing, or it is not for you to know."),
    409: ("Conflict", "What is there stands against it."),
    410: ("Gone", "A large value of it has expired."),
    408: ("TooSlow", "The body came too slowly."),
    412: ("PreconditionFailed", "It is not in the state that `If-Match` or `If-None-Match` asks for."),
    413: ("TooLarge", "The body is too large."),
    414: ("UrlTooLong", "The URL is too long."),
    422: ("Invalid", "Something of what was sent is not as it should be; `errors` says what."),
    429: ("TooOften", "Too often; `Retry-After` says when to come again."),
}
_TROUBLE = "5XX"
_REQUEST_ID = "X-Request-Id"
_RETRY_AFTER = {"description": "Seconds to wait before the next attempt.", "schema": {"type": "integer", "minimum": 0}}
_CHALLENGE = {"description": "What credentials are asked for.", "schema": {"type": "string"}}


def add_answers(document: dict[str, Any]) -> None:
    """Complete the operations of an OpenAPI document; what they say themselves stays."""
    components = document["components"]
    components["headers"] = {
        _REQUEST_ID: {"description": "Finds the request in the logs.", "schema": {"type": "string"}, "required": True}
    }
    components["responses"] = {name: _problem(status, why) for status, (name, why) in _REFUSALS.items()}
    components["responses"]["Trouble"] = _problem(503, "The engine can't do it now.")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    # FastAPI describes its own validation error, which no answer of ours is.
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    for response in responses.values():
        response.setdefault("headers", {})[_REQUEST_ID] = {"$ref": f"#/components/headers/{_REQUEST_ID}"}
    # An operation names what does not follow from what it takes: `responses={409: {}}`.
    named = {int(status) for status in responses if status.isdigit()} & _REFUSALS.keys()
    for status in sorted(named | set(_refusals(path, method, operation))):
        responses[str(status)] = _reference(_REFUSALS[status][0])
    responses.setdefault(_TROUBLE, _reference("Trouble"))
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _given(parameter["schema"])


def _refusals(path: str, method: str, operation: dict[str, Any]) -> Iterator[int]:
    parameters = operation.get("parameters", ())
    names = {parameter["name"].lower() for parameter in parameters}
    if operation.get("security") != []:
        yield from (401, 403, 404)
    elif parameters or "requestBody" in operation:
        yield from (401, 429)
    if "requestBody" in operation or method != "get":
        yield from (400, 408, 413)
    if parameters or "requestBody" in operation or method != "get":
        yield 422
    if "{" in path:
        yield 404
    if any(parameter["in"] != "header" for parameter in parameters):
        yield 414
    if "{run_id}" in path:
        yield 410
    if method != "get":
        yield 409
    if "if-match" in names:
        yield 412


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter that is given: null is how the code says that it is not."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    match kinds:
        case []:
            return schema
        case [kind]:
            return {**kind, **rest}
    return {"anyOf": kinds, **rest}


def _problem(status: int, why: str) -> dict[str, Any]:
    headers: dict[str, Any] = {_REQUEST_ID: {"$ref": f"#/components/headers/{_REQUEST_ID}"}}
    if status in {503, 429}:
        headers["Retry-After"] = _RETRY_AFTER
    if status == 401:
        headers["WWW-Authenticate"] = _CHALLENGE
    content = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    return {"description": why, "headers": headers, "content": content}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{name}"}
