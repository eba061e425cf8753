"""Firing a trigger: from what it has seen to a run of the published version, once for each occurrence."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from gnatwork_engine.fill import fill
from gnatwork_manager.actors import Actor, actor
from gnatwork_manager.metrics import Metrics
from gnatwork_manager.orders import Order
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.submission import StoredSubmission
from gnatwork_manager.submitter import Caller, Submitter
from gnatwork_manager.triggers.states import TriggerStates
from gnatwork_manager.triggers.table import Known
from gnatwork_schemas.errors import DefinitionError, GnatworkError
from gnatwork_schemas.messages import Fired
from gnatwork_schemas.triggers import Overlap


class FiredRun(NamedTuple):
    """The run of an occurrence."""

    run_id: str
    #: It began earlier: the same occurrence had been seen before.
    repeated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Firing:
    """Begins runs on behalf of triggers."""

    submitter: Submitter
    states: TriggerStates
    metrics: Metrics

    async def fire(
        self,
        known: Known,
        event: Any,
        details: Mapping[str, Any],
        *,
        occurrence: str | None,
        traceparent: str | None = None,
        overlap: Overlap = "allow",
    ) -> FiredRun:
        """Begin the run of an event; return once it is stored. What goes wrong is noted in the trigger's state.

        Args:
            known: the trigger.
            event: what it has seen, the root `event` of its templates.
            details: how: what templates find under `trigger` beside `type` and `id`.
            occurrence: names the event among all that this trigger sees: the same once more, within a day, begins
                nothing. None for an event that can't come twice.
            traceparent: W3C trace context to carry on.
            overlap: what becomes of the run while an earlier one of this trigger is under way.

        Raises:
            TemplateError: the trigger's `input` mentions what the event does not have.
            InputError: the workflow's schema refuses the input.
            ProblemError: there is no published version, or nothing can begin: `engine.unavailable`,
                `engine.store_full`.
        """
        with self.attempt(known):
            self.submitter.check_room()
            order = await self.order(known, event, details, overlap)
            checked = await self.submitter.accept(order, caller(known, occurrence, traceparent))
            if await self.submitter.begin(checked):
                self.began(known, checked.run.run_id)
        return FiredRun(checked.run.run_id, checked.repeated)

    async def order(self, known: Known, event: Any, details: Mapping[str, Any], overlap: Overlap = "allow") -> Order:
        """What an event asks for. Raises as `fire`."""
        trigger = known.trigger
        if known.published is None or known.control_block is None:
            raise ProblemError("workflow.not_found", f"the workflow `{known.workflow}` has no published version")
        roots = {"event": event, "trigger": {**details, "type": trigger.type, "id": trigger.id}}
        submission = StoredSubmission(name=known.workflow, input=fill(trigger.input, roots))
        order = await self.submitter.order_version(known.published, known.control_block, submission)
        fired = Fired(type=trigger.type, id=trigger.id, details=dict(details))
        # An occurrence is what its name says, however it looks the second time.
        return replace(order, trigger=fired, overlap=overlap, digest=lambda: "")

    @contextlib.contextmanager
    def attempt(self, known: Known) -> Iterator[None]:
        """Whatever is done here is done by the trigger; an error is noted in its state, and goes on."""
        token = actor.set(Actor("trigger", f"{known.workflow}/{known.trigger.id}"))
        try:
            yield
        except (ProblemError, GnatworkError) as error:
            self.failed(known, _told(error))
            raise
        finally:
            actor.reset(token)

    def began(self, known: Known, run_id: str) -> None:
        """Note in the trigger's state that a run has begun."""
        self.metrics.triggers_fired.labels(known.trigger.type).inc()
        self.states.fired(known.key, run_id, round(time.time(), 3))

    def failed(self, known: Known, message: str) -> None:
        """Note in the trigger's state what went wrong."""
        self.metrics.triggers_failed.labels(known.trigger.type).inc()
        self.states.failed(known.key, message, round(time.time(), 3))


def caller(known: Known, occurrence: str | None, traceparent: str | None = None) -> Caller:
    """Who asks for the run of an occurrence."""
    name = None if occurrence is None else f"{known.workflow}/{known.trigger.id}/{occurrence}"
    return Caller(namespace=known.namespace, idempotency_key=name, kind="occurrence", traceparent=traceparent)


def _told(error: ProblemError | GnatworkError) -> str:
    """What an error says, as the state shows it: also why, which callers from outside are not told."""
    if isinstance(error, DefinitionError) and error.faults:
        first = error.faults[0]
        return f"{error.code}: at {first.pointer or '/'}: {first.message}"
    told = str(error) if isinstance(error, ProblemError) else f"{error.code}: {error.detail}"
    return f"{told} ({error.__cause__})" if error.__cause__ else told
