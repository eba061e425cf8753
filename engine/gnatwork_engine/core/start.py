"""Start: a run is here."""

from collections.abc import Mapping
from typing import Any

from gnatwork_engine.core.event import Event, RunAddress
from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.scope import run_scope
from gnatwork_engine.core.state import Frame, RunState, TaskState
from gnatwork_schemas.messages import Start


def new_run(plan: Plan, event: Event, start: Start, reuse: Mapping[str, int]) -> RunState:
    """The state of a run of which only the start is known."""
    outputs: dict[str, Any] = {}
    body = plan.root
    tasks = {name: TaskState(open=len(body.blocks[name].block.needs)) for name in body.members}
    root = Frame("", body, run_scope(start, event.at, outputs), outputs, tasks, len(tasks))
    return RunState(
        base=event.base,
        address=RunAddress.of(event.base),
        start=start,
        start_sequence=event.sequence,
        created_at=event.at,
        sequence=event.sequence,
        root=root,
        reuse=dict(reuse),
        frames={"": root},
        traceparent=event.traceparent,
    )
