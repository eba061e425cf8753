"""The dialect of typed steps: ordered by position, with conditionals, loops, handlers of errors and fallbacks.

`{name, description?, steps: [{id, type, position, name?, config}], retryMaxAttempts, retryBackoffMs,
rateLimitMaxConcurrent, rateLimitPerMinute}`. Templates begin with the id of a step, the item of a loop or else a part
of the input; JavaScript has `input` and `context.<id>`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gnatwork_engine.compiler.dialects.fields import Fields
from gnatwork_engine.compiler.dialects.fixed_retry import fixed_retry
from gnatwork_engine.compiler.dialects.placed import Placed, made, sent
from gnatwork_engine.compiler.dialects.typed_flow import Flow
from gnatwork_engine.compiler.dialects.typed_names import Shape, TypedNames
from gnatwork_engine.compiler.dialects.typed_reading import (
    CONDITIONAL,
    CUSTOM_CODE,
    ERROR_HANDLER,
    FALLBACK,
    HTTP_REQUEST,
    STEP_KEYS,
    Scope,
    Step,
    read_scope,
)
from gnatwork_engine.compiler.dialects.workflow import head
from gnatwork_engine.compiler.faults import Faults

_RETRY = ("retryMaxAttempts", "retryBackoffMs")
_LIMITS = ("rateLimitMaxConcurrent", "rateLimitPerMinute")
#: Keys, of the definition and of its steps, and types that no other language has; ordered steps share a type.
MARKS = frozenset({*_RETRY, *_LIMITS})
STEP_MARKS = frozenset({"position", "trueSteps", "falseSteps"})
TYPE_MARKS = frozenset({CONDITIONAL, ERROR_HANDLER, FALLBACK, CUSTOM_CODE, HTTP_REQUEST})


def translate(document: Mapping[str, Any], faults: Faults) -> dict[str, Any]:
    """The native definition, each part with its place. Raises DefinitionError where the steps don't fit together."""
    fields = Fields(document, (), faults, "a definition with typed steps")
    scope = read_scope(fields.objects("steps"), fields.at("steps"), faults, outermost=True)
    faults.stop_if_any()
    fields.only("name", "description", "steps", *_RETRY, *_LIMITS)
    native = {**head(fields), **_limits(fields)}
    elsewhere = dict.fromkeys(_ids(scope), Shape())
    flow = Flow(scope, TypedNames(shapes=elsewhere), faults)
    native["blocks"] = made(flow.blocks, fields.at("steps"))
    if scope.handlers:
        native["on_failure"] = made(_handlers(scope, flow.names, faults), fields.at("steps"))
    return native


def _limits(fields: Fields) -> dict[str, Any]:
    native: dict[str, Any] = {}
    if any(key in fields for key in _RETRY):
        native["retry"] = fixed_retry(fields, *_RETRY, fields.path)
    concurrent, per_minute = _LIMITS
    if concurrent in fields:
        at = fields.at(concurrent)
        native["concurrency"] = made({"max": sent(fields.get(concurrent), at)}, at)
    if per_minute in fields:
        at = fields.at(per_minute)
        native["rate_limit"] = made({"max": sent(fields.get(per_minute), at), "per": "1m"}, at)
    return native


def _handlers(scope: Scope, names: TypedNames, faults: Faults) -> list[Placed]:
    """Each handler as a group that knows the error, one after the other."""
    found: list[Placed] = []
    before: Step | None = None
    for step in scope.handlers:
        step.fields.only(*STEP_KEYS)
        step.config.only("steps")
        inner = Flow(step.body or Scope(), replace(names, error=True), faults)
        group: dict[str, Any] = {
            "id": sent(step.id, step.fields.at("id")),
            "type": made("group", step.fields.at("type")),
            "blocks": made(inner.blocks, step.config.at("steps")),
        }
        if "name" in step.fields:
            group["name"] = sent(step.fields.get("name"), step.fields.at("name"))
        if before:
            group |= {"needs": [before.id], "join": "always"}
        found.append(made(group, step.path))
        before = step
    return found


def _ids(scope: Scope) -> list[str]:
    """The ids of all steps, however deep."""
    found: list[str] = []
    pending = [scope]
    while pending:
        known = pending.pop().known
        found += known
        pending += [step.body for step in known.values() if step.body]
    return found
