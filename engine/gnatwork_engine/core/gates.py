"""Gates: what a run waits for before its blocks begin: its time, and room under the limits of its workflow."""

from collections.abc import Mapping
from typing import Any

from gnatwork_engine.core.folding import Fold
from gnatwork_engine.core.loops import begin_blocks
from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.state import Closing, RunState
from gnatwork_engine.paths import as_text
from gnatwork_engine.render import Renderer
from gnatwork_schemas import subjects
from gnatwork_schemas.definition import OnLimit
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import TemplateError
from gnatwork_schemas.messages import Failed, LimitGranted, LimitKind, LimitRefused
from gnatwork_schemas.template import Templated

#: The gates, in order, and the kinds of the limits behind three of them.
AT = "at"
OVERLAP = "overlap"
RATE = "rate"
CONCURRENCY = "concurrency"
KINDS: Mapping[str, LimitKind] = {OVERLAP: "overlap", RATE: "rate", CONCURRENCY: "concurrency"}
#: Who makes room where one run of a trigger is under way.
ON_OVERLAP: Mapping[str, OnLimit] = {"queue": "queue", "replace": "cancel_oldest"}
#: The timer of a run that is to begin later.
BEGIN_TIMER = "begin"
#: The timer of a run's `timeout`.
RUN_TIMEOUT = "timeout"


def arrive(fold: Fold) -> None:
    """A run is here: it begins, or waits at its first gate."""
    state, control_block = fold.state, fold.plan.control_block
    if state.start.at is not None and state.start.at > fold.event.at:
        state.gates.append(AT)
        state.timers.add(BEGIN_TIMER)
    if state.start.overlap is not None:
        _, namespace, workflow, _ = state.address
        trigger = state.start.trigger.id or ""
        state.limits[OVERLAP] = subjects.limit_key(OVERLAP, namespace, workflow, trigger)
        state.gates.append(OVERLAP)
    limits = {RATE: control_block.rate_limit, CONCURRENCY: control_block.concurrency}
    try:
        for kind, limit in limits.items():
            if limit is not None:
                state.limits[kind] = _key(kind, state, limit.key)
                state.gates.append(kind)
    except TemplateError as error:
        info = ErrorInfo(code=error.code, message=f"the key of a limit: {error}")
        state.closing = Closing(fold.event.sequence, subjects.FAILED, Failed(error=info), interrupts=False)
        return
    _next(fold)


def pass_gate(fold: Fold, gate: str) -> None:
    """What the run waited for at this gate has come."""
    state = fold.state
    if state.gates and state.gates[0] == gate and not state.closing:
        state.gates.popleft()
        _next(fold)


def granted(fold: Fold, grant: LimitGranted) -> None:
    """A limit has room for the run."""
    if fold.state.limits.get(grant.kind) == grant.key:
        pass_gate(fold, grant.kind)


def refused(fold: Fold, refusal: LimitRefused) -> None:
    """A limit has no room, and the run is not to wait."""
    state = fold.state
    if state.closing or not state.gates or state.limits.get(state.gates[0]) != refusal.key:
        return
    error = ErrorInfo(code="limit.reached", message=f"at most {refusal.max} of these runs may be under way")
    state.closing = Closing(fold.event.sequence, subjects.FAILED, Failed(error=error), interrupts=False)


def timeout_of(plan: Plan) -> float | None:
    """Seconds of the whole run."""
    return plan.control_block.timeout


def _next(fold: Fold) -> None:
    state = fold.state
    state.gate_cause = fold.event.sequence
    if state.gates:
        return
    state.started_at = fold.event.at
    if timeout_of(fold.plan) is not None:
        state.timers.add(RUN_TIMEOUT)
    begin_blocks(fold, state.root)


def _key(kind: str, state: RunState, key: Templated) -> str:
    value, deferred = Renderer(key.config, key.templates).render(state.root.scope)
    if deferred:
        raise TemplateError("it mentions a value that is too large to tell runs apart by")
    _, namespace, workflow, _ = state.address
    return subjects.limit_key(kind, namespace, workflow, _text(value))


def _text(value: Any) -> str:
    return as_text(value) if value is not None else ""
