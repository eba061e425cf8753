"""`gnatwork run …`: start, list, watch and cancel runs."""

import asyncio
from typing import Annotated

import typer

from gnatwork import Client, RunHandle
from gnatwork_cli.messages import fail, hint, say
from gnatwork_cli.output import Format, OutputOption, lasted, moment, print_data, print_fields, print_rows
from gnatwork_cli.progress import note, took
from gnatwork_cli.run_input import parse_labels, read_definition, read_input
from gnatwork_cli.run_watch import watch_run
from gnatwork_cli.target import client_command
from gnatwork_schemas.status import Run, RunStatus

app = typer.Typer(
    rich_markup_mode=None, add_completion=False, help="Start, list, watch and cancel runs.", no_args_is_help=True
)

RunId = Annotated[str, typer.Argument(help="The id of the run.", metavar="RUN")]


@client_command(app)
async def start(
    client: Client,
    workflow: Annotated[str, typer.Argument(help="A file with a definition, `-` for standard input.", metavar="FILE")],
    *,
    input: Annotated[str | None, typer.Option(help="The input: JSON, or @FILE, or @- for standard input.")] = None,
    label: Annotated[list[str] | None, typer.Option("--label", "-l", metavar="NAME=VALUE", help="Repeatable.")] = None,
    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Watch it until it has ended; exit 0 if it completed.")
    ] = False,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Starting again with the same key starts no second run.")
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Start a run of a definition."""
    run = await client.start(
        read_definition(workflow),
        input=read_input(input),
        labels=parse_labels(label or ()),
        idempotency_key=idempotency_key,
    )
    if wait:
        await _watch(run, output)
    elif output is Format.TABLE:
        say(f"Started run {run.run_id}; next: gnatwork run watch {run.run_id}")
    else:
        print_data({"run_id": run.run_id}, output)


@client_command(app, "list")
async def list_(
    client: Client,
    *,
    workflow: Annotated[str | None, typer.Option(help="Only runs of this workflow.")] = None,
    status: Annotated[list[RunStatus] | None, typer.Option(help="Only runs in this state; repeatable.")] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", "-l", metavar="NAME[=VALUE]", help="Only runs with it; repeatable.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 20,
    output: OutputOption = Format.TABLE,
) -> None:
    """List runs, the newest first."""
    page = await client.runs(workflow=workflow, status=status or (), label=label or (), limit=limit)
    if output is not Format.TABLE:
        print_data([run.model_dump(mode="json", exclude={"v"}) for run in page.items], output)
        return
    rows = [
        {
            "run": run.run_id,
            "workflow": run.workflow,
            "status": run.status.value,
            "created": moment(run.created_at),
            "took": lasted(run.created_at, run.ended_at),
            "error": run.error.code if run.error else "",
        }
        for run in page.items
    ]
    print_rows(rows, ("run", "workflow", "status", "created", "took", "error"), empty="There are no such runs.")
    if page.next_cursor:
        hint("There are more: --limit shows up to 500, and the filters fewer.")


@client_command(app)
async def show(client: Client, run_id: RunId, output: OutputOption = Format.TABLE) -> None:
    """Show a run and its tasks."""
    run = client.run(run_id)
    document = await run.get()
    if output is not Format.TABLE:
        print_data(document.model_dump(mode="json", exclude={"v"}), output)
        return
    _print_run(document)
    say()
    await _print_tasks(client, run_id)


@client_command(app)
async def tasks(client: Client, run_id: RunId, output: OutputOption = Format.TABLE) -> None:
    """Show the tasks of a run."""
    if output is not Format.TABLE:
        found = await client.run(run_id).tasks()
        print_data([task.model_dump(mode="json", exclude={"v"}) for task in found], output)
        return
    await _print_tasks(client, run_id)


@client_command(app)
async def history(client: Client, run_id: RunId, output: OutputOption = Format.TABLE) -> None:
    """Show the stored events of a run."""
    events = [event.model_dump(mode="json") for event in await client.run(run_id).history()]
    if output is not Format.TABLE:
        print_data(events, output)
        return
    rows = [{**event, "at": moment(event["at"])} for event in events]
    print_rows(rows, ("sequence", "at", "event", "body"), empty="There are no events.")


@client_command(app)
async def watch(client: Client, run_id: RunId, output: OutputOption = Format.TABLE) -> None:
    """Watch a run until it has ended; exit 0 if it completed."""
    await _watch(client.run(run_id), output)


@client_command(app)
async def cancel(
    client: Client, run_id: RunId, reason: Annotated[str, typer.Option(help="Is kept with the run.")] = ""
) -> None:
    """Ask for a run to be stopped."""
    await client.run(run_id).cancel(reason)
    say(f"Asked run {run_id} to stop; next: gnatwork run watch {run_id}")


async def _watch(handle: RunHandle, output: Format) -> None:
    """Watch a run, print it, and end with its verdict; who stops watching is told that the run goes on."""
    try:
        run = await watch_run(handle, quiet=output is not Format.TABLE)
    except asyncio.CancelledError:
        again = f"gnatwork run watch {handle.run_id}"
        hint(f"The run goes on; next: {again}\n                or: gnatwork run cancel {handle.run_id}")
        raise
    if output is Format.TABLE:
        _print_run(run)
    else:
        print_data(run.model_dump(mode="json", exclude={"v"}), output)
    if run.status is not RunStatus.COMPLETED or run.error is not None:
        fail(f"run {run.run_id} {run.status.value.replace('_', ' ')}; see `gnatwork run tasks {run.run_id}`")


def _print_run(run: Run) -> None:
    print_fields(
        {
            "run": run.run_id,
            "workflow": run.workflow,
            "status": run.status.value,
            "created": moment(run.created_at),
            "took": lasted(run.created_at, run.ended_at) or None,
            "labels": run.labels or None,
            "error": f"{run.error.code}: {run.error.message}" if run.error else None,
            "input": run.input,
            "output": run.output,
        }
    )


async def _print_tasks(client: Client, run_id: str) -> None:
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
