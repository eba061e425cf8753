"""`gnatwork event …`: events that start runs."""

from typing import Annotated

import typer

from gnatwork import Client
from gnatwork_cli.output import Format, OutputOption, print_data, print_rows
from gnatwork_cli.run_input import read_json
from gnatwork_cli.target import client_command

app = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=True)


@app.callback()
def event() -> None:
    """Say what has happened, for the triggers that listen."""


@client_command(app)
async def publish(
    client: Client,
    subject: Annotated[str, typer.Argument(help="What triggers listen to, e.g. `orders.created`.")],
    *,
    data: Annotated[
        str | None, typer.Option(help="What happened: JSON, or `@` and a file with it.", metavar="JSON|@FILE")
    ] = None,
    id: Annotated[
        str | None, typer.Option("--id", help="Names the event: the same once more starts nothing.", metavar="ID")
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Start a run for each event trigger that listens to a subject."""
    published = await client.publish_event(subject, read_json("--data", data), id=id)
    rows = [{"workflow": one.workflow, "trigger": one.trigger, "run_id": one.run.run_id} for one in published]
    if output is Format.TABLE:
        print_rows(rows, ("workflow", "trigger", "run_id"), empty="No trigger listens to it, or wants it.")
    else:
        print_data(rows, output)
