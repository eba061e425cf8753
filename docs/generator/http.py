"""`docs/reference/http.md` and `openapi.json`: the API over HTTP, as the manager describes it."""

import json
from collections.abc import Iterator
from typing import Any

from docs.generator.markdown import code, page, table
from docs.generator.schemas import MODELS
from gnatwork_manager.app import build_api
from gnatwork_manager.verbs import VERBS
from gnatwork_schemas import subjects
from gnatwork_schemas.people import Reach

#: How the name of a page of something begins.
_PAGE = "Page_"
_METHODS = ("get", "post", "put", "patch", "delete")


def pages() -> dict[str, str]:
    """The page and the document that it is made of."""
    document = build_api().openapi()
    operations = list(_operations(document))
    rows = [
        (
            f"[`{method} {path}`](#{_anchor(method, path)})",
            operation["summary"],
            _needed(operation),
            ", ".join(
                status for status, answer in operation["responses"].items() if status.isdigit() and "$ref" not in answer
            ),
        )
        for method, path, operation in operations
    ]
    return {
        "openapi.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        "http.md": page(
            "HTTP",
            _INTRODUCTION,
            table(("Endpoint", "What", "Needs", "Answers"), rows),
            *(_section(method, path, operation) for method, path, operation in operations),
            "## The same over NATS",
            _OVER_NATS,
            table(("Verb", "Subject"), [(code(verb), code(subjects.api("<namespace>", verb))) for verb in VERBS]),
        ),
    }


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def _needed(operation: dict[str, Any]) -> str:
    """Who may call an operation."""
    match Reach(operation["x-gnatwork-reach"]):
        case Reach.PUBLIC:
            return "no token"
        case Reach.CALLER:
            return "any token"
        case Reach.INSTALLATION:
            return f"{operation['x-gnatwork-role']} of all namespaces"
        case Reach.NAMESPACE:
            return str(operation["x-gnatwork-role"])


def _section(method: str, path: str, operation: dict[str, Any]) -> str:
    parts = [f"### `{method} {path}`", f"{operation['summary']}.", operation.get("description", "")]
    parameters = [
        (
            code(parameter["name"]),
            parameter["in"],
            "required" if parameter.get("required") else _default(parameter["schema"]),
            parameter.get("description", ""),
        )
        for parameter in operation.get("parameters", ())
    ]
    parts.append(table(("Parameter", "In", "Default", ""), parameters))
    if body := operation.get("requestBody"):
        needed = "" if body["required"] else ", optional"
        parts.append(f"Body: {_model(body)}{needed}.")
    parts.append("Answers: " + "; ".join(_answers(operation)) + ".")
    return "\n\n".join(part for part in parts if part)


def _answers(operation: dict[str, Any]) -> Iterator[str]:
    for status, response in operation["responses"].items():
        if "$ref" in response:
            continue
        if status == "default":
            yield response["description"].rstrip(".")
        elif model := _model(response):
            yield f"{status} {model}"
        else:
            yield f"{status} {response['description'].rstrip('.')}"
    yield "else a problem"


def _model(part: dict[str, Any]) -> str:
    """The name of the JSON document in a body; empty when it is none."""
    schema = part.get("content", {}).get("application/json", {}).get("schema", {})
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name.startswith(_PAGE):
        return f"a page of {_linked(name.removeprefix(_PAGE).rstrip('_'))}"
    return _linked(name) if name else ""


def _linked(name: str) -> str:
    """A link to the schema of a document, if it has a page of its own."""
    files = {model.__name__: file for file, model in MODELS.items()}
    return f"[`{name}`](schemas/{files[name]}.json)" if name in files else code(name)


def _default(schema: dict[str, Any]) -> str:
    return code(str(schema["default"])) if schema.get("default") not in {None, ""} else ""


def _anchor(method: str, path: str) -> str:
    """The anchor that a Markdown renderer gives the heading of an operation."""
    kept = (letter for letter in f"{method} {path}".lower() if letter.isalnum() or letter in " -_")
    return "".join(kept).replace(" ", "-")


_INTRODUCTION = """\
Served by every manager; the [OpenAPI document](openapi.json) is at `/openapi.json`, and this page is written from it.

- **Token.** `Authorization: Bearer <token>` with an access token, an API key or the installation's own token, for
  everything that does not say "no token" below.
- **Roles** are `viewer`, `editor` and `admin`, each including those before it, per namespace. In a namespace in which
  you have none, everything is [`namespace.not_found`](errors/namespace.not_found.md); too small a role is
  [`auth.forbidden`](errors/auth.forbidden.md).
- **Namespace.** The header `X-Gnatwork-Namespace`, `default` unless given.
- **Bodies** are UTF-8 JSON of up to 32 MB (`--max-body`); above that it is
  [`request.too_large`](errors/request.too_large.md).
- **Errors** are problem documents (RFC 9457, `application/problem+json`) with a `code` that has
  [a page](errors/README.md); `errors` lists the places of all mistakes as JSON Pointers into what was sent.
- **Lists** come in pages, `{"items": […], "next_cursor": …}`; pass `next_cursor` as `cursor` to get the next one.
- **Times** are Unix seconds.
- **Conditions.** Answers about a stored workflow carry an `ETag`, its `revision` in quotes. What changes one takes
  `If-Match` with it, or `*`, and `If-None-Match: *`; unless that holds nothing is done, and the answer is
  [`workflow.changed`](errors/workflow.changed.md), 412.
- **Idempotency.** What begins a run, and a signal, can carry an `Idempotency-Key` and then be repeated for a day: the
  same key and request give the same run, or say the signal once. A run that has been deleted since does not begin
  again: its `status` then is `gone`. Another request under the key is
  [`idempotency.conflict`](errors/idempotency.conflict.md)."""

_OVER_NATS = """\
Managers answer the same over NATS request/reply, all of them as one queue group. A request's body is a JSON object
with what over HTTP stands in path, query, headers and body together: `submit` takes `workflow`, `input`, `labels`,
`at`, `wait` and `idempotency_key`, the verbs of a run take `run_id`, `run.signal` also `name` and `data`, those of a
stored workflow `name`, those of a version `version` as well, lists their filters, `limit` and `cursor`. What takes a
definition has it under `definition`; conditions are `if_match` and `if_none_match`. The reply is the same document with
`"v": 1`; an error is `{"v": 1, "problem": {…}}` with the headers `Nats-Service-Error` (the code) and
`Nats-Service-Error-Code` (the status).

`submit`, `workflow.start`, `run.rerun` and `run.retry` with `wait` reply `{run_id, reply: {status, headers, body}}` if
a `response` block answered, `{run_id, run}` if the run ended without one, and `{run_id, status}` if neither came in
time."""
