"""Start: a run begins, and with it every block that needs nothing."""

from typing import Any

from gnatwork_engine.core.event import Event, RunAddress
from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.ready import queue
from gnatwork_engine.core.scope import run_scope
from gnatwork_engine.core.state import RunState, TaskState
from gnatwork_schemas.messages import Start

#: The timer of a run's `timeout`.
RUN_TIMEOUT = "timeout"


def begin(plan: Plan, event: Event, start: Start) -> RunState:
    """The state of a run of which only the start is known."""
    outputs: dict[str, Any] = {}
    state = RunState(
        base=event.base,
        address=RunAddress.of(event.base),
        start=start,
        start_sequence=event.sequence,
        created_at=event.at,
        sequence=event.sequence,
        tasks={name: TaskState(open=len(planned.block.needs)) for name, planned in plan.blocks.items()},
        unsettled=len(plan.blocks),
        scope=run_scope(start, event.at, outputs),
        outputs=outputs,
        traceparent=event.traceparent,
    )
    if plan.control_block.timeout is not None:
        state.timers.add(RUN_TIMEOUT)
    for name, planned in plan.blocks.items():
        if not planned.block.needs:
            queue(state, name, event)
    return state
