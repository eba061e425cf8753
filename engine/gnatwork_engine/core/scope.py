"""What templates of a run can see."""

from dataclasses import replace
from typing import Any

from gnatwork_engine.core.plan import PlannedBlock
from gnatwork_engine.core.state import RunState
from gnatwork_engine.render import Scope
from gnatwork_schemas.messages import Start
from gnatwork_schemas.status import TaskStatus


def run_scope(start: Start, started_at: float, outputs: dict[str, Any]) -> Scope:
    """The scope of a run; `outputs` is filled as the run goes on."""
    return Scope(
        input=start.input,
        outputs=outputs,
        run={"id": start.run_id, "workflow": start.workflow, "version": start.version, "started_at": started_at},
        trigger={"type": start.trigger.type, "id": start.trigger.id},
    )


def block_scope(state: RunState, planned: PlannedBlock) -> Scope:
    """The scope of a block: the run's, and the error that it is there to handle."""
    for name in planned.handles:
        task = state.tasks[name]
        if task.status is TaskStatus.FAILED and task.error:
            return replace(state.scope, error={**task.error.model_dump(exclude_none=True), "task": name})
    return state.scope
