"""`gnatwork run list|show|tasks|history|logs|watch`: what there is to see of runs."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

import typer

from gnatwork import Client, LogLevel
from gnatwork_cli.messages import hint, say
from gnatwork_cli.output import Format, OutputOption, lasted, moment, print_data, print_rows
from gnatwork_cli.run_arguments import RunId
from gnatwork_cli.run_input import parse_moment
from gnatwork_cli.run_log import print_line, while_read
from gnatwork_cli.run_output import print_run, print_summary, print_tasks
from gnatwork_cli.run_output import watch as watch_to_its_end
from gnatwork_cli.suggestions import workflow_names
from gnatwork_schemas.status import RunStatus


async def list_(
    client: Client,
    *,
    workflow: Annotated[
        str | None, typer.Option(help="Only runs of this workflow.", autocompletion=workflow_names)
    ] = None,
    status: Annotated[list[RunStatus] | None, typer.Option(help="Only runs in this state; repeatable.")] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", "-l", metavar="NAME[=VALUE]", help="Only runs with it; repeatable.")
    ] = None,
    parent: Annotated[str | None, typer.Option(metavar="RUN", help="Only runs that this one has started.")] = None,
    trigger: Annotated[
        str | None, typer.Option(metavar="TYPE|ID", help="Only runs that such a trigger, or this one, has started.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Only runs created then or later.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Only runs created earlier.")] = None,
    search: Annotated[
        str | None,
        typer.Option(
            metavar="WORDS", help="Words of the workflow's name, of labels and errors; or how a run id begins."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 20,
    output: OutputOption = Format.TABLE,
) -> None:
    """List runs, the newest first."""
    page = await client.runs(
        workflow=workflow,
        status=status or (),
        label=label or (),
        parent=parent,
        trigger=trigger,
        since=parse_moment("--since", since),
        until=parse_moment("--until", until),
        search=search,
        limit=limit,
    )
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


async def show(client: Client, run_id: RunId, output: OutputOption = Format.TABLE) -> None:
    """Show a run and its tasks; where they are many, how many each block has."""
    run = client.run(run_id)
    document = await run.get()
    if output is not Format.TABLE:
        print_data(document.model_dump(mode="json", exclude={"v"}), output)
        return
    print_run(document)
    say()
    await print_summary(client, document)


async def tasks(client: Client, run_id: RunId, output: OutputOption = Format.TABLE) -> None:
    """Show the tasks of a run, those of loops and groups by their paths."""
    if output is not Format.TABLE:
        found = await client.run(run_id).tasks()
        print_data([task.model_dump(mode="json", exclude={"v"}) for task in found], output)
        return
    await print_tasks(client, run_id)


async def history(client: Client, run_id: RunId, output: OutputOption = Format.TABLE) -> None:
    """Show the stored events of a run."""
    events = [event.model_dump(mode="json") for event in await client.run(run_id).history()]
    if output is not Format.TABLE:
        print_data(events, output)
        return
    rows = [{**event, "at": moment(event["at"])} for event in events]
    print_rows(rows, ("sequence", "at", "event", "body"), empty="There are no events.")


async def logs(
    client: Client,
    run_id: RunId,
    *,
    task: Annotated[str | None, typer.Option(help="Only lines of this task, by its path.")] = None,
    level: Annotated[LogLevel, typer.Option(help="Only lines that matter at least so much.")] = LogLevel.DEBUG,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")] = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Show what the blocks of a run have logged, the oldest first."""
    empty = True
    with while_read():
        async for line in client.run(run_id).logs(task=task, level=level, follow=follow):
            empty = False
            print_line(line, output)
    if empty:
        hint("Its blocks have logged nothing of that kind; lines are kept for a week.")


async def watch(client: Client, run_id: RunId, output: OutputOption = Format.TABLE) -> None:
    """Watch a run until it has ended; exit 0 if it completed."""
    await watch_to_its_end(client.run(run_id), output)


#: By name.
VIEWS: Mapping[str, Callable[..., Awaitable[Any]]] = {
    "list": list_,
    "show": show,
    "tasks": tasks,
    "history": history,
    "logs": logs,
    "watch": watch,
}
