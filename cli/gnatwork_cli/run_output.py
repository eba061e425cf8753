"""How commands show runs, and watch them to their end."""

import asyncio
import time
from datetime import datetime

from gnatwork import Client, RunHandle
from gnatwork_cli.messages import fail, hint, say
from gnatwork_cli.output import Format, lasted, moment, print_data, print_fields, print_rows
from gnatwork_cli.progress import awaited, note, reason, tally, took, undoing
from gnatwork_cli.run_watch import watch_run
from gnatwork_schemas.status import Run, RunStatus

#: Of a run with more tasks than these a summary tells the numbers, block by block.
_MOST_TASKS = 50


async def show_begun(run: RunHandle, output: Format, *, wait: bool, at: datetime | None = None) -> None:
    """Say that a run was started, or when it is to begin; or watch it until it has ended."""
    if wait:
        await watch(run, output)
    elif output is Format.TABLE:
        later = at.timestamp() if at and at.timestamp() > time.time() else None
        begun = f"Stored run {run.run_id}; it begins at {moment(later)}" if later else f"Started run {run.run_id}"
        say(f"{begun}; next: gnatwork run watch {run.run_id}")
    else:
        print_data({"run_id": run.run_id}, output)


async def watch(handle: RunHandle, output: Format) -> None:
    """Watch a run, print it, and end with its verdict; who stops watching is told that the run goes on."""
    try:
        run = await watch_run(handle, quiet=output is not Format.TABLE)
    except asyncio.CancelledError:
        again = f"gnatwork run watch {handle.run_id}"
        hint(f"The run goes on; next: {again}\n                or: gnatwork run cancel {handle.run_id}")
        raise
    if output is Format.TABLE:
        print_run(run)
    else:
        print_data(run.model_dump(mode="json", exclude={"v"}), output)
    if run.status is not RunStatus.COMPLETED or run.error is not None:
        go_on = "" if run.status is RunStatus.COMPLETED else f"; once it is mended: `gnatwork run retry {run.run_id}`"
        how = run.status.value.replace("_", " ")
        fail(f"run {run.run_id} {how}; see `gnatwork run tasks {run.run_id}`{go_on}")


def print_run(run: Run) -> None:
    """A run, a line per field."""
    print_fields(
        {
            "run": run.run_id,
            "workflow": run.workflow if run.version is None else f"{run.workflow}, version {run.version}",
            "status": run.status.value,
            "created": moment(run.created_at),
            "took": lasted(run.created_at, run.ended_at) or None,
            "labels": run.labels or None,
            "trigger": f"{run.trigger.id} ({run.trigger.type})" if run.trigger.id else None,
            "parent": run.parent,
            "retry_of": run.retry_of,
            "waits_for": awaited(run.waiting_for) if run.waiting_for else None,
            "error": reason(run.error) if run.error else None,
            "undone": undoing(run.undone) if run.undone else None,
            "input": run.input,
            "output": run.output,
        }
    )


async def print_summary(client: Client, run: Run) -> None:
    """The tasks of a run; how many each block has in which state, where there are too many to read."""
    if (await client.run(run.run_id).task_page(limit=_MOST_TASKS)).next_cursor is None:
        await print_tasks(client, run.run_id)
        return
    rows = [{"block": block, "tasks": tally(counts)} for block, counts in run.blocks.items()]
    print_rows(rows, ("block", "tasks"), empty="It has no tasks.")
    hint(f"Each of them: gnatwork run tasks {run.run_id}")


async def print_tasks(client: Client, run_id: str) -> None:
    """The tasks of a run, a row for each."""
    rows = [
        {
            "task": task.task,
            "type": task.type,
            "status": task.status.value,
            "attempts": task.attempts,
            "took": took(task),
            "error": note(task),
        }
        for task in await client.run(run_id).tasks()
    ]
    print_rows(rows, ("task", "type", "status", "attempts", "took", "error"), empty="It has no tasks.")
