"""`gnatwork run …`: start, list and watch runs, and tell them what to do."""

from typing import Annotated

import typer

from gnatwork import Client
from gnatwork_cli.messages import say
from gnatwork_cli.output import Format, OutputOption
from gnatwork_cli.run_arguments import RunId
from gnatwork_cli.run_input import parse_labels, parse_moment, parse_version, read_json, read_workflow, with_entry
from gnatwork_cli.run_lists import VIEWS
from gnatwork_cli.run_output import show_begun
from gnatwork_cli.suggestions import workflow_names
from gnatwork_cli.target import client_command

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    help="Start, list and watch runs, and tell them what to do.",
    no_args_is_help=True,
)

WaitOption = Annotated[bool, typer.Option("--wait", "-w", help="Watch it until it has ended; exit 0 if it completed.")]
KeyOption = Annotated[
    str | None, typer.Option("--idempotency-key", help="Asking again with the same key does nothing a second time.")
]


@client_command(app)
async def start(
    client: Client,
    workflow: Annotated[
        str,
        typer.Argument(
            help="A file with a definition, `-` for standard input; a program, `.js` or `.py`; or the name of a stored"
            " workflow.",
            metavar="FILE|NAME",
            autocompletion=workflow_names,
        ),
    ],
    *,
    input: Annotated[str | None, typer.Option(help="The input: JSON, or @FILE, or @- for standard input.")] = None,
    label: Annotated[list[str] | None, typer.Option("--label", "-l", metavar="NAME=VALUE", help="Repeatable.")] = None,
    version: Annotated[
        int | None, typer.Option(min=1, help="Of a stored workflow; default: the published one.")
    ] = None,
    entry: Annotated[
        str | None, typer.Option(metavar="NAME", help="The function of a program to call; default: `main`.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it is to begin, such as 2026-11-20T08:00:00Z.")
    ] = None,
    wait: WaitOption = False,
    idempotency_key: KeyOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Start a run of a definition, or of a stored workflow."""
    begin = parse_moment("--at", at)
    run = await client.start(
        with_entry(read_workflow(workflow, version), entry),
        input=read_json("--input", input),
        labels=parse_labels(label or ()),
        version=version,
        at=begin,
        idempotency_key=idempotency_key,
    )
    await show_begun(run, output, wait=wait, at=begin)


for _name, _view in VIEWS.items():
    client_command(app, _name)(_view)


@client_command(app)
async def cancel(
    client: Client, run_id: RunId, reason: Annotated[str, typer.Option(help="Is kept with the run.")] = ""
) -> None:
    """Ask for a run to be stopped."""
    await client.run(run_id).cancel(reason)
    say(f"Asked run {run_id} to stop; next: gnatwork run watch {run_id}")


@client_command(app)
async def pause(
    client: Client, run_id: RunId, reason: Annotated[str, typer.Option(help="Is kept with the run.")] = ""
) -> None:
    """Ask that nothing new of a run begins; what runs is finished."""
    await client.run(run_id).pause(reason)
    say(f"Asked run {run_id} to pause; next: gnatwork run resume {run_id}")


@client_command(app)
async def resume(client: Client, run_id: RunId) -> None:
    """Ask that a paused run goes on."""
    await client.run(run_id).resume()
    say(f"Asked run {run_id} to go on; next: gnatwork run watch {run_id}")


@client_command(app)
async def signal(
    client: Client,
    run_id: RunId,
    name: Annotated[str, typer.Argument(help="What the block that waits calls the signal.")],
    *,
    data: Annotated[str | None, typer.Option(help="What it says: JSON, or @FILE, or @- for standard input.")] = None,
    idempotency_key: KeyOption = None,
) -> None:
    """Send a signal to a run; one that comes before a block waits for it is kept."""
    await client.run(run_id).signal(name, read_json("--data", data), idempotency_key=idempotency_key)
    say(f"Sent {name} to run {run_id}; next: gnatwork run watch {run_id}")


@client_command(app)
async def retry(
    client: Client,
    run_id: RunId,
    *,
    version: Annotated[
        str | None, typer.Option(metavar="N|published", help="Go on with another version of the stored workflow.")
    ] = None,
    wait: WaitOption = False,
    idempotency_key: KeyOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Start a run that goes on where one failed: tasks that completed do not run again."""
    run = await client.run(run_id).retry(version=parse_version(version), idempotency_key=idempotency_key)
    await show_begun(run, output, wait=wait)


@client_command(app)
async def rerun(
    client: Client,
    run_id: RunId,
    *,
    wait: WaitOption = False,
    idempotency_key: KeyOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Start a run anew: the same version, with the same input."""
    await show_begun(await client.run(run_id).rerun(idempotency_key=idempotency_key), output, wait=wait)


@client_command(app)
async def delete(client: Client, run_id: RunId) -> None:
    """Delete everything of a run that has ended."""
    await client.run(run_id).delete()
    say(f"Deleted run {run_id}.")
