"""Views: a run and its tasks as people and programs ask for them."""

from gnatwork_engine.core.plan import Plan
from gnatwork_engine.core.scope import block_scope
from gnatwork_engine.core.state import RunState
from gnatwork_engine.render import Rendered
from gnatwork_schemas import codes
from gnatwork_schemas.error import ErrorInfo
from gnatwork_schemas.errors import TemplateError
from gnatwork_schemas.messages import Cancelled, Failed, TimedOut
from gnatwork_schemas.status import RunSummary, Task, TaskStatus


def run_summary(state: RunState) -> RunSummary:
    """The run without its values: the status document."""
    start, address = state.start, state.address
    return RunSummary(
        run_id=address.run_id,
        namespace=address.namespace,
        workflow=address.workflow,
        version=start.version,
        status=state.status,
        error=run_error(state),
        labels=start.labels,
        trigger=start.trigger,
        parent=start.parent,
        retry_of=start.retry_of,
        created_at=state.created_at,
        started_at=state.created_at,
        ended_at=state.ended_at,
        blocks={name: {task.status.value: 1} for name, task in state.tasks.items()},
        sequence=state.sequence,
    )


def run_error(state: RunState) -> ErrorInfo | None:
    """Why the run did not complete."""
    match state.end:
        case Failed() as end:
            return end.error
        case Cancelled() as end:
            return _plain(codes.CODES["run.cancelled"], end.reason)
        case TimedOut() as end:
            return _plain(codes.CODES["run.timeout"], f"{end.timeout:g} s")
    return None


def task_views(plan: Plan, state: RunState) -> list[Task]:
    """All tasks in the order of the definition; inputs and outputs only as far as the plan keeps outputs."""
    return [task_view(plan, state, name) for name in plan.blocks]


def task_view(plan: Plan, state: RunState, name: str) -> Task:
    """One task; KeyError when the run has none of this name."""
    planned, task = plan.blocks[name], state.tasks[name]
    rendered = task_input(plan, state, name)
    return Task(
        task=name,
        block=name,
        type=planned.block.type,
        status=task.status,
        attempts=task.attempt,
        input=rendered.config if rendered else None,
        output=state.outputs.get(name),
        error=task.error,
        queued_at=task.queued_at,
        started_at=task.started_at,
        ended_at=task.ended_at if task.status.ended else None,
        executor=task.executor,
    )


def task_input(plan: Plan, state: RunState, name: str) -> Rendered | None:
    """The config as it was rendered for the task, or None before and where it could not be."""
    planned, task = plan.blocks[name], state.tasks[name]
    if task.status in {TaskStatus.PENDING, TaskStatus.SKIPPED} or not task.attempt:
        return None
    try:
        return planned.renderer.render(block_scope(state, planned))
    except TemplateError:
        return None


def _plain(code: codes.ErrorCode, detail: str) -> ErrorInfo:
    return ErrorInfo(code=code.code, message=f"{code.meaning} ({detail})" if detail else code.meaning)
