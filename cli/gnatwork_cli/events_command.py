"""`gnatwork events`: what happens, in all runs or in those of one workflow, as it happens."""

from contextlib import aclosing
from typing import Annotated

import typer

from gnatwork import Client, EventKind
from gnatwork_cli.output import Format, OutputOption
from gnatwork_cli.run_log import print_event, while_read
from gnatwork_cli.suggestions import workflow_names
from gnatwork_cli.target import client_command

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@client_command(app)
async def events(
    client: Client,
    *,
    workflow: Annotated[
        str | None, typer.Option(help="Only of runs of this workflow.", autocompletion=workflow_names)
    ] = None,
    event: Annotated[list[EventKind] | None, typer.Option(help="Only of this kind; repeatable.")] = None,
    live: Annotated[bool, typer.Option(help="With what running tasks tell.")] = True,
    replay: Annotated[bool, typer.Option(help="Begin with what is stored of runs that are not archived.")] = False,
    after: Annotated[int | None, typer.Option(min=0, help="Begin after the event with this sequence.")] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Follow what happens in all runs, until Ctrl-C; with -o json, one document to a line."""
    followed = client.events(workflow, kinds=event or (), live=live, replay=replay, after=after)
    with while_read():
        async with aclosing(followed) as happening:
            async for one in happening:
                print_event(one, output)
