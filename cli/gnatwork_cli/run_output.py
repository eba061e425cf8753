"""How commands show runs, and watch them to their end."""

import asyncio

from gnatwork import Client, RunHandle
from gnatwork_cli.messages import fail, hint, say
from gnatwork_cli.output import Format, lasted, moment, print_data, print_fields, print_rows
from gnatwork_cli.progress import note, took
from gnatwork_cli.run_watch import watch_run
from gnatwork_schemas.status import Run, RunStatus


async def show_begun(run: RunHandle, output: Format, *, wait: bool) -> None:
    """Say that a run was started, or watch it until it has ended."""
    if wait:
        await watch(run, output)
    elif output is Format.TABLE:
        say(f"Started run {run.run_id}; next: gnatwork run watch {run.run_id}")
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
            "parent": run.parent,
            "retry_of": run.retry_of,
            "error": f"{run.error.code}: {run.error.message}" if run.error else None,
            "input": run.input,
            "output": run.output,
        }
    )


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
